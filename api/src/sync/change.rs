//! Changes of a user's rows, which watchers are notified of.

use std::collections::HashMap;

use entity::{auto_top_up, customer, subscription};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use crate::{alert, app::App, feed::Hint, ledger};

/// A user whose rows changed, and their versions now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The user's number.
    pub user_id: i64,
    /// The versions.
    pub hint: Hint,
}

/// Notifies the user's watchers. Call it after the commit, never before.
pub fn publish(app: &App, change: Change) {
    app.feed.publish(change.user_id, change.hint);
}

/// The current versions of a user's rows.
pub(super) async fn change(tx: &impl ConnectionTrait, user_id: i64) -> Result<Change, DbErr> {
    let ledger = ledger::account(tx, user_id).await?.map_or(0, |account| account.version);
    let subscription = versions(tx, &[user_id]).await?.get(&user_id).copied().unwrap_or_default();
    let alert = alert::newest(tx, user_id).await?;
    let top_up = top_up_versions(tx, &[user_id]).await?.get(&user_id).copied().unwrap_or_default();
    Ok(Change { user_id, hint: Hint { ledger, subscription, alert, top_up } })
}

/// For each user the sum of the versions of their subscriptions: it grows with every change of any of them.
///
/// # Errors
/// The database's.
pub async fn versions(db: &impl ConnectionTrait, user_ids: &[i64]) -> Result<HashMap<i64, i64>, DbErr> {
    let rows = subscription::Entity::find()
        .find_also_related(customer::Entity)
        .filter(customer::Column::UserId.is_in(user_ids.iter().copied()))
        .all(db)
        .await?;
    let mut versions = HashMap::new();
    for (subscription, customer) in rows {
        if let Some(customer) = customer {
            *versions.entry(customer.user_id).or_default() += subscription.version;
        }
    }
    Ok(versions)
}

/// For each user the version of their automatic top-ups: it grows with every change of the settings and of any top-up.
///
/// # Errors
/// The database's.
pub async fn top_up_versions(db: &impl ConnectionTrait, user_ids: &[i64]) -> Result<HashMap<i64, i64>, DbErr> {
    let rows = auto_top_up::Entity::find().filter(auto_top_up::Column::UserId.is_in(user_ids.iter().copied()));
    Ok(rows.all(db).await?.into_iter().map(|row| (row.user_id, row.version)).collect())
}
