//! A charge in PostgreSQL: one statement, one round trip.

use entity::ledger_entry::{self, ChangeType};
use sea_orm::{ActiveEnum, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, FromQueryResult, Statement};

use super::{MAX_BALANCE, Spend};

/// Looks for the source; without it, takes the cost under the account's row lock and adds the entry. A concurrent charge
/// waits at the update, which then judges the balance that the other left. Two with one source collide at the insert.
/// (Columns are named: a prepared statement would not survive that a newer replica adds one.)
const CHARGE: &str = r"
WITH replay AS (
    SELECT id, user_id, version, change_type, credits_delta, balance_after, source, reference, notes, created_at
      FROM credits_ledger WHERE source = $3
), account AS (
    UPDATE credit_accounts
       SET balance = balance - CASE WHEN unlimited_until > $5 THEN 0 ELSE $2 END,
           version = version + 1,
           updated_at = $5
     WHERE user_id = $1
       AND (unlimited_until > $5 OR $2 = 0 OR balance >= $2)
       AND version < $7
       AND NOT EXISTS (SELECT 1 FROM replay)
 RETURNING version, balance, CASE WHEN unlimited_until > $5 THEN 0 ELSE -$2 END AS delta
), entry AS (
    INSERT INTO credits_ledger
           (user_id, version, change_type, credits_delta, balance_after, source, reference, created_at)
    SELECT $1, version, $6, delta, balance, $3, $4, $5 FROM account
 RETURNING id, user_id, version, change_type, credits_delta, balance_after, source, reference, notes, created_at
)
SELECT *, FALSE AS replayed FROM entry UNION ALL SELECT *, TRUE AS replayed FROM replay";

/// Charges and returns the entry, and whether it had been there before; `None` when the balance did not suffice.
pub(super) async fn charge(
    db: &DatabaseConnection,
    spend: &Spend<'_>,
) -> Result<Option<(ledger_entry::Model, bool)>, DbErr> {
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        CHARGE,
        [
            spend.user_id.into(),
            spend.cost.into(),
            spend.source.into(),
            spend.run.into(),
            spend.now.into(),
            ChangeType::Spend.to_value().into(),
            MAX_BALANCE.into(),
        ],
    );
    let Some(row) = db.query_one_raw(statement).await? else { return Ok(None) };
    Ok(Some((ledger_entry::Model::from_query_result(&row, "")?, row.try_get("", "replayed")?)))
}
