//! The queue: one table of the tasks to do later or again, on both databases.
//!
//! Its guarantees:
//! - A task is named by its kind and key, and exists once. Requesting it in a transaction ([`due`]) makes it as durable as
//!   what that transaction writes.
//! - A worker takes a task with a lease and renews it while it works. After a crash the task is free again within
//!   [`LEASE`]; a worker that lost its lease can neither finish nor move the task.
//! - A task that is requested while it is in progress is done once more afterwards: each request raises its generation, and
//!   finishing a task removes it only in the generation that was taken.
//! - Tasks are taken in the order in which they are due, and a failed task is due again after a growing pause. So no task
//!   can starve another.
//!
//! Tasks are done at least once. Each is written so that doing it again changes nothing.
//!
//! To add a kind of work: a variant of [`entity::work::Kind`], its line in `jobs::LANES`, and its arm in `jobs::perform`.
//!
//! Existing crates were considered. apalis 1.0 runs on both databases, but as two crates with a schema and migrations each,
//! it has no request that joins a task in progress and no lease that fences off a slow worker, and its PostgreSQL part needs
//! the extension hstore. The others (`graphile_worker`, underway, sqlxmq, fang, effectum) serve one of the two databases only.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use entity::work::{self, Kind};
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, Iterable, QueryFilter,
    QueryResult, Statement, Value,
};
use tokio::sync::Notify;

use crate::clock::Clock;

/// The time after which a lease that is not renewed ends.
pub const LEASE: TimeDelta = TimeDelta::seconds(30);

/// The prefix of the key of the mail about paused top-ups; the user's number follows.
pub const TOP_UPS_PAUSED: &str = "top-up-paused:";

/// The pause after the first failed attempt. It doubles with each, up to [`MAX_PAUSE`].
const PAUSE: TimeDelta = TimeDelta::seconds(5);

/// The longest pause between two attempts.
const MAX_PAUSE: TimeDelta = TimeDelta::hours(1);

/// Wakes this process's workers, so that work requested here need not wait until they next read the table.
#[derive(Debug, Default)]
pub struct Signal(Notify);

impl Signal {
    /// Wakes a worker. Call it after the commit; a lost signal delays the work by a second.
    pub fn wake(&self) {
        self.0.notify_one();
    }

    /// Waits for the next signal.
    pub async fn woken(&self) {
        self.0.notified().await;
    }
}

/// A task that this worker has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    id: i64,
    /// The kind of work.
    pub kind: Kind,
    /// The subject of the work.
    pub key: String,
    /// The number of this attempt, from 1.
    pub attempt: i32,
    generation: i64,
    lease: i64,
}

/// The result of a successful attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The task is done.
    Done,
    /// The task is due again at this time, by the kind's clock.
    At(DateTime<Utc>),
}

/// The current time by the clock of a kind of work: business time or wall time.
#[must_use]
pub fn now(clock: &Clock, kind: Kind) -> DateTime<Utc> {
    match kind {
        Kind::Unlimited | Kind::Alert => clock.now(),
        _ => clock.wall(),
    }
}

/// Requests a task, due now.
///
/// # Errors
/// The database's.
pub async fn due(db: &impl ConnectionTrait, clock: &Clock, kind: Kind, key: &str) -> Result<(), DbErr> {
    due_at(db, clock, kind, key, now(clock, kind)).await
}

/// Requests a task, due at a time by the kind's clock. An existing task becomes due at the earlier of the two times.
///
/// # Errors
/// The database's.
pub async fn due_at(
    db: &impl ConnectionTrait,
    clock: &Clock,
    kind: Kind,
    key: &str,
    at: DateTime<Utc>,
) -> Result<(), DbErr> {
    const REQUEST: &str = "INSERT INTO work (kind, key, due_at, generation, attempts, lease, created_at) \
        VALUES ($1, $2, $3, 1, 0, 0, $4) ON CONFLICT (kind, key) DO UPDATE SET generation = work.generation + 1, \
        due_at = CASE WHEN work.due_at < excluded.due_at THEN work.due_at ELSE excluded.due_at END";
    run(db, REQUEST, [kind.to_value().into(), key.into(), at.into(), clock.wall().into()]).await?;
    Ok(())
}

/// Makes sure that a task exists, due now if it is new.
///
/// # Errors
/// The database's.
pub async fn ensure(db: &impl ConnectionTrait, clock: &Clock, kind: Kind, key: &str) -> Result<(), DbErr> {
    ensure_at(db, clock, kind, key, now(clock, kind)).await
}

/// Makes sure that a task exists, due at a time by the kind's clock if it is new.
///
/// # Errors
/// The database's.
pub async fn ensure_at(
    db: &impl ConnectionTrait,
    clock: &Clock,
    kind: Kind,
    key: &str,
    at: DateTime<Utc>,
) -> Result<(), DbErr> {
    const ENSURE: &str = "INSERT INTO work (kind, key, due_at, generation, attempts, lease, created_at) \
        VALUES ($1, $2, $3, 1, 0, 0, $4) ON CONFLICT (kind, key) DO NOTHING";
    run(db, ENSURE, [kind.to_value().into(), key.into(), at.into(), clock.wall().into()]).await?;
    Ok(())
}

/// Removes a task that is no longer needed.
///
/// # Errors
/// The database's.
pub async fn cancel(db: &impl ConnectionTrait, kind: Kind, key: &str) -> Result<(), DbErr> {
    let task = work::Entity::delete_many().filter(work::Column::Kind.eq(kind)).filter(work::Column::Key.eq(key));
    task.exec(db).await?;
    Ok(())
}

/// Takes up to `limit` due tasks of a kind that no worker holds, the longest overdue first.
///
/// # Errors
/// The database's.
pub async fn claim(db: &impl ConnectionTrait, clock: &Clock, kind: Kind, limit: usize) -> Result<Vec<Claim>, DbErr> {
    let skip = if db.get_database_backend() == DbBackend::Postgres { "FOR UPDATE SKIP LOCKED" } else { "" };
    let sql = format!(
        "WITH due AS (SELECT id FROM work WHERE kind = $1 AND due_at <= $2 AND {FREE} ORDER BY due_at LIMIT $6 {skip}) \
         UPDATE work SET leased_until = $5, lease = lease + 1, attempts = attempts + 1 \
         WHERE id IN (SELECT id FROM due) RETURNING id, kind, key, generation, attempts, lease"
    );
    let wall = clock.wall();
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let values: [Value; 6] = [
        kind.to_value().into(),
        now(clock, kind).into(),
        wall.into(),
        (wall + LEASE * 2).into(),
        (wall + LEASE).into(),
        limit.into(),
    ];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    db.query_all_raw(statement).await?.iter().map(Claim::read).collect()
}

/// Takes one task if it exists and no worker holds it, even before it is due.
///
/// # Errors
/// The database's.
pub async fn claim_one(
    db: &impl ConnectionTrait,
    clock: &Clock,
    kind: Kind,
    key: &str,
) -> Result<Option<Claim>, DbErr> {
    let sql = format!(
        "UPDATE work SET leased_until = $5, lease = lease + 1, attempts = attempts + 1 WHERE kind = $1 AND key = $2 \
         AND {FREE} RETURNING id, kind, key, generation, attempts, lease"
    );
    let wall = clock.wall();
    let values: [Value; 5] =
        [kind.to_value().into(), key.into(), wall.into(), (wall + LEASE * 2).into(), (wall + LEASE).into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    db.query_one_raw(statement).await?.as_ref().map(Claim::read).transpose()
}

/// The time at which a task was first requested; `None` when it does not exist.
///
/// # Errors
/// The database's.
pub async fn requested_at(db: &impl ConnectionTrait, kind: Kind, key: &str) -> Result<Option<DateTime<Utc>>, DbErr> {
    let task = work::Entity::find().filter(work::Column::Kind.eq(kind)).filter(work::Column::Key.eq(key));
    Ok(task.one(db).await?.map(|task| task.created_at))
}

/// Does the work of a task while renewing its lease. Returns `None` if the lease was lost and the work abandoned.
pub async fn hold<T>(
    db: &impl ConnectionTrait,
    clock: &Clock,
    claim: &Claim,
    work: impl Future<Output = T>,
) -> Option<T> {
    tokio::select! {
        done = work => Some(done),
        () = lost(db, clock, claim) => {
            tracing::warn!(kind = ?claim.kind, key = claim.key, "the lease was lost");
            None
        }
    }
}

async fn lost(db: &impl ConnectionTrait, clock: &Clock, claim: &Claim) {
    loop {
        tokio::time::sleep(RENEWAL).await;
        match renew(db, clock, claim).await {
            Ok(true) => {}
            Ok(false) => return,
            // Until it runs out the lease is ours, and the next renewal may succeed.
            Err(error) => tracing::warn!(%error, "a lease could not be renewed"),
        }
    }
}

/// The condition that no worker holds the task at `$3`. A lease beyond `$4` ends later than any lease taken now: it was
/// taken by a clock that is ahead, and does not count.
const FREE: &str = "(leased_until IS NULL OR leased_until <= $3 OR leased_until > $4)";

/// Renews a lease. Returns `false` if it was lost.
async fn renew(db: &impl ConnectionTrait, clock: &Clock, claim: &Claim) -> Result<bool, DbErr> {
    const RENEW: &str = "UPDATE work SET leased_until = $3 WHERE id = $1 AND lease = $2";
    Ok(run(db, RENEW, [claim.id.into(), claim.lease.into(), (clock.wall() + LEASE).into()]).await? == 1)
}

/// Ends an attempt that succeeded. A task that was requested again meanwhile stays due.
///
/// # Errors
/// The database's.
pub async fn finish(db: &impl ConnectionTrait, claim: &Claim, next: Next) -> Result<(), DbErr> {
    const DELETE: &str = "DELETE FROM work WHERE id = $1 AND lease = $2 AND generation = $3";
    const RELEASE: &str =
        "UPDATE work SET leased_until = NULL, attempts = 0, error = NULL WHERE id = $1 AND lease = $2";
    const RESCHEDULE: &str = "UPDATE work SET leased_until = NULL, attempts = 0, error = NULL, \
        due_at = CASE WHEN generation = $3 THEN $4 ELSE due_at END WHERE id = $1 AND lease = $2";
    let (id, lease) = (Value::from(claim.id), Value::from(claim.lease));
    match next {
        Next::Done => {
            if run(db, DELETE, [id.clone(), lease.clone(), claim.generation.into()]).await? == 0 {
                run(db, RELEASE, [id, lease]).await?;
            }
        }
        Next::At(at) => {
            run(db, RESCHEDULE, [id, lease, claim.generation.into(), at.into()]).await?;
        }
    }
    Ok(())
}

/// Ends an attempt that failed: the task is due again after a pause, also if it was requested meanwhile.
///
/// # Errors
/// The database's.
pub async fn fail(db: &impl ConnectionTrait, clock: &Clock, claim: &Claim, error: &str) -> Result<(), DbErr> {
    const FAIL: &str = "UPDATE work SET leased_until = NULL, due_at = $3, error = $4 WHERE id = $1 AND lease = $2";
    let at = now(clock, claim.kind) + pause(claim.attempt);
    // PostgreSQL cannot store NUL in text.
    let error = error.replace('\0', "\u{fffd}");
    run(db, FAIL, [claim.id.into(), claim.lease.into(), at.into(), error.into()]).await?;
    Ok(())
}

/// Releases a task without counting the attempt, for a worker that stops.
///
/// # Errors
/// The database's.
pub async fn release(db: &impl ConnectionTrait, claim: &Claim) -> Result<(), DbErr> {
    const GIVE_BACK: &str = "UPDATE work SET leased_until = NULL, attempts = attempts - 1 WHERE id = $1 AND lease = $2";
    run(db, GIVE_BACK, [claim.id.into(), claim.lease.into()]).await?;
    Ok(())
}

/// The due time of the oldest task of each kind that no worker holds. Kinds without such a task are left out; tasks that
/// are due later are included.
///
/// # Errors
/// The database's.
pub async fn oldest(db: &impl ConnectionTrait, clock: &Clock) -> Result<Vec<(Kind, DateTime<Utc>)>, DbErr> {
    let of = |kind: Kind| {
        // ORDER BY applies to a union as a whole: hence the nested select.
        format!(
            "SELECT * FROM (SELECT kind, due_at FROM work WHERE kind = '{}' AND \
             (leased_until IS NULL OR leased_until <= $1 OR leased_until > $2) ORDER BY due_at LIMIT 1) AS {}",
            kind.to_value(),
            kind.to_value(),
        )
    };
    let sql = Kind::iter().map(of).collect::<Vec<_>>().join(" UNION ALL ");
    let wall = clock.wall();
    let statement =
        Statement::from_sql_and_values(db.get_database_backend(), sql, [wall.into(), (wall + LEASE * 2).into()]);
    let rows = db.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
}

/// The pause after this many attempts.
#[must_use]
pub fn pause(attempts: i32) -> TimeDelta {
    let doublings = attempts.clamp(1, 16) - 1;
    PAUSE.checked_mul(1 << doublings).unwrap_or(MAX_PAUSE).min(MAX_PAUSE)
}

/// Interval at which a worker renews its lease.
const RENEWAL: Duration = Duration::from_secs(10);

impl Claim {
    fn read(row: &QueryResult) -> Result<Self, DbErr> {
        #[derive(FromQueryResult)]
        struct Row {
            id: i64,
            kind: Kind,
            key: String,
            generation: i64,
            attempts: i32,
            lease: i64,
        }
        let Row { id, kind, key, generation, attempts, lease } = Row::from_query_result(row, "")?;
        Ok(Self { id, kind, key, attempt: attempts, generation, lease })
    }
}

async fn run<const N: usize>(db: &impl ConnectionTrait, sql: &str, values: [Value; N]) -> Result<u64, DbErr> {
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    Ok(db.execute_raw(statement).await?.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour() {
        assert_eq!(pause(1), TimeDelta::seconds(5));
        assert_eq!(pause(3), TimeDelta::seconds(20));
        assert_eq!(pause(30), TimeDelta::hours(1));
    }
}
