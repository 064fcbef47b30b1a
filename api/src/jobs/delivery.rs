//! Sends the pending events of one endpoint: those of an account one after the other, and several accounts at once.
//!
//! Each endpoint has a task and a worker of its own, so a slow one keeps no other waiting. An event that fails is due again after
//! a growing pause. The later events of its account wait for it, until it is accepted or given up: they are put aside once, and
//! the next one is due as soon as the one before has ended, so that a long backlog is not written again with each attempt.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    account_event,
    event_delivery::{Column, Entity, Model, Status},
    event_endpoint,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};
use tokio::time::Instant;

use crate::{
    app::App,
    billing,
    error::Error,
    events::{Failure, Message},
    global_id::Noun,
    telemetry,
    work::{self, Next},
};

/// Time after which an attempt at the task ends, though more events are due.
const TURN: Duration = Duration::from_mins(1);

/// Maximum number of accounts whose events are sent at once.
const CONCURRENCY: usize = 8;

/// Maximum number of due events that are read to find accounts.
const DUE: u64 = 400;

/// Maximum number of events of an account that are read at a time.
const BATCH: u64 = 25;

/// Time after which an event that waits for an earlier one is looked at again.
const ASIDE: TimeDelta = TimeDelta::hours(1);

pub(super) async fn run(app: &App, endpoint_id: i64) -> Result<Next, Error> {
    let end = Instant::now() + TURN;
    loop {
        let endpoint = event_endpoint::Entity::find_by_id(endpoint_id).one(app.database.read()).await?;
        let Some(endpoint) = endpoint else {
            let is_done = billing::event_delivery::delete_some_of(app, endpoint_id).await?;
            return Ok(if is_done { Next::Done } else { Next::At(app.clock.wall()) });
        };
        if endpoint.disabled_at.is_some() {
            return Ok(Next::Done);
        }
        let accounts = due_accounts(app, endpoint_id).await?;
        if accounts.is_empty() {
            return Ok(next_due(app, endpoint_id).await?.map_or(Next::Done, Next::At));
        }
        if Instant::now() >= end {
            return Ok(Next::At(app.clock.wall()));
        }
        let sending = stream::iter(accounts).map(|account| send_account(app, endpoint_id, account, end));
        sending.buffer_unordered(CONCURRENCY).try_collect::<()>().await?;
    }
}

/// An account with events that are due.
struct DueAccount {
    user_id: i64,
    /// The deliveries that are due.
    due: Vec<i64>,
}

/// The accounts with events that are due.
async fn due_accounts(app: &App, endpoint_id: i64) -> Result<Vec<DueAccount>, DbErr> {
    let due = Entity::find()
        .select_only()
        .columns([Column::UserId, Column::Id])
        .filter(Column::EndpointId.eq(endpoint_id))
        .filter(is_pending())
        .filter(Column::DueAt.lte(app.clock.wall()))
        .order_by_asc(Column::DueAt)
        .limit(DUE);
    let mut accounts = BTreeMap::<_, Vec<_>>::new();
    for (user_id, delivery) in due.into_tuple::<(i64, i64)>().all(app.database.read()).await? {
        accounts.entry(user_id).or_default().push(delivery);
    }
    Ok(accounts.into_iter().map(|(user_id, due)| DueAccount { user_id, due }).collect())
}

async fn next_due(app: &App, endpoint_id: i64) -> Result<Option<DateTime<Utc>>, DbErr> {
    let next = Entity::find()
        .select_only()
        .column(Column::DueAt)
        .filter(Column::EndpointId.eq(endpoint_id))
        .filter(is_pending())
        .order_by_asc(Column::DueAt);
    next.into_tuple().one(app.database.read()).await
}

/// In the words of the indexes over pending deliveries.
fn is_pending() -> Expr {
    Expr::cust("status = 'pending'")
}

/// Sends the events of an account in their order, until one fails or is not due.
async fn send_account(app: &App, endpoint_id: i64, account: DueAccount, end: Instant) -> Result<(), Error> {
    let pending = pending_of(app, endpoint_id, account.user_id).await?;
    let events = account_event::Entity::find()
        .filter(account_event::Column::Id.is_in(pending.iter().map(|delivery| delivery.event_id)));
    let events = events.all(app.database.read()).await?;
    let events: HashMap<_, _> = events.into_iter().map(|event| (event.id, event)).collect();
    let is_full = pending.len() as u64 == BATCH;
    let mut deliveries = pending.iter().peekable();
    // The first is due by its own time, and each further one when the one before it has ended.
    let mut is_first = true;
    while let Some(delivery) = deliveries.next() {
        if Instant::now() >= end {
            return Ok(());
        }
        if is_first && delivery.due_at > app.clock.wall() {
            return Ok(put_aside(app, &account, delivery).await?);
        }
        is_first = false;
        // Read before each event, since it may have been changed, disabled or deleted meanwhile.
        let endpoint = event_endpoint::Entity::find_by_id(endpoint_id).one(app.database.read()).await?;
        let Some(endpoint) = endpoint.filter(|endpoint| endpoint.disabled_at.is_none()) else { return Ok(()) };
        let sent = match events.get(&delivery.event_id) {
            Some(event) => send(app, &endpoint, event).await,
            None => Err(Failure { status: None, reason: "the event was deleted".to_owned() }),
        };
        let outcome = Outcome::of(app, delivery, sent);
        let waits = deliveries.peek().map_or(is_full, |next| next.due_at > app.clock.wall());
        if outcome.due_at.is_none() && waits {
            // Before this one ends: if the process stops in between, it is sent once more.
            release_next(app, delivery).await?;
        }
        record(app, delivery, &outcome).await?;
        if outcome.response_status == Some(GONE) {
            return Ok(disable(app, &endpoint).await?);
        }
        if outcome.due_at.is_some() {
            return Ok(put_aside(app, &account, delivery).await?);
        }
    }
    Ok(())
}

/// The first pending deliveries of an account, in their order.
async fn pending_of(app: &App, endpoint_id: i64, user_id: i64) -> Result<Vec<Model>, DbErr> {
    let pending = Entity::find()
        .filter(Column::EndpointId.eq(endpoint_id))
        .filter(Column::UserId.eq(user_id))
        .filter(is_pending())
        .order_by_asc(Column::EventId)
        .limit(BATCH);
    pending.all(app.database.read()).await
}

async fn send(app: &App, endpoint: &event_endpoint::Model, event: &account_event::Model) -> Result<u16, Failure> {
    let id = Noun::Event.id(event.id).to_string();
    let message = Message { id: &id, timestamp: app.clock.wall().timestamp(), body: &event.payload };
    app.sender.send(&endpoint.url, &endpoint.secret, message).await
}

/// The status by which an endpoint ends its registration.
const GONE: i32 = 410;

/// The outcome of an attempt.
struct Outcome {
    status: Status,
    response_status: Option<i32>,
    error: Option<String>,
    /// The time of the next attempt, if there is one.
    due_at: Option<DateTime<Utc>>,
}

impl Outcome {
    fn of(app: &App, delivery: &Model, sent: Result<u16, Failure>) -> Self {
        let failure = match sent {
            Ok(status) => {
                telemetry::event_delivery("delivered");
                return Self {
                    status: Status::Delivered,
                    response_status: Some(status.into()),
                    error: None,
                    due_at: None,
                };
            }
            Err(failure) => failure,
        };
        let now = app.clock.wall();
        let response_status = failure.status.map(Into::into);
        let is_last = failure.is_gone() || now >= delivery.gives_up_at;
        telemetry::event_delivery(if is_last { "dead" } else { "failed" });
        let (event_id, endpoint_id, reason) = (delivery.event_id, delivery.endpoint_id, failure.reason.as_str());
        if is_last {
            tracing::warn!(event_id, endpoint_id, reason, "an event was given up");
        } else {
            tracing::info!(event_id, endpoint_id, reason, "an event was not accepted");
        }
        let error = Some(failure.reason);
        if is_last {
            return Self { status: Status::Dead, response_status, error, due_at: None };
        }
        let due_at = Some(now + work::pause(delivery.attempts + 1));
        Self { status: Status::Pending, response_status, error, due_at }
    }
}

async fn record(app: &App, delivery: &Model, outcome: &Outcome) -> Result<(), DbErr> {
    let now = app.clock.wall();
    let update = Entity::update_many()
        .col_expr(Column::Status, Expr::value(outcome.status))
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .col_expr(Column::ResponseStatus, Expr::value(outcome.response_status))
        .col_expr(Column::Error, Expr::value(outcome.error.clone()))
        .col_expr(Column::DueAt, Expr::value(outcome.due_at.unwrap_or(delivery.due_at)))
        .col_expr(Column::FinishedAt, Expr::value(outcome.due_at.is_none().then_some(now)));
    // A request to send it again, which came meanwhile, has changed the row's last attempt.
    let unchanged = update
        .filter(Column::Id.eq(delivery.id))
        .filter(Column::Status.eq(Status::Pending))
        .filter(Column::GivesUpAt.eq(delivery.gives_up_at));
    unchanged.exec(app.database.write()).await?;
    Ok(())
}

/// Lets the events of an account that are due wait for an earlier one that is not.
async fn put_aside(app: &App, account: &DueAccount, earlier: &Model) -> Result<(), DbErr> {
    let later = Entity::update_many()
        .col_expr(Column::DueAt, Expr::value(app.clock.wall() + ASIDE))
        .filter(Column::Id.is_in(account.due.iter().copied()))
        .filter(Column::EventId.gt(earlier.event_id))
        .filter(is_pending());
    later.exec(app.database.write()).await?;
    Ok(())
}

/// Lets the next event of an account be due, if it was put aside.
async fn release_next(app: &App, delivery: &Model) -> Result<(), DbErr> {
    let next = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::EndpointId.eq(delivery.endpoint_id))
        .filter(Column::UserId.eq(delivery.user_id))
        .filter(is_pending())
        .filter(Column::EventId.gt(delivery.event_id))
        .order_by_asc(Column::EventId);
    let Some(next) = next.into_tuple::<i64>().one(app.database.read()).await? else { return Ok(()) };
    let now = app.clock.wall();
    let release = Entity::update_many()
        .col_expr(Column::DueAt, Expr::value(now))
        .filter(Column::Id.eq(next))
        .filter(Column::DueAt.gt(now));
    release.exec(app.database.write()).await?;
    Ok(())
}

/// Disables an endpoint that wants no more events, unless it has another URL now.
async fn disable(app: &App, endpoint: &event_endpoint::Model) -> Result<(), DbErr> {
    tracing::warn!(endpoint_id = endpoint.id, "an endpoint answered 410 Gone and was disabled");
    let row = event_endpoint::ActiveModel {
        id: Unchanged(endpoint.id),
        disabled_at: Set(Some(app.clock.wall())),
        disabled_reason: Set(Some("The endpoint answered with the status 410 Gone.".to_owned())),
        ..Default::default()
    };
    event_endpoint::Entity::update_many()
        .set(row)
        .filter(event_endpoint::Column::Id.eq(endpoint.id))
        .filter(event_endpoint::Column::Url.eq(&endpoint.url))
        .exec(app.database.write())
        .await?;
    Ok(())
}
