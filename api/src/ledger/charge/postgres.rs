//! A group in PostgreSQL: four statements, each of them one round trip, whatever the size of the group.

use entity::{
    credit_account,
    ledger_entry::{self, ChangeType},
};
use sea_orm::{
    ActiveEnum, DbErr, FromQueryResult, QueryResult,
    sqlx::{self, Connection, PgConnection, postgres::PgRow},
};
use tokio::time::timeout;

use super::{
    Spend,
    group::{DecidedGroup, MissingAccount, Resolution, Rows, decide},
};
use crate::database::{Dedicated, failed, is_lost};

/// Locks the accounts in one order, so that groups cannot wait for each other in a circle. (Columns are named, here and
/// below: a prepared statement would not survive that a newer replica adds one.)
const LOCK: &str = "
SELECT user_id, balance, version, unlimited_until, updated_at FROM credit_accounts
 WHERE user_id = ANY ($1) ORDER BY user_id FOR NO KEY UPDATE";

/// The same, without accounts that another transaction keeps locked.
const LOCK_FREE: &str = "
SELECT user_id, balance, version, unlimited_until, updated_at FROM credit_accounts
 WHERE user_id = ANY ($1) ORDER BY user_id FOR NO KEY UPDATE SKIP LOCKED";

const READ: &str = "
SELECT user_id, balance, version, unlimited_until, updated_at FROM credit_accounts WHERE user_id = ANY ($1)";

const FIND: &str = "
SELECT id, user_id, version, change_type, credits_delta, balance_after, source, reference, notes, created_at
  FROM credits_ledger WHERE source = ANY ($1)";

const WRITE: &str = "
WITH account AS (
    UPDATE credit_accounts
       SET balance = changed.balance, version = changed.version, updated_at = changed.updated_at
      FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::timestamptz[])
           AS changed (user_id, balance, version, updated_at)
     WHERE credit_accounts.user_id = changed.user_id
)
INSERT INTO credits_ledger
       (user_id, version, change_type, credits_delta, balance_after, source, reference, created_at)
SELECT added.user_id, added.version, $5, added.delta, added.balance, added.source, added.reference, added.created_at
  FROM unnest($6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::text[], $11::text[], $12::timestamptz[])
       WITH ORDINALITY AS added (user_id, version, delta, balance, source, reference, created_at, place)
 ORDER BY added.place
RETURNING id, user_id, version, change_type, credits_delta, balance_after, source, reference, notes, created_at";

/// The treatment of accounts that another transaction keeps locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LockPolicy {
    /// Locked accounts are left out.
    Skip,
    /// The statement waits for as long as `lock_timeout` allows.
    Wait,
}

/// Commits a group on a dedicated connection. A connection that turns out dead is replaced once: charges committed on it are
/// found by their source.
pub(super) async fn commit_on(dedicated: &mut Dedicated, spends: &[&Spend]) -> Result<Vec<Resolution>, DbErr> {
    loop {
        let mut taken = dedicated.take().await?;
        dedicated.count(4);
        let commit = timeout(dedicated.patience(), commit(&mut taken.connection, spends, LockPolicy::Skip));
        match commit.await.unwrap_or(Err(sqlx::Error::PoolTimedOut)) {
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

/// Commits a group.
pub(super) async fn commit(
    connection: &mut PgConnection,
    spends: &[&Spend],
    locked: LockPolicy,
) -> Result<Vec<Resolution>, sqlx::Error> {
    let mut tx = connection.begin().await?;
    let users: Vec<_> = spends.iter().map(|spend| spend.user_id).collect();
    let (lock, missing) = match locked {
        LockPolicy::Skip => (LOCK_FREE, MissingAccount::MayBeLocked),
        LockPolicy::Wait => (LOCK, MissingAccount::Unknown),
    };
    let accounts: Vec<credit_account::Model> = models(sqlx::query(lock).bind(users).fetch_all(&mut *tx).await?)?;
    let sources: Vec<_> = spends.iter().map(|spend| spend.source.as_str()).collect();
    let entries: Vec<ledger_entry::Model> = models(sqlx::query(FIND).bind(sources).fetch_all(&mut *tx).await?)?;
    let is_locked = |entry: &&ledger_entry::Model| accounts.iter().any(|account| account.user_id == entry.user_id);
    let unlocked: Vec<_> = entries.iter().filter(|entry| !is_locked(entry)).map(|entry| entry.user_id).collect();
    let unlocked = match unlocked.as_slice() {
        [] => Vec::new(),
        users => models(sqlx::query(READ).bind(users).fetch_all(&mut *tx).await?)?,
    };
    let decided = decide(spends, Rows { accounts, unlocked, entries }, missing);
    let stored = if decided.entries.is_empty() { Vec::new() } else { write(&mut tx, &decided).await? };
    tx.commit().await?;
    Ok(decided.resolutions(stored))
}

async fn write(connection: &mut PgConnection, decided: &DecidedGroup) -> Result<Vec<ledger_entry::Model>, sqlx::Error> {
    let (accounts, entries) = (&decided.accounts, &decided.entries);
    let write = sqlx::query(WRITE)
        .bind(accounts.iter().map(|account| account.user_id).collect::<Vec<_>>())
        .bind(accounts.iter().map(|account| account.balance).collect::<Vec<_>>())
        .bind(accounts.iter().map(|account| account.version).collect::<Vec<_>>())
        .bind(accounts.iter().map(|account| account.updated_at).collect::<Vec<_>>())
        .bind(ChangeType::Spend.to_value())
        .bind(entries.iter().map(|entry| entry.user_id).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.version).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.credits_delta).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.balance_after).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.source.as_str()).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.reference.as_deref()).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.created_at).collect::<Vec<_>>());
    models(write.fetch_all(connection).await?)
}

fn models<M: FromQueryResult>(rows: Vec<PgRow>) -> Result<Vec<M>, sqlx::Error> {
    let model = |row: PgRow| M::from_query_result(&QueryResult::from(row), "");
    rows.into_iter().map(model).collect::<Result<_, _>>().map_err(|error| sqlx::Error::Decode(error.into()))
}
