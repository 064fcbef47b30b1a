//! Watches alerts: each later one, in order, once.

use std::{collections::VecDeque, time::Duration};

use entity::alert::Model;
use futures_util::{Stream, stream};
use tokio::time::Instant;

use super::low_balance;
use crate::{
    alert,
    app::App,
    error::Error,
    feed::{Subject, Watcher},
};

/// Number of alerts that are read at once.
const BATCH: u64 = 100;

/// The time for which a user without a threshold is taken to have none. A crossing meanwhile is found by the job.
const NONE_FOR: Duration = Duration::from_secs(10);

/// Watches a user's alerts: those after the number `after`, then each new one. Without `after`, only new ones.
///
/// Alerts are read by their numbers, which grow in the order of their commits for each user, and a hint only shows when to read:
/// a lost hint loses no alert. A hint of a new entry lets the ledger be followed at once.
pub fn watch(app: App, user_id: i64, after: Option<i64>) -> impl Stream<Item = Result<Model, Error>> + Send + 'static {
    let watcher = app.feed.watch(user_id, Subject::Alerts);
    let cursor = Cursor {
        app,
        user_id,
        watcher,
        after,
        seen: None,
        has_more: false,
        ledger: 0,
        none_at: None,
        ready: VecDeque::new(),
    };
    stream::try_unfold(cursor, |mut cursor| async move {
        let alert = cursor.next().await?;
        Ok(Some((alert, cursor)))
    })
}

struct Cursor {
    app: App,
    user_id: i64,
    watcher: Watcher,
    /// The number after which the client continues.
    after: Option<i64>,
    /// The number of the last alert that was read; `None` before the first read.
    seen: Option<i64>,
    /// True if there may be more alerts than were read.
    has_more: bool,
    /// The version of the ledger that was hinted at when it was followed last.
    ledger: i64,
    /// When the user had no threshold.
    none_at: Option<Instant>,
    ready: VecDeque<Model>,
}

impl Cursor {
    async fn next(&mut self) -> Result<Model, Error> {
        loop {
            if let Some(alert) = self.ready.pop_front() {
                return Ok(alert);
            }
            // Boxed: every watcher would carry the state of the reads.
            Box::pin(self.read()).await?;
            if self.ready.is_empty() {
                let (seen, ledger) = (self.seen.unwrap_or_default(), self.ledger);
                self.watcher.beyond(|hint| hint.alert <= seen && hint.ledger <= ledger).await;
            }
        }
    }

    /// Reads the next alerts, unless there are none.
    async fn read(&mut self) -> Result<(), Error> {
        let seen = if let Some(seen) = self.seen { seen } else { self.begin().await? };
        let has_followed = self.follow().await?;
        if has_followed || self.has_more || self.watcher.newest().alert > seen {
            let alerts = alert::after(self.app.database.read(), self.user_id, seen, BATCH).await?;
            self.has_more = alerts.len() >= usize::try_from(BATCH).unwrap_or_default();
            self.seen = Some(alerts.last().map_or(seen, |last| last.id));
            self.ready.extend(alerts);
        }
        Ok(())
    }

    /// Finds the number after which to begin.
    async fn begin(&mut self) -> Result<i64, Error> {
        let newest = alert::newest(self.app.database.read(), self.user_id).await?;
        // A number beyond the newest is that of an alert that was deleted, or of a database that was restored.
        let seen = self.after.map_or(newest, |after| after.min(newest));
        self.has_more = seen < newest;
        self.seen = Some(seen);
        Ok(seen)
    }

    /// Follows the ledger if it has grown and the user has a threshold. Returns true if it was followed.
    async fn follow(&mut self) -> Result<bool, Error> {
        let hinted = self.watcher.newest().ledger;
        let has_none = self.none_at.is_some_and(|at| at.elapsed() < NONE_FOR);
        let has_followed = hinted > self.ledger && !has_none && {
            let has_threshold = low_balance::follow(&self.app, self.user_id).await?;
            self.none_at = (!has_threshold).then(Instant::now);
            has_threshold
        };
        self.ledger = hinted;
        Ok(has_followed)
    }
}
