//! What can be set.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Args, ValueEnum, builder::BoolishValueParser};

use super::Secret;
use crate::throttle::Rate;

/// Reads `.env` from the working folder, where there is one. What the environment says already stands. To be called before
/// the first thread starts.
///
/// # Errors
/// A sentence that names the first line which cannot be read: what stands behind it would be lost without a word. It never
/// shows the line, which may hold a secret.
pub fn read_dotenv() -> Result<(), String> {
    match dotenvy::from_path(DOTENV) {
        Err(dotenvy::Error::LineParse(odd, _)) => {
            let text = std::fs::read_to_string(DOTENV).unwrap_or_default();
            let number = text.lines().position(|line| line.trim() == odd.trim()).map_or(0, |index| index + 1);
            Err(format!("mend line {number} of {DOTENV}: it is no NAME=value, or has a quote that does not end"))
        }
        Err(dotenvy::Error::Io(error)) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("{DOTENV} cannot be read: {error}"))
        }
        _ => Ok(()),
    }
}

/// The file, in the working folder only.
const DOTENV: &str = ".env";

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A line of JSON an event.
    Json,
    /// For people.
    Pretty,
}

/// Where the rows are. Not for logs: the URL may hold a password.
#[derive(Args, Clone)]
pub struct DatabaseVariables {
    /// `postgres://user:password@host/name`, or `sqlite:path/to/file.db`
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Connections to the database that may be open at once
    #[arg(long, env = "DATABASE_MAX_CONNECTIONS", hide_env_values = true, default_value = "10")]
    pub database_max_connections: u32,
    /// How long a request waits for one of them: a number and s, m, h or d
    #[arg(long, env = "DATABASE_ACQUIRE_TIMEOUT", hide_env_values = true, default_value = "5s", value_parser = span)]
    pub database_acquire_timeout: Duration,
    /// How long PostgreSQL may work on a statement: a number and s, m, h or d; migrations and `verify` take longer
    #[arg(long, env = "DATABASE_STATEMENT_TIMEOUT", hide_env_values = true, default_value = "15s", value_parser = span)]
    pub database_statement_timeout: Duration,
    /// How long a statement may wait for a lock in PostgreSQL: a number and s, m, h or d
    #[arg(long, env = "DATABASE_LOCK_TIMEOUT", hide_env_values = true, default_value = "5s", value_parser = span)]
    pub database_lock_timeout: Duration,
}

/// Who may make tokens.
#[derive(Args, Clone, Debug)]
pub struct TokenVariables {
    /// Signs the gateway's own tokens (HS256): 32 bytes or more, from a random source
    #[arg(long, env = "JWT_SECRET", hide_env_values = true)]
    pub jwt_secret: Option<Secret>,
    /// Public key (PEM) of another issuer whose tokens are accepted; sign-up and log-in are off then
    #[arg(long, env = "JWT_PUBLIC_KEY", hide_env_values = true)]
    pub jwt_public_key: Option<String>,
    /// The `iss` that the other issuer's tokens must carry
    #[arg(long, env = "JWT_ISSUER", hide_env_values = true)]
    pub jwt_issuer: Option<String>,
    /// The `aud` that tokens must carry where they carry one
    #[arg(long, env = "JWT_AUDIENCE", hide_env_values = true, default_value = "patch-hive")]
    pub jwt_audience: String,
    /// Whether the other issuer's `role` claim counts
    #[arg(long, env = "JWT_TRUST_ROLES", hide_env_values = true, default_value = "false", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set)]
    pub jwt_trust_roles: bool,
    /// How long a log-in lasts: a number and s, m, h or d
    #[arg(long, env = "JWT_TTL", hide_env_values = true, default_value = "24h", value_parser = span)]
    pub jwt_ttl: Duration,
    /// Signs export tickets: 32 bytes or more; unset, a key is derived from `JWT_SECRET`
    #[arg(long, env = "EXPORT_TICKET_SECRET", hide_env_values = true)]
    pub export_ticket_secret: Option<Secret>,
    /// How long an export ticket lasts: a number and s, m, h or d
    #[arg(long, env = "EXPORT_TICKET_TTL", hide_env_values = true, default_value = "5m", value_parser = span)]
    pub export_ticket_ttl: Duration,
}

/// How Stripe is called.
#[derive(Args, Clone, Debug)]
pub struct StripeVariables {
    /// Stripe's secret key: `sk_...`, or a restricted one: `rk_...`
    #[arg(long, env = "STRIPE_SECRET_KEY", hide_env_values = true)]
    pub stripe_secret_key: Option<Secret>,
    /// Where Stripe's API is; only a sandbox needs another than Stripe's
    #[arg(long, env = "STRIPE_API_BASE", hide_env_values = true, default_value = "https://api.stripe.com/")]
    pub stripe_api_base: String,
    /// How long one attempt of a call to Stripe may take: a number and s, m, h or d
    #[arg(long, env = "STRIPE_TIMEOUT", hide_env_values = true, default_value = "20s", value_parser = span)]
    pub stripe_timeout: Duration,
    /// How often a call to Stripe is attempted
    #[arg(long, env = "STRIPE_ATTEMPTS", hide_env_values = true, default_value = "3")]
    pub stripe_attempts: u32,
}

/// What a GraphQL document may come to.
#[derive(Args, Clone, Debug)]
pub struct DocumentVariables {
    /// Bytes of a GraphQL document
    #[arg(long, env = "MAX_DOCUMENT_BYTES", hide_env_values = true, default_value = "65536")]
    pub max_document_bytes: usize,
    /// Tokens of a GraphQL document
    #[arg(long, env = "MAX_DOCUMENT_TOKENS", hide_env_values = true, default_value = "2000")]
    pub max_document_tokens: usize,
    /// Levels of a GraphQL document: of brackets as it is written, and of fields with every fragment in its place; 32 at most
    #[arg(long, env = "MAX_DEPTH", hide_env_values = true, default_value = "20")]
    pub max_depth: usize,
    /// Aliases in a GraphQL document with every fragment in its place
    #[arg(long, env = "MAX_ALIASES", hide_env_values = true, default_value = "50")]
    pub max_aliases: usize,
    /// Directives in a GraphQL document with every fragment in its place
    #[arg(long, env = "MAX_DIRECTIVES", hide_env_values = true, default_value = "50")]
    pub max_directives: usize,
    /// Fields that a query begins with
    #[arg(long, env = "MAX_ROOT_FIELDS", hide_env_values = true, default_value = "20")]
    pub max_root_fields: usize,
    /// Fields that a mutation begins with
    #[arg(long, env = "MAX_MUTATIONS", hide_env_values = true, default_value = "1")]
    pub max_mutations: usize,
    /// Fields, arguments and values of a GraphQL document with every fragment in its place; also fields with lists counted by their page
    #[arg(long, env = "MAX_COMPLEXITY", hide_env_values = true, default_value = "5000")]
    pub max_complexity: usize,
    /// Rows of a page, 1 to 100
    #[arg(long, env = "MAX_PAGE_SIZE", hide_env_values = true, default_value = "100", value_parser = clap::value_parser!(u64).range(1..=100))]
    pub max_page_size: u64,
}

/// Everything that `serve` can be told.
#[derive(Args, Clone)]
pub struct Variables {
    /// Address to listen on
    #[arg(long, env = "BIND", hide_env_values = true, default_value = "127.0.0.1:8000")]
    pub bind: SocketAddr,
    /// Address where Prometheus may read /metrics, for no public eyes; it may be BIND's; unset: nowhere
    #[arg(long, env = "METRICS_BIND", hide_env_values = true)]
    pub metrics_bind: Option<SocketAddr>,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseVariables,
    /// The tokens.
    #[command(flatten)]
    pub tokens: TokenVariables,
    /// The calls to Stripe.
    #[command(flatten)]
    pub stripe: StripeVariables,
    /// Whether payments are on; off, everything else works and the rest answers `STRIPE_DISABLED`
    #[arg(long, env = "STRIPE_ENABLED", hide_env_values = true, default_value = "true", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set)]
    pub stripe_enabled: bool,
    /// Stripe's publishable key (`pk_...`), handed to clients
    #[arg(long, env = "STRIPE_PUBLISHABLE_KEY", hide_env_values = true)]
    pub stripe_publishable_key: Option<String>,
    /// Signing secret of the webhook endpoint (`whsec_...`); several by comma while one is being replaced
    #[arg(long, env = "STRIPE_WEBHOOK_SECRET", hide_env_values = true, value_delimiter = ',')]
    pub stripe_webhook_secret: Vec<Secret>,
    /// Price of CORE at Stripe; several by comma: the first is sold, all are understood
    #[arg(long, env = "STRIPE_PRICE_ID_CORE", hide_env_values = true, value_delimiter = ',')]
    pub stripe_price_id_core: Vec<String>,
    /// Price of PRO at Stripe; several by comma: the first is sold, all are understood
    #[arg(long, env = "STRIPE_PRICE_ID_PRO", hide_env_values = true, value_delimiter = ',')]
    pub stripe_price_id_pro: Vec<String>,
    /// Price of STUDIO at Stripe; several by comma: the first is sold, all are understood
    #[arg(long, env = "STRIPE_PRICE_ID_STUDIO", hide_env_values = true, value_delimiter = ',')]
    pub stripe_price_id_studio: Vec<String>,
    /// Configuration of Stripe's customer portal (`bpc_...`); unset: the gateway finds or makes its own
    #[arg(long, env = "STRIPE_PORTAL_CONFIGURATION", hide_env_values = true)]
    pub stripe_portal_configuration: Option<String>,
    /// Minutes between two looks at what Stripe has that is missing here, the first of them at the start; 0: never
    #[arg(long, env = "RECONCILE_INTERVAL_MINUTES", hide_env_values = true, default_value = "60", value_parser = clap::value_parser!(u32).range(0..=10080))]
    pub reconcile_interval_minutes: u32,
    /// Days, 1 to 3650, after which the payload of a settled webhook is pruned; what waits or failed keeps its own
    #[arg(long, env = "WEBHOOK_RETENTION_DAYS", hide_env_values = true, default_value = "90", value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub webhook_retention_days: u32,
    /// Days, 2 to 3650, after which a finished request to Stripe is deleted
    #[arg(long, env = "OPERATION_RETENTION_DAYS", hide_env_values = true, default_value = "30", value_parser = clap::value_parser!(u32).range(2..=3650))]
    pub operation_retention_days: u32,
    /// Cost of hashing a password with bcrypt, 10 to 16: each step doubles the work
    #[arg(long, env = "BCRYPT_COST", hide_env_values = true, default_value = "12", value_parser = clap::value_parser!(u32).range(10..=16))]
    pub bcrypt_cost: u32,
    /// Credits that an export costs
    #[arg(long, env = "PATCHBOOK_EXPORT_COST", hide_env_values = true, default_value = "3")]
    pub patchbook_export_cost: i64,
    /// Origins, by comma, that checkout may lead back to; unset: any https, and http on loopback
    #[arg(long, env = "ALLOWED_REDIRECT_ORIGINS", hide_env_values = true, value_delimiter = ',')]
    pub allowed_redirect_origins: Vec<String>,
    /// Origins, by comma, whose pages may call the API from a browser; unset: none but the gateway's own
    #[arg(long, env = "CORS_ALLOWED_ORIGINS", hide_env_values = true, value_delimiter = ',')]
    pub cors_allowed_origins: Vec<String>,
    /// Whether `/graphiql` is there
    #[arg(long, env = "GRAPHIQL", hide_env_values = true, default_value = "false", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set)]
    pub graphiql: bool,
    /// Whether the schema may be asked for, and errors suggest names from it; unset: where `/graphiql` is, which needs it
    #[arg(long, env = "INTROSPECTION", hide_env_values = true, value_parser = BoolishValueParser::new())]
    pub introspection: Option<bool>,
    /// A file of the only documents that may run, by their SHA-256: a JSON object, or an apollo-persisted-query-manifest
    #[arg(long, env = "TRUSTED_DOCUMENTS", hide_env_values = true)]
    pub trusted_documents: Option<PathBuf>,
    /// Documents that clients may ask for by their hash, once they were sent; 0: none
    #[arg(long, env = "MAX_PERSISTED_DOCUMENTS", hide_env_values = true, default_value = "1000")]
    pub max_persisted_documents: usize,
    /// Bytes of them
    #[arg(long, env = "MAX_PERSISTED_BYTES", hide_env_values = true, default_value = "4194304")]
    pub max_persisted_bytes: usize,
    /// Bytes of a GraphQL request
    #[arg(long, env = "MAX_BODY_BYTES", hide_env_values = true, default_value = "65536")]
    pub max_body_bytes: usize,
    /// Bytes of a webhook
    #[arg(long, env = "MAX_WEBHOOK_BYTES", hide_env_values = true, default_value = "1048576")]
    pub max_webhook_bytes: usize,
    /// What a GraphQL document may come to.
    #[command(flatten)]
    pub document: DocumentVariables,
    /// Whether limits apply to how often one caller may ask: true or false, on or off
    #[arg(long, env = "RATE_LIMIT", hide_env_values = true, default_value = "true", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set)]
    pub rate_limit: bool,
    /// Operations of one user: a number and /s, /min or /h; all of them may come at once
    #[arg(long, env = "RATE_LIMIT_USER", hide_env_values = true, default_value = "60000/min")]
    pub rate_limit_user: Rate,
    /// Operations of one user that call Stripe: a number and /s, /min or /h
    #[arg(long, env = "RATE_LIMIT_STRIPE", hide_env_values = true, default_value = "60/min")]
    pub rate_limit_stripe: Rate,
    /// Requests from one address (of IPv6, from its first 64 bits): a number and /s, /min or /h
    #[arg(long, env = "RATE_LIMIT_ADDRESS", hide_env_values = true, default_value = "300000/min")]
    pub rate_limit_address: Rate,
    /// Sign-ups from one address: a number and /s, /min or /h
    #[arg(long, env = "RATE_LIMIT_SIGN_UP", hide_env_values = true, default_value = "240/min")]
    pub rate_limit_sign_up: Rate,
    /// Log-ins from one address: a number and /s, /min or /h
    #[arg(long, env = "RATE_LIMIT_LOG_IN", hide_env_values = true, default_value = "240/min")]
    pub rate_limit_log_in: Rate,
    /// Log-ins with one email, from any address: a number and /s, /min or /h
    #[arg(long, env = "RATE_LIMIT_LOG_IN_EMAIL", hide_env_values = true, default_value = "200/min")]
    pub rate_limit_log_in_email: Rate,
    /// Networks or addresses, by comma, of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed
    #[arg(long, env = "TRUSTED_PROXIES", hide_env_values = true, value_delimiter = ',')]
    pub trusted_proxies: Vec<String>,
    /// How long a query or a mutation may take: a number and s, m, h or d
    #[arg(long, env = "OPERATION_TIMEOUT", hide_env_values = true, default_value = "30s", value_parser = span)]
    pub operation_timeout: Duration,
    /// Connections that may be open at once, including websockets; lowered to fit the limit of file descriptors
    #[arg(long, env = "MAX_CONNECTIONS", hide_env_values = true, default_value = "10000")]
    pub max_connections: usize,
    /// Connections that one address may have open (of IPv6, its first 64 bits), trusted proxies excepted; unset: half of all
    #[arg(long, env = "MAX_CONNECTIONS_PER_ADDRESS", hide_env_values = true)]
    pub max_connections_per_address: Option<usize>,
    /// How long a connection may be without the whole header of its next request: a number and s, m, h or d
    #[arg(long, env = "HEADER_TIMEOUT", hide_env_values = true, default_value = "75s", value_parser = span)]
    pub header_timeout: Duration,
    /// Operations that may run at once on one websocket
    #[arg(long, env = "MAX_SOCKET_OPERATIONS", hide_env_values = true, default_value = "100")]
    pub max_socket_operations: usize,
    /// Websockets that one user may have open
    #[arg(long, env = "MAX_SOCKETS_PER_USER", hide_env_values = true, default_value = "100")]
    pub max_sockets_per_user: usize,
    /// Websockets that may be open from one address (of IPv6, from its first 64 bits)
    #[arg(long, env = "MAX_SOCKETS_PER_ADDRESS", hide_env_values = true, default_value = "2000")]
    pub max_sockets_per_address: usize,
    /// Subscriptions that one user may have open, over websockets and as event streams
    #[arg(long, env = "MAX_SUBSCRIPTIONS_PER_USER", hide_env_values = true, default_value = "500")]
    pub max_subscriptions_per_user: usize,
    /// How often a silent client of a websocket or an event stream is asked or told something: a number and s, m, h or d
    #[arg(long, env = "KEEP_ALIVE", hide_env_values = true, default_value = "15s", value_parser = span)]
    pub keep_alive: Duration,
    /// How long open requests and sockets have once a stop is asked for: a number and s, m, h or d
    #[arg(long, env = "DRAIN", hide_env_values = true, default_value = "10s", value_parser = span)]
    pub drain: Duration,
}

/// Days of the longest span of time, which is ten years: a calendar ends, and a log-in that outlives it cannot be dated.
const MAX_DAYS: u64 = 3650;

/// Reads a span of time: a whole number and its unit, one of s, m, h and d.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn span(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no span of time: write a number and s, m, h or d, such as 90s or 24h");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    let too_long = || format!("{text:?} is too long a span of time: write at most {MAX_DAYS}d");
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    let span = number
        .checked_mul(seconds)
        .map(Duration::from_secs)
        .filter(|span| *span <= Duration::from_hours(MAX_DAYS * 24));
    span.ok_or_else(too_long).and_then(|span| if span.is_zero() { Err(wrong()) } else { Ok(span) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_a_number_and_a_unit() {
        assert_eq!(span("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(span("24h"), Ok(Duration::from_hours(24)));
        for wrong in ["", "h", "1", "1w", "-1s", "0s", "1.5h", "99999999999999999999d", "1é"] {
            assert!(span(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_span_is_ten_years_at_most() {
        assert_eq!(span("3650d"), Ok(Duration::from_hours(3650 * 24)));
        assert_eq!(span("87600h"), span("3650d"));
        for long in ["3651d", "87601h", "315360001s", "99999999999d", "18446744073709551615s"] {
            assert!(span(long).unwrap_err().contains("3650d"), "{long:?}");
        }
    }
}
