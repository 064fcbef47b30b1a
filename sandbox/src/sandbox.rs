//! A running sandbox.

mod billing;
mod webhooks;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, atomic::AtomicI64},
    time::Duration,
};

use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use crate::{
    billing::{
        catalogue,
        checkout::{self, Refusal},
        delayed_payment, time,
    },
    calls::test_clock,
    http,
    resources::endpoint,
    store::{Store, clock::Clock, error::Error, fault::Fault, file, kind::Kind, state::State, work::Cause},
    webhooks::delivery::Deliverer,
};

/// The time for which [`Sandbox::stop`] waits for requests that are still being answered.
const PATIENCE: Duration = Duration::from_secs(5);

/// The settings of a sandbox.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The loopback address to listen on; port 0 takes a free one.
    pub bind: SocketAddr,
    /// The addresses that every event is delivered to.
    pub webhook_urls: Vec<String>,
    /// The secret that deliveries are signed with.
    pub webhook_secret: String,
    /// The file that stores the state between runs; without one, the state is lost when the sandbox stops.
    pub state_file: Option<PathBuf>,
    /// The seed that makes ids and shuffles the same in every run; without one, they are random.
    pub seed: Option<u64>,
}

/// A running sandbox. Dropping it stops it without a final write of the state file; [`Sandbox::stop`] shuts it down in order.
pub struct Sandbox {
    address: SocketAddr,
    pub(crate) store: Arc<Store>,
    tasks: TaskTracker,
    stop: CancellationToken,
    _stop_when_dropped: DropGuard,
}

impl Sandbox {
    /// Starts a sandbox: binds the address, loads the state file if there is one, and serves the API and delivers
    /// webhooks in the background.
    ///
    /// # Errors
    /// When the address is not loopback or is in use, or the state file cannot be read.
    pub async fn start(settings: Settings) -> Result<Sandbox, Error> {
        let bind = settings.bind;
        if !bind.ip().is_loopback() {
            return Err(Error::NotLoopback(bind));
        }
        let clock = Clock::default();
        let loaded = settings.state_file.as_deref().map(file::load).transpose()?.flatten();
        let mut state = loaded.unwrap_or_else(|| {
            let mut state = State::new();
            catalogue::seed(&mut state, clock.now());
            state
        });
        let listen = |source| Error::Listen { address: bind, source };
        let listener = TcpListener::bind(bind).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        state.move_to(format!("http://{address}"));
        state.rng.set_seed(settings.seed);
        state.webhooks.secret = settings.webhook_secret;

        let store = Arc::new(Store::new(state, clock));
        let stop = CancellationToken::new();
        let sandbox =
            Sandbox { address, store, tasks: TaskTracker::new(), _stop_when_dropped: stop.clone().drop_guard(), stop };
        sandbox.set_webhook_urls(settings.webhook_urls);
        sandbox.spawn(Arc::new(Deliverer::new(Arc::clone(&sandbox.store))?).serve_all());
        sandbox.spawn(time::watch(Arc::clone(&sandbox.store)));
        let store = Arc::clone(&sandbox.store);
        sandbox.spawn(async move { test_clock::follow(&store).await });
        if let Some(path) = settings.state_file {
            sandbox.tasks.spawn(file::keep(Arc::clone(&sandbox.store), path, sandbox.stop.clone()));
        }
        let router = http::router(Arc::clone(&sandbox.store));
        let server = axum::serve(listener, router).with_graceful_shutdown(sandbox.stop.clone().cancelled_owned());
        sandbox.tasks.spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "the sandbox stopped serving");
            }
        });
        Ok(sandbox)
    }

    /// Runs a task until the sandbox stops.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        let until_stopped = async move {
            stop.run_until_cancelled_owned(task).await;
        };
        self.tasks.spawn(until_stopped);
    }

    /// Returns the address on which the sandbox listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sets the addresses that events are delivered to. An endpoint is identified by its index in the list: its pending
    /// deliveries go to its new address.
    pub fn set_webhook_urls(&self, urls: Vec<String>) {
        self.store.work(Cause::default(), |work| {
            work.state.webhooks.addresses = urls;
            work.state.outbox.hurry();
        });
    }

    /// Returns the number of seconds by which business time is ahead of wall time. A clock that follows this atomic has
    /// the same time.
    #[must_use]
    pub fn clock_offset(&self) -> Arc<AtomicI64> {
        self.store.clock.offset()
    }

    /// Advances business time by whole seconds. Timers fire in order, each at its own time: sessions expire,
    /// subscriptions renew and are charged an hour later, failed payments are retried. Endpoints receive the events of
    /// one timer before the next fires, as long as they respond.
    pub async fn advance(&self, by: Duration) {
        time::advance(&self.store, by).await;
    }

    /// Returns business time in seconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.store.clock.now()
    }

    /// Waits until every event is delivered or given up. Use a timeout if an endpoint may refuse events for a long time.
    pub async fn settled(&self) {
        let mut changes = self.store.changes();
        loop {
            changes.borrow_and_update();
            if self.store.view(|state| state.outbox.is_settled(&endpoint::keys(state)))
                || changes.changed().await.is_err()
            {
                return;
            }
        }
    }

    /// Returns all events, oldest first, as the API would return them.
    #[must_use]
    pub fn events(&self) -> Vec<Value> {
        self.store.view(|state| state.all(Kind::Event).cloned().collect())
    }

    /// Returns the number of API requests since the start, by method and path template such as `POST /v1/customers` or
    /// `GET /v1/subscriptions/{id}`.
    #[must_use]
    pub fn requests(&self) -> BTreeMap<String, u64> {
        self.store.requests.counts()
    }

    /// Answers API requests beyond `per_second` with 429 and `Retry-After`. 0, which is the default, sets no limit.
    pub fn set_rate_limit(&self, per_second: u32) {
        self.store.rate_limit.set(per_second);
    }

    /// Returns the number of API requests that were refused because of the rate limit.
    #[must_use]
    pub fn refused_by_rate_limit(&self) -> u64 {
        self.store.rate_limit.refused()
    }

    /// Adds a fault of the next matching calls. Faults are used up in the order in which they were added.
    pub fn inject(&self, fault: Fault) {
        self.store.faults.add(fault);
    }

    /// Pays an open checkout session with one of the test numbers, as the hosted page does, and returns the session.
    ///
    /// # Errors
    /// When the session is unknown or not open, or the payment is declined.
    pub fn pay(&self, session: &str, card_number: &str) -> Result<Value, Error> {
        let paid = self.store.work(Cause::default(), |work| checkout::pay(work, session, card_number));
        paid.map_err(|refusal| match refusal {
            Refusal::NoSuchSession | Refusal::Closed => Error::NotOpen(session.to_owned()),
            Refusal::Declined(decline) => Error::Declined(decline.message.to_owned()),
        })
    }

    /// Completes the payment of a session that was paid by a delayed method, as succeeded or failed, and returns the session.
    ///
    /// # Errors
    /// When the session is unknown or its payment is not in processing.
    pub fn settle_delayed(&self, session: &str, arrived: bool) -> Result<Value, Error> {
        let settled = self.store.work(Cause::default(), |work| delayed_payment::settle(work, session, arrived));
        settled.map_err(|_| Error::NotOpen(session.to_owned()))?;
        Ok(self.object(session).unwrap_or_default())
    }

    /// Stops the sandbox. Running requests are answered, and the state file is written. Running deliveries are aborted,
    /// and repeated after the next start from the file.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(PATIENCE, self.tasks.wait()).await.is_err() {
            tracing::warn!("the sandbox stopped before every request was answered");
        }
    }
}
