//! A group in SQLite: one immediate transaction, which excludes all others.

use std::collections::HashMap;

use entity::{
    credit_account, credit_hold, ledger_entry,
    work::{self, Kind},
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    sea_query::{Expr, OnConflict},
};

use super::{
    group::{DecidedGroup, HoldRows, Resolution, Rows, decide},
    step::Step,
};
use crate::database::Database;

/// Commits a group.
pub(super) async fn commit(database: &Database, steps: &[&Step]) -> Result<Vec<Resolution>, DbErr> {
    let tx = database.begin().await?;
    let decided = decide(steps, read(&tx, steps).await?);
    let stored = if decided.entries.is_empty() { Vec::new() } else { write(&tx, &decided).await? };
    write_holds(&tx, &decided.holds, &stored).await?;
    tx.commit().await?;
    Ok(decided.resolutions(steps, stored))
}

async fn read(tx: &DatabaseTransaction, steps: &[&Step]) -> Result<Rows, DbErr> {
    let users = steps.iter().map(|step| step.user_id());
    let accounts = credit_account::Entity::find().filter(credit_account::Column::UserId.is_in(users)).all(tx).await?;
    let mut rows = Rows { accounts, ..Rows::default() };
    let sources: Vec<_> = steps.iter().filter_map(|step| step.source()).collect();
    if !sources.is_empty() {
        rows.entries = ledger_entry::Entity::find().filter(ledger_entry::Column::Source.is_in(sources)).all(tx).await?;
    }
    let holds: Vec<_> = steps.iter().filter_map(|step| step.hold_id()).collect();
    if !holds.is_empty() {
        rows.holds = credit_hold::Entity::find().filter(credit_hold::Column::Id.is_in(holds)).all(tx).await?;
    }
    let reserving: Vec<_> = steps.iter().filter(|step| step.reserves()).map(|step| step.user_id()).collect();
    if !reserving.is_empty() {
        let count = credit_hold::Entity::find().select_only().column(credit_hold::Column::UserId);
        let count = count.column_as(credit_hold::Column::Id.count(), "open_holds");
        let count = count.filter(credit_hold::Column::UserId.is_in(reserving)).group_by(credit_hold::Column::UserId);
        rows.open_holds = count.into_tuple::<(i64, i64)>().all(tx).await?.into_iter().collect();
    }
    Ok(rows)
}

async fn write(tx: &DatabaseTransaction, decided: &DecidedGroup) -> Result<Vec<ledger_entry::Model>, DbErr> {
    use credit_account::Column::{Balance, Held, UpdatedAt, UserId, Version};
    let accounts = decided.accounts.iter().map(|account| account.clone().into_active_model().reset_all());
    // Each of them exists, so this is one statement that updates them all.
    let change = OnConflict::column(UserId).update_columns([Balance, Held, Version, UpdatedAt]).to_owned();
    credit_account::Entity::insert_many(accounts).on_conflict(change).exec_without_returning(tx).await?;
    let entries = decided.entries.iter().map(|entry| {
        let mut entry = entry.clone().into_active_model().reset_all();
        entry.id = NotSet;
        entry.notes = Set(None);
        entry
    });
    ledger_entry::Entity::insert_many(entries).exec_with_returning(tx).await
}

/// Writes the holds. The number of a hold is that of its first entry. Its expiry is a task of the queue, which ends with the
/// hold.
async fn write_holds(tx: &DatabaseTransaction, holds: &HoldRows, stored: &[ledger_entry::Model]) -> Result<(), DbErr> {
    if !holds.opened.is_empty() {
        open(tx, holds, stored).await?;
    }
    for (id, until) in &holds.extended {
        let extend = credit_hold::Entity::update_many().filter(credit_hold::Column::Id.eq(*id));
        extend.col_expr(credit_hold::Column::ExpiresAt, Expr::value(*until)).exec(tx).await?;
    }
    if !holds.ended.is_empty() {
        let ended = holds.ended.iter().copied();
        credit_hold::Entity::delete_many().filter(credit_hold::Column::Id.is_in(ended)).exec(tx).await?;
        let tasks = work::Entity::delete_many().filter(work::Column::Kind.eq(Kind::Hold));
        tasks.filter(work::Column::Key.is_in(holds.ended.iter().map(ToString::to_string))).exec(tx).await?;
    }
    Ok(())
}

async fn open(tx: &DatabaseTransaction, holds: &HoldRows, stored: &[ledger_entry::Model]) -> Result<(), DbErr> {
    let by_source: HashMap<_, _> = stored.iter().map(|entry| (entry.source.as_str(), entry)).collect();
    let opened = holds.opened.iter().filter_map(|hold| Some((hold, *by_source.get(hold.source.as_str())?)));
    let (rows, tasks): (Vec<_>, Vec<_>) = opened
        .map(|(hold, entry)| {
            let row = credit_hold::ActiveModel {
                id: Set(entry.id),
                user_id: Set(entry.user_id),
                run: Set(entry.reference.clone().unwrap_or_default()),
                credits: Set(entry.held_delta),
                created_at: Set(entry.created_at),
                expires_at: Set(hold.expires_at),
                extendable_until: Set(hold.extendable_until),
            };
            let task = work::ActiveModel {
                kind: Set(Kind::Hold),
                key: Set(entry.id.to_string()),
                due_at: Set(hold.expires_at),
                generation: Set(1),
                attempts: Set(0),
                lease: Set(0),
                created_at: Set(hold.wall),
                ..Default::default()
            };
            (row, task)
        })
        .unzip();
    credit_hold::Entity::insert_many(rows).exec_without_returning(tx).await?;
    work::Entity::insert_many(tasks).exec_without_returning(tx).await?;
    Ok(())
}
