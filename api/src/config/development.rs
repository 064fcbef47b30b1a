//! The fixed settings of `patch-hive dev`. They protect nothing, which is why that command listens on loopback only.

use std::{net::SocketAddr, time::Duration};

use entity::Tier;
use secrecy::SecretString;

use super::{
    Calls, CheckoutOptions, Config, DocumentLimits, Legal, Limits, Mail, PriceIds, PricesError, Stripe, Tokens,
};
use crate::{
    database,
    throttle::{Proxies, Rate, Rates},
};

/// The demo user and the admin of `patch-hive dev`.
#[derive(Clone, Copy, Debug)]
pub struct Demo {
    /// Email to log in with.
    pub email: &'static str,
    /// Password to log in with.
    pub password: &'static str,
    /// Name that other users see.
    pub username: &'static str,
    /// Email of the admin to log in with.
    pub operator: &'static str,
    /// Password of the admin to log in with.
    pub operator_password: &'static str,
    /// Secret that signs the sandbox's webhooks.
    pub webhook_secret: &'static str,
}

/// The demo user and the admin of `patch-hive dev`.
pub const DEMO: Demo = Demo {
    email: "demo@patchhive.example",
    password: "patch-hive-demo",
    username: "demo",
    operator: "admin@patchhive.example",
    operator_password: "patch-hive-admin",
    webhook_secret: "whsec_development_only_patch_hive_sandbox",
};

/// Secret of `dev`'s tokens. `serve` refuses it.
pub(super) const JWT_SECRET: &str = "development only: this secret is in the source code";

impl Config {
    /// The settings of `patch-hive dev`, with Stripe's API at `stripe_api_base`.
    ///
    /// # Errors
    /// None in practice: the fixed prices are checked like any others.
    pub fn development(bind: SocketAddr, database_url: String, stripe_api_base: String) -> Result<Self, PricesError> {
        Ok(Self {
            bind,
            metrics_bind: Some(bind),
            database: database::Settings {
                url: database_url,
                max_connections: 4,
                background_connections: 2,
                acquire_timeout: Duration::from_secs(5),
                statement_timeout: Duration::from_secs(15),
                lock_timeout: Duration::from_secs(5),
            },
            tokens: Tokens {
                secret: Some(JWT_SECRET.into()),
                public_key: None,
                jwks_url: None,
                issuer: None,
                audience: "patch-hive".to_owned(),
                trust_roles: false,
                ttl: Duration::from_hours(24),
                ticket_secret: None,
                ticket_ttl: Duration::from_mins(5),
            },
            stripe: Some(Stripe::of_the_sandbox(stripe_api_base)?),
            password_cost: 10,
            reconcile_interval: Some(Duration::from_hours(1)),
            webhook_retention: Duration::from_hours(90 * 24),
            operation_retention: Duration::from_hours(30 * 24),
            alert_retention: Duration::from_hours(90 * 24),
            event_retention: Duration::from_hours(30 * 24),
            event_targets_special: true,
            export_cost: 3,
            redirect_origins: Vec::new(),
            cors_origins: Vec::new(),
            loopback_origins: true,
            graphiql: true,
            introspection: true,
            trusted_documents: None,
            proxies: Proxies::default(),
            mail: Mail::Log,
            public_url: format!("http://{bind}"),
            legal: Legal::default(),
            limits: Limits {
                body_bytes: 64 * 1024,
                webhook_bytes: 1024 * 1024,
                document: DocumentLimits::default(),
                persisted_documents: 1000,
                persisted_bytes: 4 * 1024 * 1024,
                rates: Some(Rates {
                    user: Rate::per_minute(60_000),
                    stripe: Rate::per_minute(60),
                    address: Rate::per_minute(300_000),
                    webhook: Rate::per_minute(60_000),
                    sign_up: Rate::per_minute(240),
                    log_in: Rate::per_minute(240),
                    log_in_email: Rate::per_minute(200),
                }),
                operation: Duration::from_secs(30),
                connections: 10_000,
                address_connections: None,
                header: Duration::from_secs(75),
                socket_operations: 100,
                user_sockets: 100,
                address_sockets: 2000,
                user_subscriptions: 500,
                keep_alive: Duration::from_secs(30),
                drain: Duration::from_secs(2),
            },
        })
    }
}

impl Stripe {
    fn of_the_sandbox(api_base: String) -> Result<Self, PricesError> {
        let one = |id: &str| vec![id.to_owned()];
        Ok(Self {
            calls: Calls {
                secret_key: "sk_test_development".into(),
                api_base,
                timeout: Duration::from_secs(10),
                attempts: 3,
                per_second: 1000,
            },
            publishable_key: Some("pk_test_development".to_owned()),
            webhook_secrets: vec![SecretString::from(DEMO.webhook_secret)],
            prices: PriceIds::new(vec![
                (Tier::Core, one("price_core")),
                (Tier::Pro, one("price_pro")),
                (Tier::Studio, one("price_studio")),
            ])?,
            portal_configuration: None,
            checkout: CheckoutOptions::default(),
        })
    }
}
