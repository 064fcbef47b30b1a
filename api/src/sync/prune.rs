//! Deletes old webhook events: their payloads hold names and addresses of customers.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DbErr, Statement};

use super::look::PATIENCE;
use crate::app::App;

/// The number of events that one statement deletes: each holds the writer of a SQLite file for some milliseconds.
const BATCH: u64 = 500;

/// The largest number of statements of one run. The next run deletes the rest.
const MAX_BATCHES: usize = 200;

/// Written out, because a database uses a partial index only for the exact condition of the index.
const SETTLED: &str = "DELETE FROM stripe_events WHERE event_id IN (SELECT event_id FROM stripe_events \
    WHERE status IN ('applied', 'ignored') AND received_at < $1 ORDER BY received_at LIMIT $2)";
const UNSETTLED: &str = "DELETE FROM stripe_events WHERE event_id IN (SELECT event_id FROM stripe_events \
    WHERE status NOT IN ('applied', 'ignored') AND received_at < $1 ORDER BY received_at LIMIT $2)";

/// Deletes applied and ignored events after the configured retention time, and others once they are no longer retried.
/// Returns their number.
///
/// # Errors
/// The database's.
pub async fn prune(app: &App) -> Result<usize, DbErr> {
    let retention = TimeDelta::from_std(app.config.webhook_retention).unwrap_or(TimeDelta::MAX);
    let now = app.clock.wall();
    let before = |age: TimeDelta| now.checked_sub_signed(age).unwrap_or(DateTime::UNIX_EPOCH);
    let settled = delete(app, SETTLED, before(retention)).await?;
    Ok(settled + delete(app, UNSETTLED, before(retention.max(PATIENCE + TimeDelta::days(1)))).await?)
}

async fn delete(app: &App, sql: &str, before: DateTime<Utc>) -> Result<usize, DbErr> {
    let mut deleted = 0;
    for _ in 0..MAX_BATCHES {
        let values = [before.into(), BATCH.cast_signed().into()];
        let statement = Statement::from_sql_and_values(app.database.backend(), sql, values);
        let batch = app.database.write().execute_raw(statement).await?.rows_affected();
        deleted += batch;
        if batch < BATCH {
            break;
        }
    }
    Ok(usize::try_from(deleted).unwrap_or(usize::MAX))
}
