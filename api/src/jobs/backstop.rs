//! The backstop of hints: once a second, one question about all who are watched here. Whatever hint was lost, and
//! whatever another process wrote, reaches its watchers this way.

use std::time::Duration;

use sea_orm::DbErr;

use crate::{
    app::App,
    feed::{Hint, Path},
    ledger, sync,
};

const INTERVAL: Duration = Duration::from_secs(1);

/// How many users one question is about: within what both databases allow as parameters.
const BATCH: usize = 10_000;

pub(super) async fn run(app: App) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = look(&app).await {
            tracing::warn!(%error, "could not look after watchers this time");
        }
    }
}

/// Tells every watcher of this process how far their rows are.
pub(super) async fn look(app: &App) -> Result<(), DbErr> {
    for users in app.feed.watched().chunks(BATCH) {
        let accounts = ledger::accounts(app.database.read(), users).await?;
        let subscriptions = sync::versions(app.database.read(), users).await?;
        for user_id in users {
            let ledger = accounts.get(user_id).map_or(0, |account| account.version);
            let subscription = subscriptions.get(user_id).copied().unwrap_or_default();
            app.feed.deliver(*user_id, Hint { ledger, subscription }, Path::Backstop);
        }
    }
    Ok(())
}
