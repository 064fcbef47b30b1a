//! The deliveries of events to endpoints.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    account_event,
    admin_action::Kind as Action,
    event_delivery::{ActiveModel, Column, Entity, Model, Status},
    event_endpoint,
    work::Kind,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, QueryFilter, Statement,
    sea_query::{Expr, OnConflict},
};

use super::admin_action::{self, Subject};
use crate::{
    app::App,
    database::Old,
    error::Error,
    global_id::Noun,
    input,
    page::{Page, Window},
    work,
};

/// The time for which an event is sent again and again before it is given up.
pub const PATIENCE: TimeDelta = TimeDelta::days(3);

/// Number of rows that one statement deletes.
const BATCH: u64 = 100;

/// The largest number of statements of one attempt to delete the deliveries of an endpoint.
const MAX_BATCHES: usize = 1000;

const DELIVERIES: Old = Old { table: "event_deliveries", key: "id", time: "created_at", condition: "TRUE" };
const EVENTS: Old = Old { table: "account_events", ..DELIVERIES };

/// A filter of deliveries. Without any field it selects all of them.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Their status.
    pub status: Option<Status>,
    /// The id of their endpoint.
    pub endpoint: Option<String>,
}

/// A delivery with its event, unless that was deleted.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The delivery.
    pub row: Model,
    /// The event.
    pub event: Option<account_event::Model>,
}

/// One page of deliveries, newest first, keyed by number.
///
/// # Errors
/// [`Error::NotFound`] for what is no id of an endpoint.
pub async fn page(app: &App, filter: &Filter, window: Window) -> Result<Page<Delivery>, Error> {
    let mut query = Entity::find();
    if let Some(status) = filter.status {
        query = query.filter(Column::Status.eq(status));
    }
    if let Some(endpoint) = &filter.endpoint {
        query = query.filter(Column::EndpointId.eq(input::id(Noun::Endpoint, endpoint)?));
    }
    let mut cursor = query.cursor_by(Column::Id);
    cursor.desc();
    window.apply(&mut cursor);
    let Page { rows, has_previous, has_next } = Page::cut(cursor.all(app.database.read()).await?, &window);
    let rows = with_events(app, rows).await?;
    Ok(Page { rows, has_previous, has_next })
}

async fn with_events(app: &App, rows: Vec<Model>) -> Result<Vec<Delivery>, DbErr> {
    let ids = rows.iter().map(|row| row.event_id);
    let events = account_event::Entity::find().filter(account_event::Column::Id.is_in(ids));
    let events = events.all(app.database.read()).await?;
    let events: HashMap<_, _> = events.into_iter().map(|event| (event.id, event)).collect();
    Ok(rows.into_iter().map(|row| Delivery { event: events.get(&row.event_id).cloned(), row }).collect())
}

/// Sends an event to an endpoint once more, whether it was sent before or not, at the request of `actor`, an admin. If that
/// fails, the event is given up at once, so that it does not hold up later ones. One that is pending is tried now, and stays
/// pending if that fails.
///
/// # Errors
/// [`Error::NotFound`] when there is no such event or endpoint.
pub async fn redeliver(app: &App, actor: i64, event: &str, endpoint: &str) -> Result<Delivery, Error> {
    let (event, endpoint) = (input::id(Noun::Event, event)?, input::id(Noun::Endpoint, endpoint)?);
    let tx = app.database.begin().await?;
    let event = account_event::Entity::find_by_id(event).one(&tx).await?.ok_or(Error::NotFound("event"))?;
    let found = event_endpoint::Entity::find_by_id(endpoint).one(&tx).await?;
    let endpoint = found.ok_or(Error::NotFound("endpoint"))?;
    let now = app.clock.wall();
    let row = match hasten(&tx, &event, endpoint.id, now).await? {
        Some(row) => row,
        None => begin_again(&tx, &event, endpoint.id, now).await?,
    };
    work::due(&tx, &app.clock, Kind::Delivery, &endpoint.id.to_string()).await?;
    let subject =
        Subject { user_id: Some(event.user_id), endpoint_id: Some(endpoint.id), account_event_id: Some(event.id) };
    admin_action::record_about(&tx, app, actor, Action::RedeliverEvent, subject).await?;
    tx.commit().await?;
    app.work.wake();
    Ok(Delivery { row, event: Some(event) })
}

/// Lets a pending delivery be due now. `None` if there is none.
async fn hasten(
    tx: &DatabaseTransaction,
    event: &account_event::Model,
    endpoint_id: i64,
    now: DateTime<Utc>,
) -> Result<Option<Model>, DbErr> {
    let due = Entity::update_many()
        .col_expr(Column::DueAt, Expr::value(now))
        .filter(Column::EventId.eq(event.id))
        .filter(Column::EndpointId.eq(endpoint_id))
        .filter(Column::Status.eq(Status::Pending));
    Ok(due.exec_with_returning(tx).await?.pop())
}

/// Adds a delivery, or begins a finished one again, with one attempt.
async fn begin_again(
    tx: &DatabaseTransaction,
    event: &account_event::Model,
    endpoint_id: i64,
    now: DateTime<Utc>,
) -> Result<Model, DbErr> {
    let row = ActiveModel {
        event_id: Set(event.id),
        endpoint_id: Set(endpoint_id),
        user_id: Set(event.user_id),
        status: Set(Status::Pending),
        attempts: Set(0),
        due_at: Set(now),
        gives_up_at: Set(now),
        response_status: Set(None),
        error: Set(None),
        finished_at: Set(None),
        created_at: Set(now),
        ..Default::default()
    };
    let again = OnConflict::columns([Column::EventId, Column::EndpointId])
        .update_columns([
            Column::Status,
            Column::Attempts,
            Column::DueAt,
            Column::GivesUpAt,
            Column::ResponseStatus,
            Column::Error,
            Column::FinishedAt,
        ])
        .to_owned();
    Entity::insert(row).on_conflict(again).exec_with_returning(tx).await
}

/// Deletes some deliveries of an endpoint that was deleted. Returns true once there are no more.
///
/// # Errors
/// The database's. The remaining rows are deleted the next time.
pub async fn delete_some_of(app: &App, endpoint_id: i64) -> Result<bool, DbErr> {
    let db = app.database.write();
    let some = "SELECT id FROM event_deliveries WHERE endpoint_id = $1 ORDER BY id LIMIT $2";
    let sql = match db.get_database_backend() {
        DbBackend::Postgres => format!("DELETE FROM event_deliveries WHERE id = ANY(ARRAY({some}))"),
        _ => format!("DELETE FROM event_deliveries WHERE id IN ({some})"),
    };
    for _ in 0..MAX_BATCHES {
        let values = [endpoint_id.into(), BATCH.cast_signed().into()];
        let statement = Statement::from_sql_and_values(db.get_database_backend(), &sql, values);
        if db.execute_raw(statement).await?.rows_affected() < BATCH {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Deletes the events that are older than their retention time, with their deliveries. Returns the number of events.
///
/// # Errors
/// The database's.
pub async fn prune(app: &App) -> Result<u64, DbErr> {
    let retention = TimeDelta::from_std(app.config.event_retention).unwrap_or(TimeDelta::MAX);
    let before = app.clock.wall().checked_sub_signed(retention).unwrap_or_default();
    DELIVERIES.delete(&app.database, before).await?;
    EVENTS.delete(&app.database, before).await
}
