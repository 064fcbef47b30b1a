//! From what was set to what holds.

use std::time::Duration;

use entity::Tier;
use url::Url;

use super::{
    Calls, Config, DatabaseVariables, DocumentLimits, DocumentVariables, Limits, Prices, Secret, Stripe,
    StripeVariables, TokenVariables, Tokens, Variables,
};
use crate::{
    database,
    throttle::{Proxies, Rates},
};

/// A shorter secret could be guessed.
const MIN_SECRET_BYTES: usize = 32;

/// Where Stripe's API is. A live key is sent nowhere else.
const STRIPE_HOST: &str = "api.stripe.com";

/// How each signing secret of a webhook endpoint begins.
const WEBHOOK_SECRET: &str = "whsec_";

/// No export costs more: far below where sums could overflow.
const MAX_EXPORT_COST: i64 = 1_000_000;

/// async-graphql walks no document that is nested deeper.
const MAX_DEPTH: usize = 32;

impl Variables {
    /// Checks everything that was set.
    ///
    /// # Errors
    /// One sentence that says what to set.
    pub fn check(self) -> Result<Config, String> {
        let stripe = if self.stripe_enabled { Some(stripe(&self)?) } else { None };
        if !(0..=MAX_EXPORT_COST).contains(&self.patchbook_export_cost) {
            return Err(format!("set PATCHBOOK_EXPORT_COST to a number of credits from 0 to {MAX_EXPORT_COST}"));
        }
        above_zero([
            ("MAX_BODY_BYTES", self.max_body_bytes),
            ("MAX_WEBHOOK_BYTES", self.max_webhook_bytes),
            ("MAX_CONNECTIONS", self.max_connections),
            ("MAX_CONNECTIONS_PER_ADDRESS", self.max_connections_per_address.unwrap_or(1)),
            ("MAX_SOCKET_OPERATIONS", self.max_socket_operations),
            ("MAX_SOCKETS_PER_USER", self.max_sockets_per_user),
            ("MAX_SOCKETS_PER_ADDRESS", self.max_sockets_per_address),
            ("MAX_SUBSCRIPTIONS_PER_USER", self.max_subscriptions_per_user),
        ])?;
        Ok(Config {
            bind: self.bind,
            metrics_bind: self.metrics_bind,
            database: self.database.check()?,
            tokens: self.tokens.check()?,
            stripe,
            password_cost: self.bcrypt_cost,
            reconcile_interval: Some(u64::from(self.reconcile_interval_minutes))
                .filter(|minutes| *minutes > 0)
                .map(Duration::from_mins),
            webhook_retention: Duration::from_hours(u64::from(self.webhook_retention_days) * 24),
            operation_retention: Duration::from_hours(u64::from(self.operation_retention_days) * 24),
            export_cost: self.patchbook_export_cost,
            redirect_origins: origins("ALLOWED_REDIRECT_ORIGINS", &self.allowed_redirect_origins)?,
            cors_origins: origins("CORS_ALLOWED_ORIGINS", &self.cors_allowed_origins)?,
            graphiql: self.graphiql,
            introspection: introspection(self.introspection, self.graphiql)?,
            trusted_documents: self.trusted_documents.filter(|path| !path.as_os_str().is_empty()),
            proxies: Proxies::read(self.trusted_proxies.iter().map(String::as_str))
                .map_err(|error| format!("TRUSTED_PROXIES: {error}"))?,
            limits: Limits {
                body_bytes: self.max_body_bytes,
                webhook_bytes: self.max_webhook_bytes,
                document: self.document.check()?,
                persisted_documents: self.max_persisted_documents,
                persisted_bytes: self.max_persisted_bytes,
                rates: self.rate_limit.then_some(Rates {
                    user: self.rate_limit_user,
                    stripe: self.rate_limit_stripe,
                    address: self.rate_limit_address,
                    sign_up: self.rate_limit_sign_up,
                    log_in: self.rate_limit_log_in,
                    log_in_email: self.rate_limit_log_in_email,
                }),
                operation: self.operation_timeout,
                connections: self.max_connections,
                address_connections: self.max_connections_per_address,
                header: self.header_timeout,
                socket_operations: self.max_socket_operations,
                user_sockets: self.max_sockets_per_user,
                address_sockets: self.max_sockets_per_address,
                user_subscriptions: self.max_subscriptions_per_user,
                keep_alive: self.keep_alive,
                drain: self.drain,
            },
        })
    }
}

impl DatabaseVariables {
    /// Checks where the rows are.
    ///
    /// # Errors
    /// One sentence that says what to set.
    pub fn check(self) -> Result<database::Settings, String> {
        let url = self.database_url.filter(|url| !url.trim().is_empty()).ok_or(
            "set DATABASE_URL to postgres://user:password@host/name, or to sqlite:path/to/file.db for a single process",
        )?;
        check_url(&url)?;
        if self.database_max_connections == 0 {
            return Err("set DATABASE_MAX_CONNECTIONS to more than 0".to_owned());
        }
        Ok(database::Settings {
            url,
            max_connections: self.database_max_connections,
            acquire_timeout: self.database_acquire_timeout,
            statement_timeout: self.database_statement_timeout,
            lock_timeout: self.database_lock_timeout,
        })
    }
}

impl DocumentVariables {
    /// Checks what a GraphQL document may come to.
    ///
    /// # Errors
    /// One sentence that says what to set.
    pub fn check(self) -> Result<DocumentLimits, String> {
        above_zero([
            ("MAX_DOCUMENT_BYTES", self.max_document_bytes),
            ("MAX_DOCUMENT_TOKENS", self.max_document_tokens),
            ("MAX_DEPTH", self.max_depth),
            ("MAX_ROOT_FIELDS", self.max_root_fields),
            ("MAX_MUTATIONS", self.max_mutations),
            ("MAX_COMPLEXITY", self.max_complexity),
        ])?;
        if self.max_depth > MAX_DEPTH {
            return Err(format!("set MAX_DEPTH to {MAX_DEPTH} or less: the library walks no deeper"));
        }
        Ok(DocumentLimits {
            bytes: self.max_document_bytes,
            tokens: self.max_document_tokens,
            depth: self.max_depth,
            aliases: self.max_aliases,
            directives: self.max_directives,
            root_fields: self.max_root_fields,
            mutations: self.max_mutations,
            complexity: self.max_complexity,
            page: self.max_page_size,
        })
    }
}

fn above_zero<const N: usize>(limits: [(&str, usize); N]) -> Result<(), String> {
    match limits.into_iter().find(|(_, limit)| *limit == 0) {
        Some((name, _)) => Err(format!("set {name} to more than 0")),
        None => Ok(()),
    }
}

/// GraphiQL is of no use without the schema.
fn introspection(asked: Option<bool>, graphiql: bool) -> Result<bool, String> {
    match asked {
        Some(false) if graphiql => {
            Err("unset INTROSPECTION, or set GRAPHIQL=false: GraphiQL asks for the schema".to_owned())
        }
        asked => Ok(asked.unwrap_or(graphiql)),
    }
}

/// Checks that a database's URL is of a kind that is spoken here.
///
/// # Errors
/// One sentence that says what to set.
pub fn check_url(url: &str) -> Result<(), String> {
    if !["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| url.starts_with(scheme)) {
        return Err("set DATABASE_URL to a URL that begins with postgres: or sqlite:".to_owned());
    }
    if url.contains(":memory:") || url.contains("mode=memory") {
        return Err("set DATABASE_URL to a file: SQLite in memory would forget every credit".to_owned());
    }
    Ok(())
}

impl TokenVariables {
    /// Checks who may make tokens.
    ///
    /// # Errors
    /// One sentence that says what to set.
    pub fn check(self) -> Result<Tokens, String> {
        let secret = strong("JWT_SECRET", self.jwt_secret)?;
        let ticket_secret = strong("EXPORT_TICKET_SECRET", self.export_ticket_secret)?;
        let public_key = self.jwt_public_key.filter(|key| !key.trim().is_empty());
        if secret.is_none() && public_key.is_none() {
            return Err(format!(
                "set JWT_SECRET to {MIN_SECRET_BYTES} random bytes or more (openssl rand -hex 32), or JWT_PUBLIC_KEY to \
                 another issuer's public key"
            ));
        }
        if secret.is_some() && secret == ticket_secret {
            return Err("set EXPORT_TICKET_SECRET to another value than JWT_SECRET: who checks tickets must make no \
                        log-ins"
                .to_owned());
        }
        if secret.is_none() && ticket_secret.is_none() {
            return Err(format!(
                "set EXPORT_TICKET_SECRET to {MIN_SECRET_BYTES} random bytes or more: without JWT_SECRET there is \
                 nothing to derive it from"
            ));
        }
        Ok(Tokens {
            secret,
            public_key,
            issuer: self.jwt_issuer.filter(|issuer| !issuer.is_empty()),
            audience: self.jwt_audience,
            trust_roles: self.jwt_trust_roles,
            ttl: self.jwt_ttl,
            ticket_secret,
            ticket_ttl: self.export_ticket_ttl,
        })
    }
}

impl StripeVariables {
    /// Checks how Stripe is called.
    ///
    /// # Errors
    /// One sentence that says what to set.
    pub fn check(&self) -> Result<Calls, String> {
        let secret_key = self
            .stripe_secret_key
            .clone()
            .filter(|key| ["sk_", "rk_"].iter().any(|prefix| key.expose().starts_with(prefix)))
            .ok_or("set STRIPE_SECRET_KEY to a key that begins with sk_ or rk_, or STRIPE_ENABLED=false")?;
        genuine("STRIPE_SECRET_KEY", secret_key.expose())?;
        if self.stripe_attempts == 0 {
            return Err("set STRIPE_ATTEMPTS to more than 0".to_owned());
        }
        Ok(Calls {
            api_base: api_base(&self.stripe_api_base, &secret_key)?,
            secret_key,
            timeout: self.stripe_timeout,
            attempts: self.stripe_attempts,
        })
    }
}

/// What an example shows stands for nothing: `sk_test_...` is there to be replaced.
fn genuine(name: &str, value: &str) -> Result<(), String> {
    if value.contains("...") || value.contains('\u{2026}') || value.contains('<') {
        return Err(format!("set {name} to a value of your own: what stands there is an example"));
    }
    Ok(())
}

fn stripe(variables: &Variables) -> Result<Stripe, String> {
    let calls = variables.stripe.check()?;
    let webhook_secrets: Vec<_> =
        variables.stripe_webhook_secret.iter().filter(|secret| !secret.expose().trim().is_empty()).cloned().collect();
    if webhook_secrets.is_empty() || !webhook_secrets.iter().all(|secret| secret.expose().starts_with(WEBHOOK_SECRET)) {
        return Err(format!(
            "set STRIPE_WEBHOOK_SECRET to the signing secret of the webhook endpoint, which begins with {WEBHOOK_SECRET}, \
             or STRIPE_ENABLED=false"
        ));
    }
    webhook_secrets.iter().try_for_each(|secret| genuine("STRIPE_WEBHOOK_SECRET", secret.expose()))?;
    let listed = |tier: Tier, ids: &[String]| {
        let ids: Vec<_> = ids.iter().map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()).collect();
        ids.iter().try_for_each(|id| genuine(&format!("STRIPE_PRICE_ID_{}", tier.as_str()), id))?;
        Ok::<_, String>((tier, ids))
    };
    Ok(Stripe {
        calls,
        publishable_key: publishable(variables.stripe_publishable_key.as_deref())?,
        webhook_secrets,
        prices: Prices::new(vec![
            listed(Tier::Core, &variables.stripe_price_id_core)?,
            listed(Tier::Pro, &variables.stripe_price_id_pro)?,
            listed(Tier::Studio, &variables.stripe_price_id_studio)?,
        ])?,
        portal_configuration: portal_configuration(variables.stripe_portal_configuration.as_deref())?,
    })
}

/// The key is handed to clients: a secret one by mistake would be everybody's.
fn publishable(key: Option<&str>) -> Result<Option<String>, String> {
    match key.filter(|key| !key.is_empty()) {
        Some(key) if !key.starts_with("pk_") => {
            Err("set STRIPE_PUBLISHABLE_KEY to a key that begins with pk_: it is handed to clients".to_owned())
        }
        Some(key) => genuine("STRIPE_PUBLISHABLE_KEY", key).map(|()| Some(key.to_owned())),
        None => Ok(None),
    }
}

fn portal_configuration(id: Option<&str>) -> Result<Option<String>, String> {
    match id.map(str::trim).filter(|id| !id.is_empty()) {
        Some(id) if !id.starts_with("bpc_") => {
            Err("set STRIPE_PORTAL_CONFIGURATION to an id that begins with bpc_, or unset it".to_owned())
        }
        Some(id) => genuine("STRIPE_PORTAL_CONFIGURATION", id).map(|()| Some(id.to_owned())),
        None => Ok(None),
    }
}

fn api_base(text: &str, key: &Secret) -> Result<String, String> {
    let base = Url::parse(text).map_err(|_| "set STRIPE_API_BASE to a URL, such as https://api.stripe.com/")?;
    let live = ["sk_live_", "rk_live_"].iter().any(|prefix| key.expose().starts_with(prefix));
    if live && (base.scheme() != "https" || base.host_str() != Some(STRIPE_HOST)) {
        return Err("unset STRIPE_API_BASE: a live key is sent to no other address than Stripe's".to_owned());
    }
    Ok(base.to_string())
}

fn strong(name: &str, secret: Option<Secret>) -> Result<Option<Secret>, String> {
    match secret.filter(|secret| !secret.expose().is_empty()) {
        Some(secret) if secret.expose().len() < MIN_SECRET_BYTES => {
            Err(format!("set {name} to {MIN_SECRET_BYTES} random bytes or more: openssl rand -hex 32"))
        }
        secret => Ok(secret),
    }
}

/// An origin is a scheme, a host and a port, written as browsers send it.
fn origins(name: &str, list: &[String]) -> Result<Vec<String>, String> {
    list.iter()
        .map(|text| text.trim().trim_end_matches('/'))
        .filter(|text| !text.is_empty())
        .map(|text| {
            let origin = Url::parse(text).map(|url| url.origin().ascii_serialization());
            match origin {
                Ok(origin) if origin == text => Ok(origin),
                _ => Err(format!("{name} names {text:?}: write origins such as https://patchhive.example, by comma")),
            }
        })
        .collect()
}
