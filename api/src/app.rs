//! What every use case needs: the database, Stripe, the clock, the feed, the settings.

use std::{ops::Deref, sync::Arc};

use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::{
    auth::{IdentityCache, PasswordCost, Tokens},
    clock::Clock,
    config::{Config, Prices},
    database::Database,
    error::Error,
    feed::Feed,
    ledger::Charges,
    mail::Mailer,
    standing::Standings,
    stripe::Stripe,
    throttle::Throttle,
    work::Signal,
};

/// The running gateway, cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The rows, by the connections of users' requests, or by those of webhooks and jobs.
    pub database: Database,
    parts: Arc<Parts>,
}

/// What a gateway is made of besides its rows.
pub struct Parts {
    /// Business time and wall time.
    pub clock: Clock,
    /// Who makes and reads tokens.
    pub tokens: Tokens,
    /// The cost of hashing a password, and of refusing a wrong one.
    pub password_cost: PasswordCost,
    /// Stripe and what is sold there. `None` when payments are switched off.
    pub payments: Option<Payments>,
    /// Users whose tokens came in, and what those may do.
    pub identities: Arc<IdentityCache>,
    /// Sends mail. `None` where it is not configured.
    pub mailer: Option<Mailer>,
    /// The door for exports.
    pub charges: Charges,
    /// Accounts and current subscriptions, read in batches.
    pub standings: Standings,
    /// Hints between writers and watchers.
    pub feed: Feed,
    /// How often one caller may ask.
    pub throttle: Throttle,
    /// Wakes the workers of the queue in this process.
    pub work: Signal,
    /// How many answers of webhooks may wait for a look.
    pub inline_looks: Semaphore,
    /// Everything that was configured.
    pub config: Config,
    /// Work that runs to its end although its caller has gone.
    pub tasks: TaskTracker,
}

/// The side that faces Stripe.
#[derive(Clone)]
pub struct Payments {
    /// Outgoing calls.
    pub stripe: Stripe,
    /// Which price is which tier.
    pub prices: Prices,
    /// Secrets that webhooks may be signed with.
    pub webhook_secrets: Vec<String>,
    /// For the client's own use of Stripe's scripts.
    pub publishable_key: Option<String>,
}

impl App {
    /// Puts the parts together.
    #[must_use]
    pub fn new(database: Database, parts: Parts) -> Self {
        Self { database, parts: Arc::new(parts) }
    }

    /// The same gateway for webhooks and jobs, which use connections of their own.
    #[must_use]
    pub fn background(&self) -> Self {
        Self { database: self.database.background(), parts: self.parts.clone() }
    }

    /// The side that faces Stripe.
    ///
    /// # Errors
    /// [`Error::StripeDisabled`] when payments are switched off.
    pub fn payments(&self) -> Result<&Payments, Error> {
        self.payments.as_ref().ok_or(Error::StripeDisabled)
    }

    /// Runs `work` to its end in a task of its own, also when the caller gives up waiting: what was asked of Stripe is
    /// settled all the same.
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn finish<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        // In the span of the caller, so that log lines name the request.
        let task = self.tasks.spawn(work.in_current_span());
        task.await.map_err(|error| Error::Internal(format!("a task ended early: {error}")))?
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}
