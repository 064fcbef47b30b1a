//! The backstop of hints. Changes whose hints were lost, and changes by other processes, reach their watchers this way.
//!
//! Once a second it reads the entries that were posted since, the alerts that were added, and the versions of watched
//! subscriptions and top-ups. So its cost depends mostly on the number of changes, not of watchers. Ids are assigned before
//! commits, so an entry may become visible after later ones: each pass starts at the newest id of some seconds ago. Those that
//! take even longer to commit are found by an occasional check of all watched users.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use tokio::time::Instant;

use super::low_balance::GrownLedgers;
use crate::{
    accounts, alert,
    app::App,
    feed::{Hint, Path, Subject},
    ledger, sync,
};

const INTERVAL: Duration = Duration::from_secs(1);

/// Number of passes that start at the same entry.
const OVERLAP: usize = 4;

/// Interval of the checks of all watched users.
const FULL_INTERVAL: Duration = Duration::from_secs(30);

/// Maximum number of users in one query, within the limits of both databases for parameters.
const BATCH: usize = 10_000;

pub(super) async fn run(app: App, grown: Arc<GrownLedgers>) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut backstop = Backstop { grown, ..Backstop::default() };
    loop {
        ticks.tick().await;
        if let Err(error) = backstop.tick(&app).await {
            tracing::warn!(%error, "the watchers could not be checked this time");
        }
        if let Err(error) = backstop.notice_revocations(&app).await {
            tracing::warn!(%error, "recent revocations could not be read this time");
        }
    }
}

/// The positions up to which tables were read, and when revocations were read last.
#[derive(Default)]
struct Backstop {
    entries: Trail,
    alerts: Trail,
    /// The ledgers that have grown, for thresholds.
    grown: Arc<GrownLedgers>,
    full_at: Option<Instant>,
    /// Wall time.
    noticed_at: Option<DateTime<Utc>>,
}

/// The newest id at the end of each of the last passes, oldest first.
#[derive(Default)]
struct Trail(VecDeque<i64>);

impl Trail {
    /// The id after which the next pass reads.
    fn after(&self) -> i64 {
        self.0.front().copied().unwrap_or(0)
    }

    /// Ends a pass that read ids up to this one.
    fn add(&mut self, read: i64) {
        let newest = self.0.back().copied().unwrap_or(0);
        self.0.push_back(newest.max(read));
        if self.0.len() > OVERLAP {
            self.0.pop_front();
        }
    }
}

impl Backstop {
    async fn tick(&mut self, app: &App) -> Result<(), DbErr> {
        let now = Instant::now();
        if self.full_at.is_none_or(|at| now.duration_since(at) >= FULL_INTERVAL) {
            if self.full_at.is_none() {
                self.entries.add(ledger::newest_entry_id(app.database.read()).await?);
                self.alerts.add(alert::newest_of_all(app.database.read()).await?);
            }
            look(app).await?;
            self.full_at = Some(now);
        }
        self.look_at_changes(app).await?;
        self.look_at_alerts(app).await?;
        look_at_subscriptions(app).await?;
        look_at_top_ups(app).await
    }

    async fn notice_revocations(&mut self, app: &App) -> Result<(), DbErr> {
        let now = app.clock.wall();
        accounts::notice(app, self.noticed_at.unwrap_or(now)).await?;
        self.noticed_at = Some(now);
        Ok(())
    }

    async fn look_at_changes(&mut self, app: &App) -> Result<(), DbErr> {
        let mut newest = 0;
        for grown in ledger::grown_since(app.database.read(), self.entries.after()).await? {
            newest = newest.max(grown.entry_id);
            let hint = Hint { ledger: grown.version, ..Hint::default() };
            app.feed.deliver(grown.user_id, hint, Path::Backstop);
            self.grown.add(grown.user_id, grown.version);
        }
        self.entries.add(newest);
        Ok(())
    }

    async fn look_at_alerts(&mut self, app: &App) -> Result<(), DbErr> {
        let mut newest = 0;
        for (alert, user_id) in alert::added_since(app.database.read(), self.alerts.after()).await? {
            newest = newest.max(alert);
            app.feed.deliver(user_id, Hint { alert, ..Hint::default() }, Path::Backstop);
        }
        self.alerts.add(newest);
        Ok(())
    }
}

async fn look_at_subscriptions(app: &App) -> Result<(), DbErr> {
    for users in app.feed.watched_for(Subject::Subscription).chunks(BATCH) {
        for (user_id, subscription) in sync::versions(app.database.read(), users).await? {
            app.feed.deliver(user_id, Hint { subscription, ..Hint::default() }, Path::Backstop);
        }
    }
    Ok(())
}

async fn look_at_top_ups(app: &App) -> Result<(), DbErr> {
    for users in app.feed.watched_for(Subject::TopUp).chunks(BATCH) {
        for (user_id, top_up) in sync::top_up_versions(app.database.read(), users).await? {
            app.feed.deliver(user_id, Hint { top_up, ..Hint::default() }, Path::Backstop);
        }
    }
    Ok(())
}

/// Sends a hint with the current versions to every watcher of this process.
pub(super) async fn look(app: &App) -> Result<(), DbErr> {
    for users in app.feed.watched().chunks(BATCH) {
        for (user_id, account) in ledger::accounts(app.database.read(), users).await? {
            app.feed.deliver(user_id, Hint { ledger: account.version, ..Hint::default() }, Path::Backstop);
        }
    }
    for users in app.feed.watched_for(Subject::Alerts).chunks(BATCH) {
        for (user_id, alert) in alert::newest_of(app.database.read(), users).await? {
            app.feed.deliver(user_id, Hint { alert, ..Hint::default() }, Path::Backstop);
        }
    }
    look_at_subscriptions(app).await?;
    look_at_top_ups(app).await
}
