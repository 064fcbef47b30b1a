//! The parts that every use case needs: the database, Stripe, the clock, the feed, the settings.

use std::{
    ops::Deref,
    sync::{Arc, Mutex},
};

use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::{
    auth::{IdentityCache, PasswordCost, Tokens},
    clock::Clock,
    config::{Config, PriceIds},
    database::Database,
    error::Error,
    events::Sender,
    feed::Feed,
    ledger::Charges,
    mail::Mailer,
    standing::Standings,
    stripe::{SessionOptions, Stripe, TaxBehavior},
    throttle::Throttle,
    work::Signal,
};

/// The running gateway, cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The database, by the connections for users' requests, or by those for webhooks and jobs. Shared, because a request
    /// clones the app about a dozen times, and a [`Database`] includes the options of its connections.
    pub database: Arc<Database>,
    parts: Arc<Parts>,
}

/// The parts of a gateway, apart from its database.
pub struct Parts {
    /// Business time and wall time.
    pub clock: Clock,
    /// Issues and verifies tokens.
    pub tokens: Tokens,
    /// The cost of hashing a password, and of refusing a wrong one.
    pub password_cost: PasswordCost,
    /// Stripe and the prices there. `None` if payments are disabled.
    pub payments: Option<Payments>,
    /// Users of recent requests, and what their tokens may do.
    pub identities: Arc<IdentityCache>,
    /// Sends mail. `None` where it is not configured.
    pub mailer: Option<Mailer>,
    /// Charges exports.
    pub charges: Charges,
    /// Accounts and current subscriptions, read in batches.
    pub standings: Standings,
    /// Hints between writers and watchers.
    pub feed: Feed,
    /// Sends events to other services.
    pub sender: Sender,
    /// Rate limits of callers.
    pub throttle: Throttle,
    /// Wakes the workers of the queue in this process.
    pub work: Signal,
    /// Permits of webhooks whose response may wait for a look.
    pub inline_looks: Semaphore,
    /// The settings.
    pub config: Config,
    /// Tasks that run to completion even if their caller has gone.
    pub tasks: TaskTracker,
}

/// Access to Stripe.
#[derive(Clone)]
pub struct Payments {
    /// Outgoing calls.
    pub stripe: Stripe,
    /// The price ids of the tiers.
    pub prices: PriceIds,
    /// Secrets that webhooks may be signed with.
    pub webhook_secrets: Vec<String>,
    /// The key that pages use for Stripe's scripts.
    pub publishable_key: Option<String>,
    /// The options of checkouts.
    pub session_options: SessionOptions,
    /// The relation of taxes to our prices, as it was read last.
    pub tax: Arc<Mutex<Option<TaxBehavior>>>,
}

impl App {
    /// Creates the app from its parts.
    #[must_use]
    pub fn new(database: Database, parts: Parts) -> Self {
        Self { database: Arc::new(database), parts: Arc::new(parts) }
    }

    /// Returns the app for webhooks and jobs, which use their own connections.
    #[must_use]
    pub fn background(&self) -> Self {
        Self { database: Arc::new(self.database.background()), parts: self.parts.clone() }
    }

    /// Returns the access to Stripe.
    ///
    /// # Errors
    /// [`Error::StripeDisabled`] if payments are disabled.
    pub fn payments(&self) -> Result<&Payments, Error> {
        self.payments.as_ref().ok_or(Error::StripeDisabled)
    }

    /// Runs `work` to completion in its own task, even if the caller stops waiting, so that the result of a call to Stripe is
    /// applied nevertheless.
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
