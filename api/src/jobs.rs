//! Background work: the queue of due work, and the loops that deliver hints. The tasks of the queue use the same idempotent
//! functions as requests, so that several replicas never apply anything twice.

mod backstop;
mod delivery;
mod low_balance;
mod prune;
mod queue;
mod reconcile;
mod relay;
mod replicas;
mod tax;

use std::{sync::Arc, time::Duration};

use entity::work::Kind;
use tokio_util::sync::CancellationToken;

use self::{low_balance::GrownLedgers, replicas::Exchange};
use crate::{
    accounts,
    app::App,
    billing,
    error::Error,
    sync,
    work::{self, Claim, Next},
};

pub use queue::work_off;

/// The workers of one kind of task in one process.
struct Lane {
    kind: Kind,
    workers: usize,
    /// Time limit for an attempt, far above the usual duration. An attempt that waits on a dead connection is abandoned,
    /// and its task is due again.
    limit: Duration,
}

const LANES: [Lane; 15] = [
    Lane::new(Kind::Event, 4),
    Lane::new(Kind::Look, 16),
    Lane::new(Kind::Operation, 8),
    Lane::new(Kind::Duplicate, 2),
    Lane::new(Kind::OpenInvoice, 2),
    Lane::new(Kind::Unlimited, 4),
    Lane::new(Kind::Hold, 16),
    Lane::new(Kind::Alert, 2),
    Lane::new(Kind::TopUp, 4),
    Lane::new(Kind::Customer, 2),
    Lane::new(Kind::Mail, 2),
    Lane::new(Kind::Relay, 1),
    // One for each endpoint.
    Lane::new(Kind::Delivery, billing::event_endpoint::MAX_ENDPOINTS),
    Lane { kind: Kind::Reconcile, workers: 1, limit: Duration::from_hours(12) },
    Lane { kind: Kind::Prune, workers: 1, limit: Duration::from_hours(1) },
];

impl Lane {
    const fn new(kind: Kind, workers: usize) -> Self {
        Self { kind, workers, limit: Duration::from_mins(5) }
    }
}

/// Time limit for an attempt at a kind of task.
fn limit(kind: Kind) -> Duration {
    LANES.iter().find(|lane| lane.kind == kind).map_or(Duration::MAX, |lane| lane.limit)
}

/// Starts all background work. It ends when `stop` is cancelled.
pub fn start(app: &App, stop: &CancellationToken) {
    let grown = Arc::<GrownLedgers>::default();
    app.tasks.spawn(stop.clone().run_until_cancelled_owned(backstop::run(app.clone(), grown.clone())));
    app.tasks.spawn(stop.clone().run_until_cancelled_owned(low_balance::run(app.clone(), grown)));
    if app.payments.as_ref().is_some_and(|payments| payments.session_options.tax) {
        app.tasks.spawn(stop.clone().run_until_cancelled_owned(tax::run(app.clone())));
    }
    if let Some(outbox) = app.feed.outbox() {
        let exchange = Exchange::new(app.clone(), outbox.clone());
        app.tasks.spawn(stop.clone().run_until_cancelled_owned(exchange.clone().send()));
        app.tasks.spawn(stop.clone().run_until_cancelled_owned(exchange.listen()));
    }
    let (app, stop) = (app.clone(), stop.clone());
    app.tasks.clone().spawn(async move {
        if let Err(error) = ensure_single_tasks(&app).await {
            tracing::warn!(%error, "could not request periodic tasks; another replica or the next start will do so");
        }
        queue::run(app, stop).await;
    });
}

async fn ensure_single_tasks(app: &App) -> Result<(), Error> {
    let mut tasks = vec![Kind::Prune];
    if app.payments.is_some() {
        tasks.extend(app.config.reconcile_interval.map(|_| Kind::Reconcile));
    }
    for kind in tasks {
        work::ensure(app.database.write(), &app.clock, kind, "").await?;
    }
    Ok(())
}

/// Makes one attempt at a task.
async fn perform(app: &App, claim: &Claim) -> Result<Next, Error> {
    let key = claim.key.as_str();
    match claim.kind {
        Kind::Event => sync::retry_event(app, key).await,
        Kind::Look => sync::work_off_look(app, key).await,
        Kind::Operation => billing::unfinished::resume(app, number(key)?).await,
        Kind::Duplicate => billing::duplicate::end_for(app, number(key)?).await,
        Kind::OpenInvoice => billing::open_invoice::void_all(app, key).await,
        Kind::Unlimited => sync::end_unlimited(app, number(key)?).await,
        Kind::Hold => billing::hold::expire(app, number(key)?).await,
        Kind::Alert => billing::alert::alert_of_end(app, number(key)?).await,
        Kind::TopUp => billing::top_up::run(app, number(key)?).await,
        Kind::Customer => billing::customer_update::update(app, number(key)?).await,
        Kind::Mail => accounts::send_mail(app, key).await,
        Kind::Relay => relay::run(app).await,
        Kind::Delivery => delivery::run(app, number(key)?).await,
        Kind::Reconcile => reconcile::run(app).await,
        Kind::Prune => prune::run(app).await,
    }
}

fn number(key: &str) -> Result<i64, Error> {
    key.parse().map_err(|_| Error::Internal(format!("the key {key} of a task is not a number")))
}
