//! Follows ledgers a moment after they have grown: those of accounts with a threshold of `LOW_BALANCE`, and those of accounts with
//! automatic top-ups. Charges take no part in it: the backstop reads which ledgers have grown anyway, once a second. Entries that
//! became visible later than it looks back are found by an occasional check of all thresholds, which also comes first after a
//! start, and finds the accounts whose top-up had to wait.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{MissedTickBehavior, interval, sleep},
};

use crate::{app::App, billing, error::Error};

/// Interval of the checks of all thresholds.
const FULL_INTERVAL: Duration = Duration::from_mins(5);

/// Pause after a failure.
const PAUSE: Duration = Duration::from_secs(1);

/// Maximum number of users in one query, within the limits of both databases for parameters.
const BATCH: usize = 10_000;

/// Users whose ledgers have grown, with their versions, until they are followed.
#[derive(Debug, Default)]
pub(super) struct GrownLedgers {
    waiting: Mutex<HashMap<i64, i64>>,
    filled: Notify,
}

impl GrownLedgers {
    pub(super) fn add(&self, user_id: i64, version: i64) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = waiting.entry(user_id).or_default();
        *newest = version.max(*newest);
        drop(waiting);
        self.filled.notify_one();
    }

    /// Takes some users out.
    fn take(&self) -> Vec<(i64, i64)> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let users: Vec<_> = waiting.keys().take(BATCH).copied().collect();
        let taken = users.into_iter().filter_map(|user_id| waiting.remove_entry(&user_id)).collect();
        if !waiting.is_empty() {
            self.filled.notify_one();
        }
        taken
    }
}

/// Follows ledgers, for ever.
pub(super) async fn run(app: App, grown: Arc<GrownLedgers>) {
    let mut ticks = interval(FULL_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let followed = tokio::select! {
            _ = ticks.tick() => follow_all(&app).await,
            () = grown.filled.notified() => follow(&app, &grown).await,
        };
        if let Err(error) = followed {
            tracing::warn!(%error, "thresholds could not be checked this time");
        }
    }
}

async fn follow_all(app: &App) -> Result<(), Error> {
    let requested = billing::top_up::request_all(app).await;
    billing::alert::follow_all(app).await?;
    requested
}

async fn follow(app: &App, grown: &GrownLedgers) -> Result<(), Error> {
    let versions = grown.take();
    let users: Vec<_> = versions.iter().map(|(user_id, _)| *user_id).collect();
    let requested = billing::top_up::request_where_low(app, &users).await;
    let followed = billing::alert::follow_users(app, &versions).await;
    let is_failed = |user_id: &i64| followed.as_ref().map_or(true, |failed| failed.contains(user_id));
    let has_failed = |user_id: &i64| requested.is_err() || is_failed(user_id);
    let failed: Vec<_> = versions.into_iter().filter(|(user_id, _)| has_failed(user_id)).collect();
    if !failed.is_empty() {
        sleep(PAUSE).await;
    }
    for (user_id, version) in failed {
        grown.add(user_id, version);
    }
    followed?;
    requested
}
