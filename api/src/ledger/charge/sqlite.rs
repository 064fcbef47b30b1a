//! A group in SQLite: one immediate transaction, which excludes all others.

use entity::{credit_account, ledger_entry};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    sea_query::OnConflict,
};

use super::{
    Spend,
    group::{DecidedGroup, Resolution, Rows, decide},
};
use crate::database::Database;

/// Commits a group.
pub(super) async fn commit(database: &Database, spends: &[&Spend]) -> Result<Vec<Resolution>, DbErr> {
    let tx = database.begin().await?;
    let users = spends.iter().map(|spend| spend.user_id);
    let accounts = credit_account::Entity::find().filter(credit_account::Column::UserId.is_in(users)).all(&tx).await?;
    let sources = spends.iter().map(|spend| spend.source.as_str());
    let entries = ledger_entry::Entity::find().filter(ledger_entry::Column::Source.is_in(sources)).all(&tx).await?;
    let decided = decide(spends, Rows { accounts, entries });
    let stored = if decided.entries.is_empty() { Vec::new() } else { write(&tx, &decided).await? };
    tx.commit().await?;
    Ok(decided.resolutions(spends, stored))
}

async fn write(tx: &DatabaseTransaction, decided: &DecidedGroup) -> Result<Vec<ledger_entry::Model>, DbErr> {
    use credit_account::Column::{Balance, UpdatedAt, UserId, Version};
    let accounts = decided.accounts.iter().map(|account| account.clone().into_active_model().reset_all());
    // Each of them exists, so this is one statement that updates them all.
    let change = OnConflict::column(UserId).update_columns([Balance, Version, UpdatedAt]).to_owned();
    credit_account::Entity::insert_many(accounts).on_conflict(change).exec_without_returning(tx).await?;
    let entries = decided.entries.iter().map(|entry| {
        let mut entry = entry.clone().into_active_model().reset_all();
        entry.id = NotSet;
        entry.notes = Set(None);
        entry
    });
    ledger_entry::Entity::insert_many(entries).exec_with_returning(tx).await
}
