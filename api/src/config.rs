//! The only reader of the environment, and of `.env` where it exists.
//!
//! [`Variables`] are the settings, each a flag and an environment variable; [`Config`] is their checked form. A setting
//! that is missing, weak or contradictory stops the start, and every such problem is reported at once with the variable's
//! name. Secrets appear neither in `--help` nor in logs.

mod check;
mod development;
mod dotenv;
mod help;
mod loopback;
mod prices;
mod setting;
mod value;
mod variables;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use secrecy::SecretString;

pub use check::check_url;
pub use development::{DEMO, Demo};
pub use dotenv::read_dotenv;
pub use help::without_values;
pub use loopback::is_loopback;
pub use prices::{PriceIds, PricesError};
pub use setting::{FromText, Problems, Setting};
pub use value::LogFormat;
pub use variables::{
    AddressVariables, CheckoutVariables, DatabaseVariables, DevelopmentVariables, LegalVariables, LogVariables,
    OriginVariables, PaymentVariables, StripeVariables, TokenVariables, Variables,
};

use crate::{
    database,
    throttle::{Proxies, Rates},
};

/// The settings of logs and traces.
#[derive(Clone, Debug)]
pub struct Log {
    /// Level, or levels by module.
    pub filter: String,
    /// Format of logs.
    pub format: LogFormat,
    /// OTLP collector that traces are exported to; `None` exports none.
    pub endpoint: Option<String>,
}

/// The checked settings.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own, which an operator switches")]
pub struct Config {
    /// The address to listen on.
    pub bind: SocketAddr,
    /// Address of the Prometheus endpoint; it may be `bind` itself. `None` serves no metrics.
    pub metrics_bind: Option<SocketAddr>,
    /// Database settings.
    pub database: database::Settings,
    /// Token settings.
    pub tokens: Tokens,
    /// Stripe settings; `None` if payments are disabled.
    pub stripe: Option<Stripe>,
    /// Bcrypt cost of hashing a password; each step doubles the work.
    pub password_cost: u32,
    /// Time between reconciliations with Stripe. `None` disables them.
    pub reconcile_interval: Option<Duration>,
    /// Time after which the payload of a processed webhook is deleted.
    pub webhook_retention: Duration,
    /// Time after which a finished request to Stripe is deleted.
    pub operation_retention: Duration,
    /// Time after which an alert is deleted.
    pub alert_retention: Duration,
    /// Time after which events for other services, and their deliveries, are deleted.
    pub event_retention: Duration,
    /// Allows event endpoints at addresses that are not public, and by http.
    pub event_targets_special: bool,
    /// Price of an export in credits.
    pub export_cost: i64,
    /// Origins that checkout may redirect to. If empty, any https origin, and http on loopback.
    pub redirect_origins: Vec<String>,
    /// Other origins whose pages may call.
    pub cors_origins: Vec<String>,
    /// Allows pages of any origin on loopback to call, such as a frontend's development server.
    pub loopback_origins: bool,
    /// Serves `/graphiql`.
    pub graphiql: bool,
    /// Allows introspection, and suggestions of names in errors.
    pub introspection: bool,
    /// File of the only documents that may run.
    pub trusted_documents: Option<PathBuf>,
    /// Proxies whose forwarding headers are trusted.
    pub proxies: Proxies,
    /// Delivery of mails.
    pub mail: Mail,
    /// Address of the pages, for links in mails.
    pub public_url: String,
    /// Links that the pages and checkouts show.
    pub legal: Legal,
    /// Limits on callers.
    pub limits: Limits,
}

/// Links that the pages and checkouts show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Legal {
    /// URL of the terms of service.
    pub terms_url: Option<String>,
    /// URL of the privacy policy.
    pub privacy_url: Option<String>,
}

/// Delivery of mails.
#[derive(Clone, Debug)]
pub enum Mail {
    /// No mail is sent.
    Disabled,
    /// To the log, in development.
    Log,
    /// By SMTP.
    Smtp {
        /// `smtps://user:password@host`.
        url: SecretString,
        /// The sender.
        from: String,
    },
}

/// Token settings.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// Secret that signs and verifies the gateway's own tokens (HS256).
    pub secret: Option<SecretString>,
    /// Public key (PEM) that verifies the tokens of another issuer. Sign-up and login are disabled then.
    pub public_key: Option<String>,
    /// URL of the other issuer's keys (a JWKS), beside or instead of `public_key`.
    pub jwks_url: Option<String>,
    /// Required `iss` of the other issuer's tokens.
    pub issuer: Option<String>,
    /// Required `aud` of tokens that have one.
    pub audience: String,
    /// Accepts the other issuer's `role` claim.
    pub trust_roles: bool,
    /// Lifetime of the tokens issued at login.
    pub ttl: Duration,
    /// Secret that signs export tickets; derived from `secret` if `None`.
    pub ticket_secret: Option<SecretString>,
    /// Lifetime of export tickets.
    pub ticket_ttl: Duration,
}

/// The settings of calls to Stripe.
#[derive(Clone, Debug)]
pub struct Calls {
    /// Secret key (`sk_...`) or restricted key (`rk_...`).
    pub secret_key: SecretString,
    /// Base URL of Stripe's API.
    pub api_base: String,
    /// Time limit of one attempt.
    pub timeout: Duration,
    /// Maximum number of attempts.
    pub attempts: u32,
    /// Maximum number of calls per second while background work runs. Stripe allows 100, and 25 in test mode.
    pub per_second: u32,
}

/// Stripe settings.
#[derive(Clone, Debug)]
pub struct Stripe {
    /// Settings of calls.
    pub calls: Calls,
    /// Publishable key (`pk_...`), which clients receive.
    pub publishable_key: Option<String>,
    /// Signing secrets of the webhook endpoint (`whsec_...`), at least one.
    pub webhook_secrets: Vec<SecretString>,
    /// Price ids of the tiers.
    pub prices: PriceIds,
    /// Configuration of the customer portal (`bpc_...`); if `None`, the gateway finds or creates one.
    pub portal_configuration: Option<String>,
    /// Options of checkouts.
    pub checkout: CheckoutOptions,
}

/// Options of checkouts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckoutOptions {
    /// Computes taxes with Stripe Tax.
    pub tax: bool,
    /// Accepts promotion codes for plans.
    pub promotion_codes: bool,
}

/// The settings of `patch-hive dev`.
#[derive(Clone, Debug)]
pub struct Development {
    /// Other origins whose pages may call.
    pub cors_origins: Vec<String>,
    /// Options of checkouts.
    pub checkout: CheckoutOptions,
    /// Links that the pages and checkouts show.
    pub legal: Legal,
}

/// Limits on callers, each with its variable.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Maximum size of a GraphQL request or websocket message in bytes.
    pub body_bytes: usize,
    /// Maximum size of a webhook in bytes.
    pub webhook_bytes: usize,
    /// Limits of GraphQL documents.
    pub document: DocumentLimits,
    /// Maximum number of persisted documents; 0 disables them.
    pub persisted_documents: usize,
    /// Maximum total size of persisted documents in bytes.
    pub persisted_bytes: usize,
    /// Rate limits; `None` disables them.
    pub rates: Option<Rates>,
    /// Time limit of a query or mutation.
    pub operation: Duration,
    /// Maximum number of open connections.
    pub connections: usize,
    /// Maximum number of open connections per address, except for trusted proxies. `None` means half of `connections`.
    pub address_connections: Option<usize>,
    /// Time that a connection may take to send the whole header of its next request.
    pub header: Duration,
    /// Maximum number of concurrent operations per websocket.
    pub socket_operations: usize,
    /// Maximum number of open websockets per user.
    pub user_sockets: usize,
    /// Maximum number of open websockets per address.
    pub address_sockets: usize,
    /// Maximum number of open subscriptions per user, over websockets and event streams.
    pub user_subscriptions: usize,
    /// Interval at which idle websockets are pinged and idle event streams receive a comment.
    pub keep_alive: Duration,
    /// Time that open requests and websockets have to finish after a stop signal.
    pub drain: Duration,
}

/// Limits of GraphQL documents.
#[derive(Clone, Debug)]
pub struct DocumentLimits {
    /// Maximum size in bytes.
    pub bytes: usize,
    /// Maximum number of tokens.
    pub tokens: usize,
    /// Maximum depth: of nested brackets, and of nested fields with fragments expanded.
    pub depth: usize,
    /// Maximum number of aliases, with fragments expanded.
    pub aliases: usize,
    /// Maximum number of directives, with fragments expanded.
    pub directives: usize,
    /// Maximum number of root fields in a query.
    pub root_fields: usize,
    /// Maximum number of root fields in a mutation.
    pub mutations: usize,
    /// Maximum complexity: fields, arguments and values with fragments expanded, and fields with lists multiplied by
    /// their page size.
    pub complexity: usize,
    /// Maximum page size.
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
