//! A group in PostgreSQL: two statements, each of them one round trip, whatever the size of the group.
//!
//! The first reads the accounts, sources and holds, without locks. The second locks the accounts, and writes those that still
//! have the version that was read: a step that was decided by an older version is not written, and waits aside. No
//! transaction is open in between, so a replica that freezes keeps nothing locked.

use std::collections::HashMap;

use entity::{credit_account, credit_hold, ledger_entry, work::Kind};
use sea_orm::{
    ActiveEnum, DbErr, FromQueryResult, QueryResult,
    sqlx::{self, Connection, PgConnection},
};
use tokio::time::timeout;

use super::{
    at_once,
    group::{DecidedGroup, Resolution, Rows, decide},
    step::Step,
};
use crate::database::{self, Dedicated, failed, is_lost};

/// The account, the entry and the open hold of each step, if they exist, and for a reservation the number of the user's open
/// holds. (Columns are named, here and below: a prepared
/// statement would not survive that a newer replica adds one.)
const READ: &str = "
SELECT a.user_id AS a_user_id, a.balance AS a_balance, a.held AS a_held, a.version AS a_version,
       a.unlimited_until AS a_unlimited_until, a.updated_at AS a_updated_at, e.id AS e_id, e.user_id AS e_user_id,
       e.version AS e_version, e.change_type AS e_change_type, e.credits_delta AS e_credits_delta,
       e.held_delta AS e_held_delta, e.balance_after AS e_balance_after, e.source AS e_source, e.reference AS e_reference,
       e.notes AS e_notes, e.created_at AS e_created_at, h.id AS h_id, h.user_id AS h_user_id, h.run AS h_run,
       h.credits AS h_credits, h.created_at AS h_created_at, h.expires_at AS h_expires_at,
       h.extendable_until AS h_extendable_until,
       step.user_id AS s_user_id,
       CASE WHEN step.reserves THEN (SELECT count(*) FROM credit_holds o WHERE o.user_id = step.user_id) END AS s_open_holds
  FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::boolean[]) AS step (user_id, source, hold_id, reserves)
  LEFT JOIN credit_accounts a ON a.user_id = step.user_id
  LEFT JOIN credits_ledger e ON e.source = step.source
  LEFT JOIN credit_holds h ON h.id = step.hold_id";

/// Writes the accounts that are free and still have the version that was read, and their entries. Accounts are locked in one
/// order, so that groups cannot wait for each other in a circle.
macro_rules! entries {
    () => {
        "
WITH changed AS (
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::timestamptz[])
               AS changed (user_id, balance, held, version, before, updated_at)
), free AS (
    SELECT a.user_id FROM credit_accounts a JOIN changed ON changed.user_id = a.user_id AND changed.before = a.version
     ORDER BY a.user_id FOR NO KEY UPDATE OF a SKIP LOCKED
), account AS (
    UPDATE credit_accounts a
       SET balance = changed.balance, held = changed.held, version = changed.version, updated_at = changed.updated_at
      FROM changed JOIN free ON free.user_id = changed.user_id
     WHERE a.user_id = changed.user_id
 RETURNING a.user_id
), entry AS (
    INSERT INTO credits_ledger
           (user_id, version, change_type, credits_delta, held_delta, balance_after, source, reference, created_at)
    SELECT added.user_id, added.version, added.change_type, added.delta, added.held, added.balance, added.source,
           added.reference, added.created_at
      FROM unnest($7::bigint[], $8::bigint[], $9::text[], $10::bigint[], $11::bigint[], $12::bigint[], $13::text[],
                  $14::text[], $15::timestamptz[])
           WITH ORDINALITY AS added
           (user_id, version, change_type, delta, held, balance, source, reference, created_at, place)
      JOIN account ON account.user_id = added.user_id
     ORDER BY added.place
 RETURNING id, user_id, version, change_type, credits_delta, held_delta, balance_after, source, reference, notes, created_at
)"
    };
}

/// Writes accounts and entries.
const WRITE: &str = concat!(entries!(), "\nSELECT * FROM entry");

/// Writes accounts, entries and the holds of these accounts. The number of a hold is that of its first entry. Its expiry is a
/// task of the queue, which ends with the hold.
const WRITE_HOLDS: &str = concat!(
    entries!(),
    ", opened AS (
    SELECT entry.id, entry.user_id, entry.reference, entry.held_delta, entry.created_at,
           hold.expires_at, hold.extendable_until, hold.wall
      FROM unnest($16::text[], $17::timestamptz[], $18::timestamptz[], $19::timestamptz[])
           AS hold (source, expires_at, extendable_until, wall)
      JOIN entry ON entry.source = hold.source
), opening AS (
    INSERT INTO credit_holds (id, user_id, run, credits, created_at, expires_at, extendable_until)
    SELECT id, user_id, reference, held_delta, created_at, expires_at, extendable_until FROM opened
), queued AS (
    INSERT INTO work (kind, key, due_at, generation, attempts, lease, created_at)
    SELECT $20, CAST(id AS text), expires_at, 1, 0, 0, wall FROM opened
), extending AS (
    UPDATE credit_holds h SET expires_at = extended.expires_at
      FROM unnest($21::bigint[], $22::timestamptz[]) AS extended (id, expires_at), account
     WHERE h.id = extended.id AND h.user_id = account.user_id
), ended AS (
    DELETE FROM credit_holds h USING account WHERE h.id = ANY ($23) AND h.user_id = account.user_id RETURNING h.id
), done AS (
    DELETE FROM work USING ended WHERE work.kind = $20 AND work.key = CAST(ended.id AS text)
)
SELECT * FROM entry"
);

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

/// Commits a group on a dedicated connection. A connection that turns out dead is replaced once: what was committed on it
/// is found by its sources, and holds that ended are not open anymore.
pub(super) async fn commit_on(dedicated: &mut Dedicated, way: Way, steps: &[&Step]) -> Result<Vec<Resolution>, DbErr> {
    loop {
        let mut taken = dedicated.take().await?;
        let commit = async {
            match way {
                Way::AtOnce => at_once::commit(&mut taken.connection, steps).await,
                Way::Decided => commit(&mut taken.connection, steps).await,
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
async fn commit(connection: &mut PgConnection, steps: &[&Step]) -> Result<Vec<Resolution>, sqlx::Error> {
    let decided = decide(steps, read(connection, steps).await?);
    let stored = if decided.entries.is_empty() { Vec::new() } else { write(connection, &decided).await? };
    Ok(decided.resolutions(steps, stored))
}

/// Commits the steps of one account, and waits for it if it is locked.
pub(super) async fn commit_locked(
    connection: &mut PgConnection,
    user_id: i64,
    steps: &[&Step],
) -> Result<Vec<Resolution>, sqlx::Error> {
    let mut tx = connection.begin().await?;
    sqlx::query(LOCK).bind(user_id).execute(&mut *tx).await?;
    let resolutions = commit(&mut tx, steps).await?;
    tx.commit().await?;
    Ok(resolutions)
}

/// The user of a step, and the number of the user's open holds if the step reserves.
#[derive(FromQueryResult)]
struct Reserving {
    user_id: i64,
    open_holds: Option<i64>,
}

async fn read(connection: &mut PgConnection, steps: &[&Step]) -> Result<Rows, sqlx::Error> {
    let read = sqlx::query(READ)
        .bind(steps.iter().map(|step| step.user_id()).collect::<Vec<_>>())
        .bind(steps.iter().map(|step| step.source()).collect::<Vec<_>>())
        .bind(steps.iter().map(|step| step.hold_id()).collect::<Vec<_>>())
        .bind(steps.iter().map(|step| step.reserves()).collect::<Vec<_>>());
    let mut rows = Rows::default();
    for row in read.fetch_all(connection).await? {
        let row = QueryResult::from(row);
        rows.accounts.extend(database::model::<Option<credit_account::Model>>(&row, "a_")?);
        rows.entries.extend(database::model::<Option<ledger_entry::Model>>(&row, "e_")?);
        rows.holds.extend(database::model::<Option<credit_hold::Model>>(&row, "h_")?);
        let Reserving { user_id, open_holds } = database::model(&row, "s_")?;
        rows.open_holds.extend(open_holds.map(|open| (user_id, open)));
    }
    Ok(rows)
}

async fn write(connection: &mut PgConnection, decided: &DecidedGroup) -> Result<Vec<ledger_entry::Model>, sqlx::Error> {
    let (accounts, entries, holds) = (&decided.accounts, &decided.entries, &decided.holds);
    // The first entry of each account: the account had the version before it.
    let first: HashMap<_, _> = entries.iter().rev().map(|entry| (entry.user_id, entry.version)).collect();
    let before =
        |account: &credit_account::Model| first.get(&account.user_id).map_or(account.version, |first| first - 1);
    let mut write = sqlx::query(if holds.is_empty() { WRITE } else { WRITE_HOLDS })
        .bind(accounts.iter().map(|account| account.user_id).collect::<Vec<_>>())
        .bind(accounts.iter().map(|account| account.balance).collect::<Vec<_>>())
        .bind(accounts.iter().map(|account| account.held).collect::<Vec<_>>())
        .bind(accounts.iter().map(|account| account.version).collect::<Vec<_>>())
        .bind(accounts.iter().map(before).collect::<Vec<_>>())
        .bind(accounts.iter().map(|account| account.updated_at).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.user_id).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.version).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.change_type.to_value()).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.credits_delta).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.held_delta).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.balance_after).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.source.as_str()).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.reference.as_deref()).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.created_at).collect::<Vec<_>>());
    if !holds.is_empty() {
        write = write
            .bind(holds.opened.iter().map(|hold| hold.source.as_str()).collect::<Vec<_>>())
            .bind(holds.opened.iter().map(|hold| hold.expires_at).collect::<Vec<_>>())
            .bind(holds.opened.iter().map(|hold| hold.extendable_until).collect::<Vec<_>>())
            .bind(holds.opened.iter().map(|hold| hold.wall).collect::<Vec<_>>())
            .bind(Kind::Hold.to_value())
            .bind(holds.extended.keys().copied().collect::<Vec<_>>())
            .bind(holds.extended.values().copied().collect::<Vec<_>>())
            .bind(holds.ended.as_slice());
    }
    let stored = write.fetch_all(connection).await?.into_iter();
    stored.map(|row| database::model(&QueryResult::from(row), "")).collect()
}
