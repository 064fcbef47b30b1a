//! A charge in SQLite: one immediate transaction of a few statements. SQLite cannot write inside `WITH`, and its one
//! writer makes it unnecessary.

use entity::ledger_entry::{self, ChangeType};
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, FromQueryResult,
    QueryFilter, Statement,
};

use super::{MAX_BALANCE, Spend};
use crate::database::Database;

const TAKE: &str = r"
UPDATE credit_accounts
   SET balance = balance - CASE WHEN unlimited_until > $3 THEN 0 ELSE $2 END,
       version = version + 1,
       updated_at = $3
 WHERE user_id = $1
   AND (unlimited_until > $3 OR $2 = 0 OR balance >= $2)
   AND version < $4
RETURNING version, balance, CASE WHEN unlimited_until > $3 THEN 0 ELSE -$2 END AS delta";

const ADD: &str = r"
INSERT INTO credits_ledger (user_id, version, change_type, credits_delta, balance_after, source, reference, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
RETURNING id, user_id, version, change_type, credits_delta, balance_after, source, reference, notes, created_at";

/// Charges and returns the entry, and whether it had been there before; `None` when the balance did not suffice.
pub(super) async fn charge(
    database: &Database,
    spend: &Spend<'_>,
) -> Result<Option<(ledger_entry::Model, bool)>, DbErr> {
    let tx = database.begin().await?;
    let replay = ledger_entry::Entity::find().filter(ledger_entry::Column::Source.eq(spend.source)).one(&tx).await?;
    if let Some(entry) = replay {
        return Ok(Some((entry, true)));
    }
    let entry = take(&tx, spend).await?;
    tx.commit().await?;
    Ok(entry.map(|entry| (entry, false)))
}

async fn take(tx: &DatabaseTransaction, spend: &Spend<'_>) -> Result<Option<ledger_entry::Model>, DbErr> {
    let values = [spend.user_id.into(), spend.cost.into(), spend.now.into(), MAX_BALANCE.into()];
    let take = Statement::from_sql_and_values(DbBackend::Sqlite, TAKE, values);
    let Some(account) = tx.query_one_raw(take).await? else { return Ok(None) };
    let add = Statement::from_sql_and_values(
        DbBackend::Sqlite,
        ADD,
        [
            spend.user_id.into(),
            account.try_get::<i64>("", "version")?.into(),
            ChangeType::Spend.to_value().into(),
            account.try_get::<i64>("", "delta")?.into(),
            account.try_get::<i64>("", "balance")?.into(),
            spend.source.into(),
            spend.run.into(),
            spend.now.into(),
        ],
    );
    let row = tx.query_one_raw(add).await?;
    row.map(|row| ledger_entry::Model::from_query_result(&row, "")).transpose()
}
