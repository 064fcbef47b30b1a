//! A group in PostgreSQL: two statements, each of them one round trip, whatever the size of the group.
//!
//! The first reads the accounts and the sources, without locks. The second locks the accounts, and writes those that still
//! have the version that was read: a charge that was decided by an older version is not written, and waits aside. No
//! transaction is open in between, so a replica that freezes keeps nothing locked.

use std::collections::HashMap;

use entity::{
    credit_account,
    ledger_entry::{self, ChangeType},
};
use sea_orm::{
    ActiveEnum, DbErr, QueryResult,
    sqlx::{self, Connection, PgConnection},
};
use tokio::time::timeout;

use super::{
    Spend, at_once,
    group::{DecidedGroup, Resolution, Rows, decide},
};
use crate::database::{self, Dedicated, failed, is_lost};

/// The account and the entry of each spend, if they exist. (Columns are named, here and below: a prepared statement would not
/// survive that a newer replica adds one.)
const READ: &str = "
SELECT a.user_id AS a_user_id, a.balance AS a_balance, a.version AS a_version, a.unlimited_until AS a_unlimited_until,
       a.updated_at AS a_updated_at, e.id AS e_id, e.user_id AS e_user_id, e.version AS e_version,
       e.change_type AS e_change_type, e.credits_delta AS e_credits_delta, e.balance_after AS e_balance_after,
       e.source AS e_source, e.reference AS e_reference, e.notes AS e_notes, e.created_at AS e_created_at
  FROM unnest($1::bigint[], $2::text[]) AS spend (user_id, source)
  LEFT JOIN credit_accounts a ON a.user_id = spend.user_id
  LEFT JOIN credits_ledger e ON e.source = spend.source";

/// Writes the accounts that are free and still have the version that was read, and their entries. Accounts are locked in one
/// order, so that groups cannot wait for each other in a circle.
const WRITE: &str = "
WITH changed AS (
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::timestamptz[])
               AS changed (user_id, balance, version, before, updated_at)
), free AS (
    SELECT a.user_id FROM credit_accounts a JOIN changed ON changed.user_id = a.user_id AND changed.before = a.version
     ORDER BY a.user_id FOR NO KEY UPDATE OF a SKIP LOCKED
), account AS (
    UPDATE credit_accounts a
       SET balance = changed.balance, version = changed.version, updated_at = changed.updated_at
      FROM changed JOIN free ON free.user_id = changed.user_id
     WHERE a.user_id = changed.user_id
 RETURNING a.user_id
)
INSERT INTO credits_ledger
       (user_id, version, change_type, credits_delta, balance_after, source, reference, created_at)
SELECT added.user_id, added.version, $6, added.delta, added.balance, added.source, added.reference, added.created_at
  FROM unnest($7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::text[], $12::text[], $13::timestamptz[])
       WITH ORDINALITY AS added (user_id, version, delta, balance, source, reference, created_at, place)
  JOIN account ON account.user_id = added.user_id
 ORDER BY added.place
RETURNING id, user_id, version, change_type, credits_delta, balance_after, source, reference, notes, created_at";

/// Waits for the account, for as long as `lock_timeout` allows.
const LOCK: &str = "SELECT user_id FROM credit_accounts WHERE user_id = $1 FOR NO KEY UPDATE";

/// A way to commit a group.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    /// In one statement, as far as it suits.
    AtOnce,
    /// In two statements.
    Decided,
}

impl Way {
    const fn statements(self) -> u64 {
        match self {
            Self::AtOnce => 1,
            Self::Decided => 2,
        }
    }
}

/// Commits a group on a dedicated connection. A connection that turns out dead is replaced once: charges committed on it are
/// found by their source.
pub(super) async fn commit_on(
    dedicated: &mut Dedicated,
    way: Way,
    spends: &[&Spend],
) -> Result<Vec<Resolution>, DbErr> {
    loop {
        let mut taken = dedicated.take().await?;
        let commit = async {
            match way {
                Way::AtOnce => at_once::commit(&mut taken.connection, spends).await,
                Way::Decided => commit(&mut taken.connection, spends).await,
            }
        };
        dedicated.count(way.statements());
        match timeout(dedicated.patience(), commit).await.unwrap_or(Err(sqlx::Error::PoolTimedOut)) {
            Ok(resolutions) => {
                dedicated.give_back(taken);
                return Ok(resolutions);
            }
            Err(error) => {
                dedicated.record_failure();
                let again = taken.reused && is_lost(&error) && !matches!(error, sqlx::Error::PoolTimedOut);
                if !is_lost(&error) {
                    dedicated.give_back(taken);
                }
                if !again {
                    return Err(failed(error));
                }
            }
        }
    }
}

/// Commits a group, as far as its accounts are not locked and did not change meanwhile.
async fn commit(connection: &mut PgConnection, spends: &[&Spend]) -> Result<Vec<Resolution>, sqlx::Error> {
    let decided = decide(spends, read(connection, spends).await?);
    let stored = if decided.entries.is_empty() { Vec::new() } else { write(connection, &decided).await? };
    Ok(decided.resolutions(spends, stored))
}

/// Commits the charges of one account, and waits for it if it is locked.
pub(super) async fn commit_locked(
    connection: &mut PgConnection,
    user_id: i64,
    spends: &[&Spend],
) -> Result<Vec<Resolution>, sqlx::Error> {
    let mut tx = connection.begin().await?;
    sqlx::query(LOCK).bind(user_id).execute(&mut *tx).await?;
    let resolutions = commit(&mut tx, spends).await?;
    tx.commit().await?;
    Ok(resolutions)
}

async fn read(connection: &mut PgConnection, spends: &[&Spend]) -> Result<Rows, sqlx::Error> {
    let read = sqlx::query(READ)
        .bind(spends.iter().map(|spend| spend.user_id).collect::<Vec<_>>())
        .bind(spends.iter().map(|spend| spend.source.as_str()).collect::<Vec<_>>());
    let mut rows = Rows::default();
    for row in read.fetch_all(connection).await? {
        let row = QueryResult::from(row);
        rows.accounts.extend(database::model::<Option<credit_account::Model>>(&row, "a_")?);
        rows.entries.extend(database::model::<Option<ledger_entry::Model>>(&row, "e_")?);
    }
    Ok(rows)
}

async fn write(connection: &mut PgConnection, decided: &DecidedGroup) -> Result<Vec<ledger_entry::Model>, sqlx::Error> {
    let (accounts, entries) = (&decided.accounts, &decided.entries);
    // The first entry of each account: the account had the version before it.
    let first: HashMap<_, _> = entries.iter().rev().map(|entry| (entry.user_id, entry.version)).collect();
    let before =
        |account: &credit_account::Model| first.get(&account.user_id).map_or(account.version, |first| first - 1);
    let write = sqlx::query(WRITE)
        .bind(accounts.iter().map(|account| account.user_id).collect::<Vec<_>>())
        .bind(accounts.iter().map(|account| account.balance).collect::<Vec<_>>())
        .bind(accounts.iter().map(|account| account.version).collect::<Vec<_>>())
        .bind(accounts.iter().map(before).collect::<Vec<_>>())
        .bind(accounts.iter().map(|account| account.updated_at).collect::<Vec<_>>())
        .bind(ChangeType::Spend.to_value())
        .bind(entries.iter().map(|entry| entry.user_id).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.version).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.credits_delta).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.balance_after).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.source.as_str()).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.reference.as_deref()).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.created_at).collect::<Vec<_>>());
    let stored = write.fetch_all(connection).await?.into_iter();
    stored.map(|row| database::model(&QueryResult::from(row), "")).collect()
}
