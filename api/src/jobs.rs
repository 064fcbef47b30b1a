//! What runs beside requests: a file a loop. Each finds its work in the tables, so that a crash loses none of it, and
//! does it by the same idempotent doors as everybody else, so that several replicas never do one thing twice.

mod backstop;
mod lease;
mod replicas;

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{app::App, billing, error::Error, settle};

/// How often open operations, failed events and ended entitlements are looked for.
const SWEEP: Duration = Duration::from_secs(15);

/// How long one replica keeps the sweep: a little less, so that it is free again when the next is due.
const LEASE: Duration = Duration::from_secs(14);

/// Starts every loop. They end when `stop` is cancelled.
pub fn start(app: &App, stop: &CancellationToken) {
    app.tasks.spawn(stop.clone().run_until_cancelled_owned(backstop::run(app.clone())));
    if let Some(outbox) = app.feed.outbox() {
        app.tasks.spawn(stop.clone().run_until_cancelled_owned(replicas::send(app.clone(), outbox.clone())));
        app.tasks.spawn(stop.clone().run_until_cancelled_owned(replicas::listen(app.clone())));
    }
    app.tasks.spawn(stop.clone().run_until_cancelled_owned(sweep(app.clone())));
}

async fn sweep(app: App) {
    let mut ticks = tokio::time::interval(SWEEP);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match lease::take(&app, "sweep", LEASE).await {
            Ok(true) => {}
            Ok(false) => continue,
            Err(error) => {
                tracing::warn!(%error, "not swept this time");
                continue;
            }
        }
        report("unlimited exports ended", settle::sweep(&app).await);
        if app.payments.is_some() {
            report("open operations looked after", billing::operation::finish_open(&app).await);
            report("failed webhooks tried again", settle::retry_failed(&app).await);
        }
    }
}

fn report(what: &'static str, done: Result<usize, Error>) {
    match done {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "{what}"),
        Err(error) => tracing::warn!(%error, "not done this time: {what}"),
    }
}
