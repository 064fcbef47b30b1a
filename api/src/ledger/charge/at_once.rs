//! The shortest way in PostgreSQL: one statement that decides, writes and commits. It charges each account that is free and can
//! pay, and leaves all other charges undecided: they take the way of [`super::postgres`], which decides every step.

use std::collections::{HashMap, HashSet};

use entity::{
    credit_account,
    ledger_entry::{self, ChangeType},
};
use sea_orm::{
    ActiveEnum, QueryResult,
    sqlx::{self, PgConnection},
};

use super::{Charge, group::Resolution, outcome::Outcome, step::Step};
use crate::{database::model, ledger::MAX_BALANCE};

/// Charges like [`super::group::decide`], once per account. Accounts are locked in one order, so that groups cannot wait for each
/// other in a circle; the values are those of the locked rows. A source that another transaction adds meanwhile fails the
/// statement.
const CHARGE: &str = "
WITH spend AS (
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::timestamptz[])
               AS spend (user_id, cost, source, run, now)
), free AS (
    SELECT a.user_id, a.balance, a.held, a.version, a.unlimited_until, spend.cost, spend.source, spend.run, spend.now
      FROM credit_accounts a JOIN spend ON spend.user_id = a.user_id
     WHERE NOT EXISTS (SELECT 1 FROM credits_ledger e WHERE e.source = spend.source)
     ORDER BY a.user_id FOR NO KEY UPDATE OF a SKIP LOCKED
), priced AS (
    SELECT free.*, CASE WHEN free.unlimited_until > free.now THEN 0 ELSE free.cost END AS price FROM free
), account AS (
    UPDATE credit_accounts a
       SET balance = priced.balance - priced.price, version = priced.version + 1, updated_at = priced.now
      FROM priced
     WHERE a.user_id = priced.user_id AND priced.version < $6
       AND (priced.price = 0 OR priced.price <= priced.balance - priced.held)
 RETURNING a.user_id, a.balance, a.held, a.version, a.unlimited_until, a.updated_at, priced.price, priced.source, priced.run
), entry AS (
    INSERT INTO credits_ledger
           (user_id, version, change_type, credits_delta, balance_after, source, reference, created_at)
    SELECT user_id, version, $7, -price, balance, source, run, updated_at FROM account
 RETURNING id, user_id, version, change_type, credits_delta, held_delta, balance_after, source, reference, notes, created_at
)
SELECT entry.id, entry.user_id, entry.version, entry.change_type, entry.credits_delta, entry.held_delta, entry.balance_after,
       entry.source, entry.reference, entry.notes, entry.created_at, account.balance, account.held, account.updated_at,
       account.unlimited_until
  FROM entry JOIN account ON account.user_id = entry.user_id";

/// Returns true if the statement can commit them: it only charges, and an account once.
pub(super) fn suits<'a>(mut steps: impl Iterator<Item = &'a Step>) -> bool {
    let mut users = HashSet::new();
    steps.all(|step| matches!(step, Step::Charge(_)) && users.insert(step.user_id()))
}

/// Charges what can be charged at once.
pub(super) async fn commit(connection: &mut PgConnection, steps: &[&Step]) -> Result<Vec<Resolution>, sqlx::Error> {
    let spends: Vec<_> = steps.iter().filter_map(|step| step.charge()).collect();
    let charge = sqlx::query(CHARGE)
        .bind(spends.iter().map(|spend| spend.user_id).collect::<Vec<_>>())
        .bind(spends.iter().map(|spend| spend.cost).collect::<Vec<_>>())
        .bind(spends.iter().map(|spend| spend.source.as_str()).collect::<Vec<_>>())
        .bind(spends.iter().map(|spend| spend.run.as_str()).collect::<Vec<_>>())
        .bind(spends.iter().map(|spend| spend.now).collect::<Vec<_>>())
        .bind(MAX_BALANCE)
        .bind(ChangeType::Spend.to_value());
    let mut charged = HashMap::with_capacity(steps.len());
    for row in charge.fetch_all(connection).await? {
        let row = QueryResult::from(row);
        let (entry, account) = (model::<ledger_entry::Model>(&row, "")?, model::<credit_account::Model>(&row, "")?);
        charged.insert(account.user_id, Outcome::Charge(Charge::Applied { entry, account }));
    }
    let resolution = |step: &&Step| {
        let charge = charged.remove(&step.user_id());
        charge.map_or(Resolution::Undecided, |charge| Resolution::Decided(Ok(charge)))
    };
    Ok(steps.iter().map(resolution).collect())
}
