//! Deletes old webhook events: their payloads hold names and addresses of customers.

use chrono::{DateTime, TimeDelta};
use sea_orm::DbErr;

use super::look::PATIENCE;
use crate::{app::App, database::Old};

const FINISHED: Old =
    Old { table: "stripe_events", key: "event_id", time: "received_at", condition: "status IN ('applied', 'ignored')" };
const UNFINISHED: Old = Old { condition: "status NOT IN ('applied', 'ignored')", ..FINISHED };

/// Deletes applied and ignored events after the configured retention time, and others once they are no longer retried.
/// Returns their number.
///
/// # Errors
/// The database's.
pub async fn prune(app: &App) -> Result<u64, DbErr> {
    let retention = TimeDelta::from_std(app.config.webhook_retention).unwrap_or(TimeDelta::MAX);
    let now = app.clock.wall();
    let before = |age: TimeDelta| now.checked_sub_signed(age).unwrap_or(DateTime::UNIX_EPOCH);
    let finished = FINISHED.delete(&app.database, before(retention)).await?;
    let unfinished = before(retention.max(PATIENCE + TimeDelta::days(1)));
    Ok(finished + UNFINISHED.delete(&app.database, unfinished).await?)
}
