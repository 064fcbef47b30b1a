//! Processes the queue: takes due tasks, each kind up to its own limit, so that no kind keeps another waiting.

use std::{collections::HashMap, sync::Arc, time::Duration};

use chrono::TimeDelta;
use entity::work::Kind;
use tokio::{
    sync::Semaphore,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{LANES, limit, perform};
use crate::{
    app::App,
    error::Error,
    telemetry,
    work::{self, Claim},
};

/// Interval at which the table is read when this process requests no work.
const INTERVAL: Duration = Duration::from_secs(1);

/// Processes tasks until `stop`, then releases those in progress.
pub(super) async fn run(app: App, stop: CancellationToken) {
    let lanes: HashMap<_, _> = LANES.iter().map(|lane| (lane.kind, Arc::new(Semaphore::new(lane.workers)))).collect();
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !stop.is_cancelled() {
        tokio::select! {
            _ = ticks.tick() => {}
            () = app.work.woken() => {}
            () = stop.cancelled() => return,
        }
        if let Err(error) = start_due(&app, &lanes, &stop).await {
            tracing::warn!(%error, "the queue of work could not be read");
        }
    }
}

async fn start_due(app: &App, lanes: &HashMap<Kind, Arc<Semaphore>>, stop: &CancellationToken) -> Result<(), Error> {
    let mut age = TimeDelta::zero();
    for (kind, due_at) in work::oldest(app.database.read(), &app.clock).await? {
        let waited = work::now(&app.clock, kind) - due_at;
        age = age.max(waited);
        if waited < TimeDelta::zero() {
            continue;
        }
        let Some(lane) = lanes.get(&kind) else { continue };
        let free = lane.available_permits();
        if free == 0 {
            continue;
        }
        for claim in work::claim(app.database.write(), &app.clock, kind, free).await? {
            // A permit is available, since only this loop takes permits.
            let Ok(permit) = lane.clone().try_acquire_owned() else { break };
            let (app, stop) = (app.clone(), stop.clone());
            app.tasks.clone().spawn(async move {
                tokio::select! {
                    () = attempt(&app, &claim) => {}
                    () = stop.cancelled() => give_back(&app, &claim).await,
                }
                drop(permit);
                app.work.wake();
            });
        }
    }
    telemetry::work_age(age);
    Ok(())
}

/// Makes one attempt at a task and records its result. The lease is renewed meanwhile; if it is lost, the attempt is
/// abandoned.
async fn attempt(app: &App, claim: &Claim) {
    // On the heap, because the future is as large as that of the largest kind of work.
    let limit = limit(claim.kind);
    let performing = Box::pin(timeout(limit, perform(app, claim)));
    let Some(outcome) = work::hold(app.database.write(), &app.clock, claim, performing).await else { return };
    let outcome = outcome.unwrap_or_else(|_| Err(Error::Internal(format!("an attempt took longer than {limit:?}"))));
    let db = app.database.write();
    let ended = match outcome {
        Ok(next) => work::finish(db, claim, next).await,
        Err(error) => {
            let (kind, key, attempt) = (claim.kind, claim.key.as_str(), claim.attempt);
            tracing::warn!(?kind, key, attempt, %error, "work failed and will be retried");
            work::fail(db, &app.clock, claim, &error.to_string()).await
        }
    };
    if let Err(error) = ended {
        // The lease expires, and the task is done once more.
        tracing::warn!(kind = ?claim.kind, key = claim.key, %error, "the result of a task could not be recorded");
    }
}

async fn give_back(app: &App, claim: &Claim) {
    if let Err(error) = work::release(app.database.write(), claim).await {
        tracing::warn!(%error, "a lease could not be released; the task waits until it expires");
    }
}

/// Processes, in this tokio task, the due tasks of a kind that no worker holds. Returns their number.
///
/// # Errors
/// The database's. A task that fails is due again later.
pub async fn work_off(app: &App, kind: Kind) -> Result<usize, Error> {
    let mut done = 0;
    loop {
        let claims = work::claim(app.database.write(), &app.clock, kind, 1).await?;
        let Some(claim) = claims.first() else { return Ok(done) };
        attempt(app, claim).await;
        done += 1;
    }
}
