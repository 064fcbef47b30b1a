//! The backstop of hints. Changes whose hints were lost, and changes by other processes, reach their watchers this way.
//!
//! Once a second it reads the entries that were posted since, and the versions of watched subscriptions. So its cost depends
//! mostly on the number of changes, not of watchers. Ids are assigned before commits, so an entry may become visible after
//! later ones: each pass starts at the newest id of some seconds ago. Entries that take even longer to commit are found by
//! an occasional check of all watched users.

use std::{collections::VecDeque, time::Duration};

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use tokio::time::Instant;

use crate::{
    accounts,
    app::App,
    feed::{Hint, Path},
    ledger, sync,
};

const INTERVAL: Duration = Duration::from_secs(1);

/// Number of passes that start at the same entry.
const OVERLAP: usize = 4;

/// Interval of the checks of all watched users.
const FULL_INTERVAL: Duration = Duration::from_secs(30);

/// Maximum number of users in one query, within the limits of both databases for parameters.
const BATCH: usize = 10_000;

pub(super) async fn run(app: App) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut backstop = Backstop::default();
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

/// The position in the ledger up to which it was read, and when revocations were read last.
#[derive(Default)]
struct Backstop {
    /// The newest entry's id at the end of each of the last passes, oldest first.
    newest: VecDeque<i64>,
    full_at: Option<Instant>,
    /// Wall time.
    noticed_at: Option<DateTime<Utc>>,
}

impl Backstop {
    async fn tick(&mut self, app: &App) -> Result<(), DbErr> {
        let now = Instant::now();
        if self.full_at.is_none_or(|at| now.duration_since(at) >= FULL_INTERVAL) {
            if self.newest.is_empty() {
                self.newest.push_back(ledger::newest_entry_id(app.database.read()).await?);
            }
            look(app).await?;
            self.full_at = Some(now);
        }
        self.look_at_changes(app).await?;
        look_at_subscriptions(app).await
    }

    async fn notice_revocations(&mut self, app: &App) -> Result<(), DbErr> {
        let now = app.clock.wall();
        accounts::notice(app, self.noticed_at.unwrap_or(now)).await?;
        self.noticed_at = Some(now);
        Ok(())
    }

    async fn look_at_changes(&mut self, app: &App) -> Result<(), DbErr> {
        let (after, mut newest) = (self.newest.front().copied().unwrap_or(0), self.newest.back().copied().unwrap_or(0));
        for grown in ledger::grown_since(app.database.read(), after).await? {
            newest = newest.max(grown.entry_id);
            let hint = Hint { ledger: grown.version, ..Hint::default() };
            app.feed.deliver(grown.user_id, hint, Path::Backstop);
        }
        self.newest.push_back(newest);
        if self.newest.len() > OVERLAP {
            self.newest.pop_front();
        }
        Ok(())
    }
}

async fn look_at_subscriptions(app: &App) -> Result<(), DbErr> {
    for users in app.feed.subscriptions_watched().chunks(BATCH) {
        for (user_id, subscription) in sync::versions(app.database.read(), users).await? {
            app.feed.deliver(user_id, Hint { subscription, ..Hint::default() }, Path::Backstop);
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
    look_at_subscriptions(app).await
}
