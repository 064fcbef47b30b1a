//! Tasks of the queue that need an operator's attention: those that fail, and those that no worker takes.

use chrono::{DateTime, TimeDelta, Utc};
use entity::work::{Column, Entity, Model};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, sea_query::Expr};

use super::task_owner;
use crate::{
    app::App,
    error::Error,
    page::{Page, Window},
};

/// A position in a list of tasks: a time and the task's id.
pub type Place = (DateTime<Utc>, i64);

/// The time for which a task may be due before it counts as overdue. Workers look for due tasks every second.
const LATE: TimeDelta = TimeDelta::minutes(1);

/// One page of all tasks whose last attempt failed, or of those about one user, the oldest first, keyed by when they were
/// created.
///
/// # Errors
/// The database's.
pub async fn failed(app: &App, user_id: Option<i64>, window: Window<Place>) -> Result<Page<Model>, Error> {
    // In the words of the index over failed tasks.
    let mut query = Entity::find().filter(Expr::cust("error IS NOT NULL"));
    if let Some(user_id) = user_id {
        query = query.filter(task_owner::is_about(user_id));
    }
    // Redundant, but lets the index scan begin at the page.
    let from = window.after.map_or(DateTime::UNIX_EPOCH, |(at, _)| at);
    let mut cursor = query.filter(Column::CreatedAt.gte(from)).cursor_by((Column::CreatedAt, Column::Id));
    window.apply(&mut cursor);
    Ok(Page::cut(cursor.all(app.database.read()).await?, &window))
}

/// One page of the tasks that have been due for a minute and are held by no worker, the longest overdue first, keyed by when
/// they were due. Business time is never behind wall time, so a task that is due by business time is not listed too early.
///
/// # Errors
/// The database's.
pub async fn overdue(app: &App, window: Window<Place>) -> Result<Page<Model>, Error> {
    let now = app.clock.wall();
    let free = Condition::any().add(Column::LeasedUntil.is_null()).add(Column::LeasedUntil.lte(now));
    let mut query = Entity::find().filter(Column::DueAt.lte(now - LATE)).filter(free);
    if let Some((at, _)) = &window.after {
        // Redundant, but lets the index scan begin at the page.
        query = query.filter(Column::DueAt.gte(*at));
    }
    let mut cursor = query.cursor_by((Column::DueAt, Column::Id));
    window.apply(&mut cursor);
    Ok(Page::cut(cursor.all(app.database.read()).await?, &window))
}
