//! Watchers recover from notifications that are ahead of the tables, as after a failover or a restored backup.

use std::time::Duration;

use patch_hive::feed::Hint;
use sea_orm::Database;
use tokio::time::sleep;

use super::silence;
use crate::harness::{TestApp, facts};

/// Longer than the backstop's interval.
const A_WHILE: Duration = Duration::from_millis(1300);

/// Statements that a gateway may run in [`A_WHILE`] for one watcher and in the background.
const FEW: u64 = 40;

facts! {
    async fn a_hint_that_is_ahead_of_the_ledger_is_checked_at_intervals(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let mut watcher = ada.watches_balance(Some(0)).await;
        watcher.stays_silent().await;
        let inside = app.inside().await;
        inside.feed.publish(1, Hint { ledger: 1000, ..Hint::default() });
        let before = inside.database.statements();
        sleep(A_WHILE).await;
        let statements = inside.database.statements() - before;
        assert!(statements <= FEW, "{statements} statements were run to find nothing");

        let database = Database::connect(&inside.config.database.url).await.unwrap();
        silence::posts(&database, 1, 1, "unheard").await;
        assert_eq!(watcher.pushed().await["version"], 1);
    }
}
