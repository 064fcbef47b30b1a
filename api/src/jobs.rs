//! What runs beside requests: a file a loop. Each finds its work in the tables, so that a crash loses none of it, and
//! does it by the same idempotent doors as everybody else, so that several replicas never do one thing twice.

mod backstop;
mod lease;
mod prune;
mod reconcile;
mod replicas;

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{app::App, billing, error::Error, settle};

pub use prune::prune;

/// How often open operations, failed events and ended entitlements are looked for.
const SWEEP: Duration = Duration::from_secs(15);

/// How long one replica keeps the sweep: a little less, so that it is free again when the next is due.
const LEASE: Duration = Duration::from_secs(14);

/// How often old payloads are looked for.
const PRUNE: Duration = Duration::from_hours(1);

/// Starts every loop. They end when `stop` is cancelled.
pub fn start(app: &App, stop: &CancellationToken) {
    app.tasks.spawn(stop.clone().run_until_cancelled_owned(backstop::run(app.clone())));
    if let Some(outbox) = app.feed.outbox() {
        app.tasks.spawn(stop.clone().run_until_cancelled_owned(replicas::send(app.clone(), outbox.clone())));
        app.tasks.spawn(stop.clone().run_until_cancelled_owned(replicas::listen(app.clone())));
    }
    app.tasks.spawn(stop.clone().run_until_cancelled_owned(sweep(app.clone())));
    if app.payments.is_some() {
        app.tasks.spawn(stop.clone().run_until_cancelled_owned(ask_stripe(app.clone())));
        if let Some(interval) = app.config.reconcile_interval {
            app.tasks.spawn(stop.clone().run_until_cancelled_owned(reconcile::run(app.clone(), interval)));
        }
    }
    app.tasks.spawn(stop.clone().run_until_cancelled_owned(forget(app.clone())));
}

async fn forget(app: App) {
    let mut ticks = tokio::time::interval(PRUNE);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if due(&app, "prune", PRUNE / 2).await {
            report("old payloads of webhooks pruned", prune(&app).await.map_err(Error::from));
        }
        if app.payments.is_some() && settle::renewals_go_unheard(&app).await.unwrap_or_default() {
            tracing::warn!(
                "subscriptions were renewed, but no invoice.paid was ever received: the webhook endpoint at Stripe has to \
                 send it, or renewals bring no credits"
            );
        }
    }
}

/// Whether this replica is to do a job now.
async fn due(app: &App, job: &str, lease: Duration) -> bool {
    lease::take(app, job, lease).await.unwrap_or_else(|error| {
        tracing::warn!(job, %error, "not done this time");
        false
    })
}

async fn sweep(app: App) {
    let mut ticks = tokio::time::interval(SWEEP);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if !due(&app, "sweep", LEASE).await {
            continue;
        }
        report("unlimited exports ended", settle::sweep(&app).await);
        if app.payments.is_some() {
            report("waiting webhooks settled or given up", settle::sweep_waiting(&app).await);
            report("failed webhooks tried again", settle::retry_failed(&app).await);
        }
    }
}

/// What calls Stripe has a loop of its own, so that a slow Stripe keeps nothing else waiting.
async fn ask_stripe(app: App) {
    let mut ticks = tokio::time::interval(SWEEP);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if !due(&app, "operations", LEASE).await {
            continue;
        }
        report("open operations looked after", billing::operation::finish_open(&app).await);
        report("payments and invoices asked for", settle::ask_for_missing(&app).await);
        report("second subscriptions ended", billing::duplicate::end_all(&app).await);
    }
}

fn report(what: &'static str, done: Result<usize, Error>) {
    match done {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "{what}"),
        Err(error) => tracing::warn!(%error, "not done this time: {what}"),
    }
}
