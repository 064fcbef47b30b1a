//! The only reader of the environment, and of `.env` where there is one.
//!
//! [`Variables`] are what can be set, each as a flag or as a variable; [`Config`] is what became of them once they were
//! checked. Whatever is missing, weak or contradictory stops the start with one sentence that says what to set. Secrets
//! show neither in `--help` nor in logs.

mod check;
mod development;
mod loopback;
mod prices;
mod secret;
mod variables;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

pub use check::check_url;
pub use development::{DEMO, Demo};
pub use loopback::is_loopback;
pub use prices::Prices;
pub use secret::Secret;
pub use variables::{
    DatabaseVariables, DocumentVariables, LogFormat, StripeVariables, TokenVariables, Variables, read_dotenv, span,
};

use crate::{
    database,
    throttle::{Proxies, Rates},
};

/// Everything that was configured, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address to listen on.
    pub bind: SocketAddr,
    /// The address where Prometheus may read the numbers; it may be `bind` itself. `None`: nowhere.
    pub metrics_bind: Option<SocketAddr>,
    /// Where the rows are.
    pub database: database::Settings,
    /// Who may make tokens.
    pub tokens: Tokens,
    /// Stripe; `None` when payments are switched off.
    pub stripe: Option<Stripe>,
    /// The cost of hashing a password: each step doubles the work.
    pub password_cost: u32,
    /// How often what Stripe has is compared with what is here. `None`: never.
    pub reconcile_interval: Option<Duration>,
    /// How long the payload of a settled webhook is kept.
    pub webhook_retention: Duration,
    /// How long a finished request to Stripe is kept.
    pub operation_retention: Duration,
    /// What an export costs, in credits.
    pub export_cost: i64,
    /// Origins that checkout may lead back to. Empty: any https, and http on loopback.
    pub redirect_origins: Vec<String>,
    /// Origins whose pages may call. Empty: none but the gateway's own.
    pub cors_origins: Vec<String>,
    /// Whether `/graphiql` is there.
    pub graphiql: bool,
    /// Whether the schema may be asked for, and errors suggest names from it.
    pub introspection: bool,
    /// A file of the only documents that may run.
    pub trusted_documents: Option<PathBuf>,
    /// Proxies that are believed when they say for whom they ask.
    pub proxies: Proxies,
    /// What keeps one caller from taking all.
    pub limits: Limits,
}

/// Who may make tokens, and how long they last.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// Signs and checks our own tokens (HS256).
    pub secret: Option<Secret>,
    /// Checks the tokens of another issuer: PEM. Sign-up and log-in are off then.
    pub public_key: Option<String>,
    /// The `iss` that the other issuer's tokens must carry.
    pub issuer: Option<String>,
    /// The `aud` that tokens must carry where they carry one.
    pub audience: String,
    /// Whether the other issuer's `role` claim counts.
    pub trust_roles: bool,
    /// How long a log-in lasts.
    pub ttl: Duration,
    /// Signs export tickets. Derived from `secret` when it is not set.
    pub ticket_secret: Option<Secret>,
    /// How long an export ticket lasts.
    pub ticket_ttl: Duration,
}

/// How Stripe is called.
#[derive(Clone, Debug)]
pub struct Calls {
    /// `sk_...` or `rk_...`.
    pub secret_key: Secret,
    /// Where Stripe's API is.
    pub api_base: String,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// How often a call is attempted.
    pub attempts: u32,
}

/// How Stripe is reached, and what is sold there.
#[derive(Clone, Debug)]
pub struct Stripe {
    /// How it is called.
    pub calls: Calls,
    /// `pk_...`, for clients.
    pub publishable_key: Option<String>,
    /// `whsec_...`, one or more.
    pub webhook_secrets: Vec<Secret>,
    /// Which price is which tier.
    pub prices: Prices,
    /// `bpc_...`: what the customer portal offers. The gateway finds or makes its own when it is not set.
    pub portal_configuration: Option<String>,
}

/// What keeps one caller from taking all. Each has its variable.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of a GraphQL request, and of a websocket message.
    pub body_bytes: usize,
    /// Bytes of a webhook.
    pub webhook_bytes: usize,
    /// What a GraphQL document may come to.
    pub document: DocumentLimits,
    /// Documents that clients may ask for by their hash, once they were sent. 0: none.
    pub persisted_documents: usize,
    /// Bytes of them.
    pub persisted_bytes: usize,
    /// How often one caller may ask; `None`: as often as they like.
    pub rates: Option<Rates>,
    /// How long a query or a mutation may take.
    pub operation: Duration,
    /// Connections that may be open.
    pub connections: usize,
    /// Connections that one address may have open, trusted proxies excepted. `None`: half of `connections`.
    pub address_connections: Option<usize>,
    /// How long a connection may be without the whole header of a request, the first or the next.
    pub header: Duration,
    /// Operations that may run at once on one socket.
    pub socket_operations: usize,
    /// Sockets of one user.
    pub user_sockets: usize,
    /// Sockets from one address.
    pub address_sockets: usize,
    /// Subscriptions of one user, over sockets and as event streams.
    pub user_subscriptions: usize,
    /// How often a silent websocket or event stream is kept open.
    pub keep_alive: Duration,
    /// How long open requests and sockets have once a stop is asked for.
    pub drain: Duration,
}

/// What a GraphQL document may come to.
#[derive(Clone, Debug)]
pub struct DocumentLimits {
    /// Bytes of its text.
    pub bytes: usize,
    /// Tokens of its text.
    pub tokens: usize,
    /// Levels: of brackets as it is written, and of fields with every fragment in its place.
    pub depth: usize,
    /// Aliases, with every fragment in its place.
    pub aliases: usize,
    /// Directives, with every fragment in its place.
    pub directives: usize,
    /// Fields that a query begins with.
    pub root_fields: usize,
    /// Fields that a mutation begins with.
    pub mutations: usize,
    /// Fields, arguments and values with every fragment in its place; and fields with lists counted by their page.
    pub complexity: usize,
    /// Rows of a page.
    pub page: u64,
}

impl Default for DocumentLimits {
    fn default() -> Self {
        Self {
            bytes: 65_536,
            tokens: 2000,
            depth: 20,
            aliases: 50,
            directives: 50,
            root_fields: 20,
            mutations: 1,
            complexity: 5000,
            page: 100,
        }
    }
}
