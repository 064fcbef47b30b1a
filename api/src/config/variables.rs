//! Every setting: a flag and an environment variable for each.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::Args;
use secrecy::SecretString;

use super::{
    setting::Setting,
    value::{LogFilter, LogFormat, Origin},
};
use crate::throttle::{Proxies, Rate};

/// The settings of logs and traces, which every command takes.
#[derive(Args, Clone)]
#[command(next_help_heading = "Logs")]
pub struct LogVariables {
    /// Level of logs, or levels by module such as `info,patch_hive=debug`
    #[arg(long, env = "LOG", global = true, default_value = "info")]
    pub log: Setting<LogFilter>,
    /// Format of logs, which go to standard error: `pretty` or `json`
    #[arg(long, env = "LOG_FORMAT", global = true, default_value = "pretty")]
    pub log_format: Setting<LogFormat>,
    /// OTLP collector that traces are exported to, such as `http://127.0.0.1:4318`; if unset, none are exported
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", global = true, default_value = "")]
    pub otel_exporter_otlp_endpoint: Setting<Option<String>>,
}

/// The address of the gateway.
#[derive(Args, Clone)]
#[command(next_help_heading = "Server")]
pub struct AddressVariables {
    /// Address to listen on; if unset, 127.0.0.1:8000, or all addresses of IPv4 and IPv6 at PORT if that is set
    #[arg(long, env = "BIND", default_value = "")]
    pub bind: Setting<Option<SocketAddr>>,
    /// Port to listen on if BIND is not set, as hosting platforms assign it
    #[arg(long, env = "PORT", default_value = "")]
    pub port: Setting<Option<u16>>,
}

/// The database. Not `Debug`: the URL may hold a password.
#[derive(Args, Clone)]
#[command(next_help_heading = "Database")]
pub struct DatabaseVariables {
    /// `postgres://user:password@host/name`, or `sqlite:path/to/file.db` for a single process
    #[arg(long, env = "DATABASE_URL", default_value = "")]
    pub database_url: Setting<Option<String>>,
    /// Maximum number of database connections for users' requests
    #[arg(long, env = "DATABASE_MAX_CONNECTIONS", default_value = "10")]
    pub database_max_connections: Setting<u32>,
    /// Maximum number of PostgreSQL connections for webhooks and background jobs
    #[arg(long, env = "DATABASE_BACKGROUND_CONNECTIONS", default_value = "5")]
    pub database_background_connections: Setting<u32>,
    /// Time that a request waits for a free database connection
    #[arg(long, env = "DATABASE_ACQUIRE_TIMEOUT", default_value = "5s")]
    pub database_acquire_timeout: Setting<Duration>,
    /// Time limit of a PostgreSQL statement; `migrate` and `verify` have none
    #[arg(long, env = "DATABASE_STATEMENT_TIMEOUT", default_value = "15s")]
    pub database_statement_timeout: Setting<Duration>,
    /// Time that a PostgreSQL statement waits for a lock
    #[arg(long, env = "DATABASE_LOCK_TIMEOUT", default_value = "5s")]
    pub database_lock_timeout: Setting<Duration>,
}

/// The tokens.
#[derive(Args, Clone)]
#[command(next_help_heading = "Tokens")]
pub struct TokenVariables {
    /// Secret that signs the gateway's own tokens (HS256): at least 32 random bytes
    #[arg(long, env = "JWT_SECRET", default_value = "")]
    pub jwt_secret: Setting<Option<SecretString>>,
    /// Public key (PEM) of another issuer whose tokens are accepted; disables sign-up and login
    #[arg(long, env = "JWT_PUBLIC_KEY", default_value = "")]
    pub jwt_public_key: Setting<Option<String>>,
    /// URL of another issuer's keys (JWKS), which are read again when a token names a new one; disables sign-up and login
    #[arg(long, env = "JWT_JWKS_URL", default_value = "")]
    pub jwt_jwks_url: Setting<Option<String>>,
    /// Required `iss` claim of the other issuer's tokens; if unset, any
    #[arg(long, env = "JWT_ISSUER", default_value = "")]
    pub jwt_issuer: Setting<Option<String>>,
    /// Required `aud` claim of tokens that have one
    #[arg(long, env = "JWT_AUDIENCE", default_value = "patch-hive")]
    pub jwt_audience: Setting<String>,
    /// Accept the `role` claim of the other issuer's tokens: `true` or `false`
    #[arg(long, env = "JWT_TRUST_ROLES", default_value = "false")]
    pub jwt_trust_roles: Setting<bool>,
    /// Lifetime of the tokens issued at login; those of admins last at most 24h
    #[arg(long, env = "JWT_TTL", default_value = "24h")]
    pub jwt_ttl: Setting<Duration>,
    /// Secret that signs export tickets: at least 32 random bytes; if unset, it is derived from `JWT_SECRET`
    #[arg(long, env = "EXPORT_TICKET_SECRET", default_value = "")]
    pub export_ticket_secret: Setting<Option<SecretString>>,
    /// Lifetime of export tickets
    #[arg(long, env = "EXPORT_TICKET_TTL", default_value = "5m")]
    pub export_ticket_ttl: Setting<Duration>,
}

/// The mail server.
#[derive(Args, Clone)]
#[command(next_help_heading = "Mail")]
pub struct MailVariables {
    /// Mail server (`smtps://user:password@host`); if unset, passwords cannot be reset and emails not verified
    #[arg(long, env = "SMTP_URL", default_value = "")]
    pub smtp_url: Setting<Option<SecretString>>,
    /// Sender of mails, such as `Patch-Hive <no-reply@patchhive.example>`
    #[arg(long, env = "MAIL_FROM", default_value = "")]
    pub mail_from: Setting<Option<String>>,
    /// Public address of the pages, which links in mails lead to
    #[arg(long, env = "PUBLIC_URL", default_value = "")]
    pub public_url: Setting<Option<String>>,
}

/// The calls to Stripe.
#[derive(Args, Clone)]
#[command(next_help_heading = "Stripe")]
pub struct StripeVariables {
    /// Stripe's secret key (`sk_...`) or a restricted key (`rk_...`)
    #[arg(long, env = "STRIPE_SECRET_KEY", default_value = "")]
    pub stripe_secret_key: Setting<Option<SecretString>>,
    /// Base URL of Stripe's API; only a sandbox needs another
    #[arg(long, env = "STRIPE_API_BASE", default_value = "https://api.stripe.com/")]
    pub stripe_api_base: Setting<String>,
    /// Time limit of one attempt to call Stripe
    #[arg(long, env = "STRIPE_TIMEOUT", default_value = "20s")]
    pub stripe_timeout: Setting<Duration>,
    /// Maximum number of attempts to call Stripe
    #[arg(long, env = "STRIPE_ATTEMPTS", default_value = "3")]
    pub stripe_attempts: Setting<u32>,
    /// Maximum number of calls to Stripe per second of one process while background work runs: divide Stripe's limit among the replicas; if unset, 80, or 20 with a test key
    #[arg(long, env = "STRIPE_CALLS_PER_SECOND", default_value = "")]
    pub stripe_calls_per_second: Setting<Option<u32>>,
}

/// The payments.
#[derive(Args, Clone)]
#[command(next_help_heading = "Stripe")]
pub struct PaymentVariables {
    /// The calls to Stripe.
    #[command(flatten)]
    pub stripe: StripeVariables,
    /// Enable payments: `true` or `false`; without them, everything that sells answers `STRIPE_DISABLED`
    #[arg(long, env = "STRIPE_ENABLED", default_value = "true")]
    pub stripe_enabled: Setting<bool>,
    /// Stripe's publishable key (`pk_...`), which clients receive
    #[arg(long, env = "STRIPE_PUBLISHABLE_KEY", default_value = "")]
    pub stripe_publishable_key: Setting<Option<String>>,
    /// Signing secret of the webhook endpoint (`whsec_...`); comma-separated while one is being rotated
    #[arg(long, env = "STRIPE_WEBHOOK_SECRET", default_value = "")]
    pub stripe_webhook_secret: Setting<Vec<SecretString>>,
    /// Stripe price ids of CORE, comma-separated: the first is sold, all are recognized
    #[arg(long, env = "STRIPE_PRICE_ID_CORE", default_value = "")]
    pub stripe_price_id_core: Setting<Vec<String>>,
    /// Stripe price ids of PRO, comma-separated: the first is sold, all are recognized
    #[arg(long, env = "STRIPE_PRICE_ID_PRO", default_value = "")]
    pub stripe_price_id_pro: Setting<Vec<String>>,
    /// Stripe price ids of STUDIO, comma-separated: the first is sold, all are recognized
    #[arg(long, env = "STRIPE_PRICE_ID_STUDIO", default_value = "")]
    pub stripe_price_id_studio: Setting<Vec<String>>,
    /// Customer portal configuration (`bpc_...`); if unset, the gateway finds or creates one
    #[arg(long, env = "STRIPE_PORTAL_CONFIGURATION", default_value = "")]
    pub stripe_portal_configuration: Setting<Option<String>>,
    /// The options of checkouts.
    #[command(flatten)]
    pub checkout: CheckoutVariables,
}

/// The options of checkouts.
#[derive(Args, Clone)]
#[command(next_help_heading = "Stripe")]
pub struct CheckoutVariables {
    /// Compute taxes at checkout with Stripe Tax, which must be set up at Stripe first: `true` or `false`
    #[arg(long, env = "STRIPE_TAX", default_value = "false")]
    pub stripe_tax: Setting<bool>,
    /// Accept Stripe's promotion codes at checkouts of plans: `true` or `false`
    #[arg(long, env = "STRIPE_PROMOTION_CODES", default_value = "false")]
    pub stripe_promotion_codes: Setting<bool>,
}

/// The links that the pages and checkouts show.
#[derive(Args, Clone)]
#[command(next_help_heading = "Browsers")]
pub struct LegalVariables {
    /// URL of the terms of service, linked by the pages and at checkout; if unset, there is no link
    #[arg(long, env = "TERMS_URL", default_value = "")]
    pub terms_url: Setting<Option<String>>,
    /// URL of the privacy policy, linked by the pages and at checkout; if unset, there is no link
    #[arg(long, env = "PRIVACY_URL", default_value = "")]
    pub privacy_url: Setting<Option<String>>,
}

/// The settings of `dev`.
#[derive(Args, Clone)]
pub struct DevelopmentVariables {
    /// The origins that may call.
    #[command(flatten)]
    pub origins: OriginVariables,
    /// The options of checkouts.
    #[command(flatten)]
    pub checkout: CheckoutVariables,
    /// The links.
    #[command(flatten)]
    pub legal: LegalVariables,
}

/// The limits of GraphQL documents.
#[derive(Args, Clone)]
#[command(next_help_heading = "GraphQL documents")]
#[expect(clippy::struct_field_names, reason = "named as their environment variables")]
pub struct DocumentVariables {
    /// Maximum size of a document in bytes
    #[arg(long, env = "MAX_DOCUMENT_BYTES", default_value = "65536")]
    pub max_document_bytes: Setting<usize>,
    /// Maximum number of tokens in a document
    #[arg(long, env = "MAX_DOCUMENT_TOKENS", default_value = "2000")]
    pub max_document_tokens: Setting<usize>,
    /// Maximum depth of a document, 1 to 32: of nested brackets, and of nested fields with fragments expanded
    #[arg(long, env = "MAX_DEPTH", default_value = "20")]
    pub max_depth: Setting<usize>,
    /// Maximum number of aliases in a document, with fragments expanded
    #[arg(long, env = "MAX_ALIASES", default_value = "50")]
    pub max_aliases: Setting<usize>,
    /// Maximum number of directives in a document, with fragments expanded
    #[arg(long, env = "MAX_DIRECTIVES", default_value = "50")]
    pub max_directives: Setting<usize>,
    /// Maximum number of root fields in a query
    #[arg(long, env = "MAX_ROOT_FIELDS", default_value = "20")]
    pub max_root_fields: Setting<usize>,
    /// Maximum number of root fields in a mutation
    #[arg(long, env = "MAX_MUTATIONS", default_value = "1")]
    pub max_mutations: Setting<usize>,
    /// Maximum complexity of a document: its fields, arguments and values with fragments expanded, and its fields with
    /// lists multiplied by their page size
    #[arg(long, env = "MAX_COMPLEXITY", default_value = "5000")]
    pub max_complexity: Setting<usize>,
    /// Maximum page size, 1 to 100
    #[arg(long, env = "MAX_PAGE_SIZE", default_value = "100")]
    pub max_page_size: Setting<u64>,
}

/// The origins that may call from a browser.
#[derive(Args, Clone)]
#[command(next_help_heading = "Browsers")]
pub struct OriginVariables {
    /// Comma-separated origins whose pages may call the API; if unset, only the gateway's own pages
    #[arg(long, env = "CORS_ALLOWED_ORIGINS", default_value = "")]
    pub cors_allowed_origins: Setting<Vec<Origin>>,
}

/// The limits of what callers may ask and keep open.
#[derive(Args, Clone)]
#[command(next_help_heading = "Limits")]
pub struct LimitVariables {
    /// Maximum number of persisted documents; 0 disables them
    #[arg(long, env = "MAX_PERSISTED_DOCUMENTS", default_value = "1000")]
    pub max_persisted_documents: Setting<usize>,
    /// Maximum total size of persisted documents in bytes
    #[arg(long, env = "MAX_PERSISTED_BYTES", default_value = "4194304")]
    pub max_persisted_bytes: Setting<usize>,
    /// Maximum size of a GraphQL request or websocket message in bytes
    #[arg(long, env = "MAX_BODY_BYTES", default_value = "65536")]
    pub max_body_bytes: Setting<usize>,
    /// Maximum size of a webhook in bytes
    #[arg(long, env = "MAX_WEBHOOK_BYTES", default_value = "1048576")]
    pub max_webhook_bytes: Setting<usize>,
    /// Enable rate limits: `true` or `false` (if another limiter stands in front)
    #[arg(long, env = "RATE_LIMIT", default_value = "true")]
    pub rate_limit: Setting<bool>,
    /// Rate limit of operations per user, such as `600/min`; the whole amount may come at once
    #[arg(long, env = "RATE_LIMIT_USER", default_value = "60000/min")]
    pub rate_limit_user: Setting<Rate>,
    /// Rate limit of operations per user that call Stripe
    #[arg(long, env = "RATE_LIMIT_STRIPE", default_value = "60/min")]
    pub rate_limit_stripe: Setting<Rate>,
    /// Rate limit of requests per IP address (per /64 network for IPv6)
    #[arg(long, env = "RATE_LIMIT_ADDRESS", default_value = "300000/min")]
    pub rate_limit_address: Setting<Rate>,
    /// Rate limit of webhooks per IP address; Stripe sends from several and repeats what was refused
    #[arg(long, env = "RATE_LIMIT_WEBHOOK", default_value = "60000/min")]
    pub rate_limit_webhook: Setting<Rate>,
    /// Rate limit of sign-ups per IP address, thirty of which may come at once
    #[arg(long, env = "RATE_LIMIT_SIGN_UP", default_value = "240/min")]
    pub rate_limit_sign_up: Setting<Rate>,
    /// Rate limit of logins per IP address, thirty of which may come at once. After five wrong passwords for one email,
    /// an address has to pause before each further attempt, up to 15 minutes
    #[arg(long, env = "RATE_LIMIT_LOG_IN", default_value = "240/min")]
    pub rate_limit_log_in: Setting<Rate>,
    /// Rate limit of logins per email from all addresses; an attacker who uses it up locks the email's owner out
    #[arg(long, env = "RATE_LIMIT_LOG_IN_EMAIL", default_value = "200/min")]
    pub rate_limit_log_in_email: Setting<Rate>,
    /// Time limit of a query or mutation
    #[arg(long, env = "OPERATION_TIMEOUT", default_value = "30s")]
    pub operation_timeout: Setting<Duration>,
    /// Maximum number of open connections, including websockets; lowered to fit the limit of file descriptors. Beyond it,
    /// only probes are answered
    #[arg(long, env = "MAX_CONNECTIONS", default_value = "10000")]
    pub max_connections: Setting<usize>,
    /// Maximum number of open connections per IP address (per /64 network for IPv6), except for trusted proxies; if unset,
    /// half of `MAX_CONNECTIONS`
    #[arg(long, env = "MAX_CONNECTIONS_PER_ADDRESS", default_value = "")]
    pub max_connections_per_address: Setting<Option<usize>>,
    /// Time that a connection may take to send the whole header of its next request; set it higher than the idle
    /// timeout of a proxy in front
    #[arg(long, env = "HEADER_TIMEOUT", default_value = "75s")]
    pub header_timeout: Setting<Duration>,
    /// Maximum number of concurrent operations per websocket
    #[arg(long, env = "MAX_SOCKET_OPERATIONS", default_value = "100")]
    pub max_socket_operations: Setting<usize>,
    /// Maximum number of open websockets per user
    #[arg(long, env = "MAX_SOCKETS_PER_USER", default_value = "100")]
    pub max_sockets_per_user: Setting<usize>,
    /// Maximum number of open websockets per IP address (per /64 network for IPv6)
    #[arg(long, env = "MAX_SOCKETS_PER_ADDRESS", default_value = "2000")]
    pub max_sockets_per_address: Setting<usize>,
    /// Maximum number of open subscriptions per user, over websockets and event streams
    #[arg(long, env = "MAX_SUBSCRIPTIONS_PER_USER", default_value = "500")]
    pub max_subscriptions_per_user: Setting<usize>,
    /// Interval at which idle websockets are pinged and idle event streams receive a comment
    #[arg(long, env = "KEEP_ALIVE", default_value = "30s")]
    pub keep_alive: Setting<Duration>,
    /// Time that open requests and websockets have to finish after a stop signal
    #[arg(long, env = "DRAIN", default_value = "10s")]
    pub drain: Setting<Duration>,
}

/// The settings of `serve`.
#[derive(Args, Clone)]
pub struct Variables {
    /// The address.
    #[command(flatten)]
    pub address: AddressVariables,
    /// Address of the Prometheus endpoint `/metrics`; if unset, there is none. Keep it off public networks
    #[arg(long, env = "METRICS_BIND", help_heading = "Server", default_value = "")]
    pub metrics_bind: Setting<Option<SocketAddr>>,
    /// Credits that an export costs
    #[arg(long, env = "PATCHBOOK_EXPORT_COST", help_heading = "Server", default_value = "3")]
    pub patchbook_export_cost: Setting<i64>,
    /// Days, 7 to 3650, after which alerts are deleted
    #[arg(long, env = "ALERT_RETENTION_DAYS", help_heading = "Server", default_value = "90")]
    pub alert_retention_days: Setting<u32>,
    /// Days, 4 to 3650, after which events for other services and their deliveries are deleted
    #[arg(long, env = "EVENT_RETENTION_DAYS", help_heading = "Server", default_value = "30")]
    pub event_retention_days: Setting<u32>,
    /// Allow event endpoints by http, and at private, loopback and other special addresses: `true` or `false`
    #[arg(long, env = "EVENT_TARGETS_SPECIAL", help_heading = "Server", default_value = "false")]
    pub event_targets_special: Setting<bool>,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseVariables,
    /// The tokens.
    #[command(flatten)]
    pub tokens: TokenVariables,
    /// Cost of hashing a password with bcrypt, 10 to 16; each step doubles the work
    #[arg(long, env = "BCRYPT_COST", help_heading = "Tokens", default_value = "12")]
    pub bcrypt_cost: Setting<u32>,
    /// The payments.
    #[command(flatten)]
    pub payments: PaymentVariables,
    /// Minutes between reconciliations with Stripe, the first at the start; 0 disables them
    #[arg(long, env = "RECONCILE_INTERVAL_MINUTES", help_heading = "Stripe", default_value = "60")]
    pub reconcile_interval_minutes: Setting<u32>,
    /// Days, 1 to 3650, after which webhook events are deleted
    #[arg(long, env = "WEBHOOK_RETENTION_DAYS", help_heading = "Stripe", default_value = "90")]
    pub webhook_retention_days: Setting<u32>,
    /// Days, 2 to 3650, after which finished requests to Stripe and checkouts are deleted
    #[arg(long, env = "OPERATION_RETENTION_DAYS", help_heading = "Stripe", default_value = "30")]
    pub operation_retention_days: Setting<u32>,
    /// The origins that may call.
    #[command(flatten)]
    pub origins: OriginVariables,
    /// Comma-separated origins that checkout may redirect to; if unset, any https origin, and http on loopback
    #[arg(long, env = "ALLOWED_REDIRECT_ORIGINS", help_heading = "Browsers", default_value = "")]
    pub allowed_redirect_origins: Setting<Vec<Origin>>,
    /// Serve GraphiQL at `/graphiql`: `true` or `false`
    #[arg(long, env = "GRAPHIQL", help_heading = "Browsers", default_value = "false")]
    pub graphiql: Setting<bool>,
    /// Allow introspection, and suggest names in errors: `true` or `false`; if unset, as GRAPHIQL, which needs it
    #[arg(long, env = "INTROSPECTION", help_heading = "Browsers", default_value = "")]
    pub introspection: Setting<Option<bool>>,
    /// The links.
    #[command(flatten)]
    pub legal: LegalVariables,
    /// The limits of documents.
    #[command(flatten)]
    pub document: DocumentVariables,
    /// File of the only documents that may run, by their SHA-256: a JSON object or an apollo-persisted-query-manifest
    #[arg(long, env = "TRUSTED_DOCUMENTS", help_heading = "GraphQL documents", default_value = "")]
    pub trusted_documents: Setting<Option<PathBuf>>,
    /// The mail server.
    #[command(flatten)]
    pub mail: MailVariables,
    /// The other limits.
    #[command(flatten)]
    pub limits: LimitVariables,
    /// Comma-separated networks or addresses of proxies whose `X-Forwarded-For`, `X-Forwarded-Host` and `X-Forwarded-Proto`
    /// are trusted
    #[arg(long, env = "TRUSTED_PROXIES", help_heading = "Limits", default_value = "")]
    pub trusted_proxies: Setting<Proxies>,
}
