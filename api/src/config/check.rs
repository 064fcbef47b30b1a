//! From settings to a [`Config`]: every problem is found, and reported with its variable.

mod database;
mod legal;
mod log;
mod mail;
mod stripe;
mod tokens;

use std::{
    fmt::Display,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    ops::RangeInclusive,
    path::Path,
    time::Duration,
};

use super::{
    AddressVariables, Config, Development, DevelopmentVariables, DocumentLimits, Limits, OriginVariables, Problems,
    Variables,
    value::Origin,
    variables::{DocumentVariables, LimitVariables},
};
use crate::throttle::Rates;

pub use database::check_url;

/// Maximum cost of an export: far below the sums that could overflow.
const MAX_EXPORT_COST: i64 = 1_000_000;

/// Maximum depth of a document: async-graphql walks no deeper.
const MAX_DEPTH: usize = 32;

/// Longest interval between two reconciliations, in minutes: a week.
const MAX_RECONCILE_MINUTES: u32 = 7 * 24 * 60;

/// Address if neither `BIND` nor `PORT` is set.
const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8000);

impl Variables {
    /// Checks every setting. `problems` holds those found before.
    ///
    /// # Errors
    /// Every problem, with the variable that has it.
    pub fn check(self, mut problems: Problems) -> Result<Config, Problems> {
        let found = &mut problems;
        let graphiql = self.graphiql.take(found);
        let introspection = self.introspection.take_if(found, |allowed| match allowed {
            Some(false) if graphiql => {
                Err("must not be false while GRAPHIQL is true: GraphiQL loads the schema".to_owned())
            }
            _ => Ok(()),
        });
        let minutes = self.reconcile_interval_minutes.take_if(found, within(0..=MAX_RECONCILE_MINUTES));
        let webhook_days = self.webhook_retention_days.take_if(found, within(1..=3650));
        let operation_days = self.operation_retention_days.take_if(found, within(2..=3650));
        let alert_days = self.alert_retention_days.take_if(found, within(7..=3650));
        let event_days = self.event_retention_days.take_if(found, within(4..=3650));
        let (mail, public_url) = self.mail.take(found);
        let config = Config {
            bind: self.address.take(found),
            metrics_bind: self.metrics_bind.take(found),
            database: self.database.take(found),
            tokens: self.tokens.take(found),
            stripe: self.payments.take(found),
            password_cost: self.bcrypt_cost.take_if(found, within(10..=16)),
            reconcile_interval: (minutes > 0).then(|| Duration::from_mins(minutes.into())),
            webhook_retention: Duration::from_hours(u64::from(webhook_days) * 24),
            operation_retention: Duration::from_hours(u64::from(operation_days) * 24),
            alert_retention: Duration::from_hours(u64::from(alert_days) * 24),
            event_retention: Duration::from_hours(u64::from(event_days) * 24),
            event_targets_special: self.event_targets_special.take(found),
            export_cost: self.patchbook_export_cost.take_if(found, within(0..=MAX_EXPORT_COST)),
            redirect_origins: texts(self.allowed_redirect_origins.take(found)),
            cors_origins: self.origins.take(found),
            loopback_origins: false,
            graphiql,
            introspection: introspection.unwrap_or(graphiql),
            trusted_documents: self.trusted_documents.take_if(found, |path| path.as_deref().map_or(Ok(()), is_file)),
            proxies: self.trusted_proxies.take(found),
            mail,
            public_url,
            legal: self.legal.take(found),
            limits: self.limits.take(self.document.take(found), found),
        };
        problems.none_or(config)
    }
}

impl AddressVariables {
    /// Checks the address to listen on. `problems` holds those found before.
    ///
    /// # Errors
    /// Every problem, with the variable that has it.
    pub fn check(self, mut problems: Problems) -> Result<SocketAddr, Problems> {
        let address = self.take(&mut problems);
        problems.none_or(address)
    }

    /// `PORT` counts on all addresses: a platform that assigns it forwards requests from elsewhere, and some do so by IPv6.
    fn take(self, problems: &mut Problems) -> SocketAddr {
        let port = self.port.take(problems).map(|port| SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)));
        self.bind.take(problems).or(port).unwrap_or(ADDRESS)
    }
}

impl DevelopmentVariables {
    /// Checks the settings of `dev`. `problems` holds those found before.
    ///
    /// # Errors
    /// Every problem, with the variable that has it.
    pub fn check(self, mut problems: Problems) -> Result<Development, Problems> {
        let found = &mut problems;
        let settings = Development {
            cors_origins: self.origins.take(found),
            checkout: self.checkout.take(found),
            legal: self.legal.take(found),
        };
        problems.none_or(settings)
    }
}

impl OriginVariables {
    fn take(self, problems: &mut Problems) -> Vec<String> {
        texts(self.cors_allowed_origins.take(problems))
    }
}

impl DocumentVariables {
    fn take(self, problems: &mut Problems) -> DocumentLimits {
        DocumentLimits {
            bytes: self.max_document_bytes.take_if(problems, at_least_one()),
            tokens: self.max_document_tokens.take_if(problems, at_least_one()),
            depth: self.max_depth.take_if(problems, within(1..=MAX_DEPTH)),
            aliases: self.max_aliases.take(problems),
            directives: self.max_directives.take(problems),
            root_fields: self.max_root_fields.take_if(problems, at_least_one()),
            mutations: self.max_mutations.take_if(problems, at_least_one()),
            complexity: self.max_complexity.take_if(problems, at_least_one()),
            page: self.max_page_size.take_if(problems, within(1..=100)),
        }
    }
}

impl LimitVariables {
    fn take(self, document: DocumentLimits, problems: &mut Problems) -> Limits {
        let rates = Rates {
            user: self.rate_limit_user.take(problems),
            stripe: self.rate_limit_stripe.take(problems),
            address: self.rate_limit_address.take(problems),
            webhook: self.rate_limit_webhook.take(problems),
            sign_up: self.rate_limit_sign_up.take(problems),
            log_in: self.rate_limit_log_in.take(problems),
            log_in_email: self.rate_limit_log_in_email.take(problems),
        };
        Limits {
            body_bytes: self.max_body_bytes.take_if(problems, at_least_one()),
            webhook_bytes: self.max_webhook_bytes.take_if(problems, at_least_one()),
            document,
            persisted_documents: self.max_persisted_documents.take(problems),
            persisted_bytes: self.max_persisted_bytes.take(problems),
            rates: self.rate_limit.take(problems).then_some(rates),
            operation: self.operation_timeout.take(problems),
            connections: self.max_connections.take_if(problems, at_least_one()),
            address_connections: self
                .max_connections_per_address
                .take_if(problems, |limit| limit.as_ref().map_or(Ok(()), at_least_one())),
            header: self.header_timeout.take(problems),
            socket_operations: self.max_socket_operations.take_if(problems, at_least_one()),
            user_sockets: self.max_sockets_per_user.take_if(problems, at_least_one()),
            address_sockets: self.max_sockets_per_address.take_if(problems, at_least_one()),
            user_subscriptions: self.max_subscriptions_per_user.take_if(problems, at_least_one()),
            keep_alive: self.keep_alive.take(problems),
            drain: self.drain.take(problems),
        }
    }
}

fn texts(origins: Vec<Origin>) -> Vec<String> {
    origins.into_iter().map(|origin| origin.0).collect()
}

fn is_file(path: &Path) -> Result<(), String> {
    if path.is_file() { Ok(()) } else { Err(format!("must be the path of a file, not {:?}", path.display())) }
}

fn within<T: PartialOrd + Display>(range: RangeInclusive<T>) -> impl FnOnce(&T) -> Result<(), String> {
    move |value| {
        if range.contains(value) {
            Ok(())
        } else {
            Err(format!("must be from {} to {}, not {value}", range.start(), range.end()))
        }
    }
}

fn at_least_one() -> impl FnOnce(&usize) -> Result<(), String> {
    |value| if *value == 0 { Err("must be at least 1".to_owned()) } else { Ok(()) }
}
