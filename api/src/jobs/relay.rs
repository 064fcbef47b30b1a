//! Adds new ledger entries, and the events that webhooks wrote, to the stream of events, and requests their deliveries.
//!
//! One transaction at a time adds events, which has the lock of the relay's row: so their numbers become visible in their order,
//! and readers of the stream miss none. The versions of an account have no gaps, and a version is visible once a later one is:
//! so an account's events are complete up to its cursor.

mod account;
mod position;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    account_event::{self, Type},
    event_cursor,
    event_delivery::{self, Status},
    event_endpoint, event_relay, ledger_entry, pending_event,
    work::Kind,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::OnConflict,
};
use tokio::time::{Instant, sleep};

use self::{account::Account, position::Position};
use crate::{
    app::App,
    billing::{event_delivery::PATIENCE, paid_period},
    error::Error,
    events::{of_entry, plan_period},
    ledger,
    work::{self, Next},
};

/// Time for which one attempt at the task looks for changes, before other tasks of the queue have their turn.
const TURN: Duration = Duration::from_secs(20);

/// Pause while nothing has changed.
const PAUSE: Duration = Duration::from_millis(200);

/// Maximum number of rows in one statement that writes.
const ROWS: usize = 500;

/// The result of one pass.
enum Pass {
    /// There is no endpoint.
    Unused,
    /// Nothing has changed.
    Idle,
    /// There may be more.
    Added,
}

/// An event to be added.
struct NewEvent {
    user_id: i64,
    kind: Type,
    payload: String,
}

pub(super) async fn run(app: &App) -> Result<Next, Error> {
    let end = Instant::now() + TURN;
    while Instant::now() < end {
        match pass(app).await? {
            Pass::Unused => return Ok(Next::Done),
            Pass::Idle => sleep(PAUSE).await,
            Pass::Added => {}
        }
    }
    Ok(Next::At(app.clock.wall()))
}

async fn pass(app: &App) -> Result<Pass, Error> {
    if !has_work(app).await? {
        return Ok(Pass::Idle);
    }
    let tx = app.database.begin().await?;
    let Some(mut position) = Position::lock(&tx).await? else { return Ok(Pass::Idle) };
    let endpoints = event_endpoint::Entity::find().all(&tx).await?;
    if endpoints.is_empty() {
        pending_event::Entity::delete_many().exec(&tx).await?;
        tx.commit().await?;
        return Ok(Pass::Unused);
    }
    let entries = position.advance(&tx).await?;
    let pending = read_pending(&tx, &entries).await?;
    let is_idle = entries.is_empty() && pending.is_empty();
    let accounts = read_accounts(&tx, entries, pending, position.started_after()).await?;
    let events = add_events(&tx, app.clock.wall(), events(&tx, &accounts).await?).await?;
    remove_pending(&tx, &accounts).await?;
    move_cursors(&tx, &accounts, position.started_after()).await?;
    request_deliveries(&tx, app, &endpoints, &events).await?;
    position.save(&tx).await?;
    tx.commit().await?;
    if !events.is_empty() {
        app.work.wake();
    }
    Ok(if is_idle { Pass::Idle } else { Pass::Added })
}

/// Reads without a lock if a transaction would find anything.
async fn has_work(app: &App) -> Result<bool, DbErr> {
    let db = app.database.read();
    let position = event_relay::Entity::find_by_id(1).one(db).await?;
    let newest = ledger::newest_entry_id(db).await?;
    if position.is_some_and(|position| position.safe < position.seen.max(newest)) {
        return Ok(true);
    }
    let pending = pending_event::Entity::find().select_only().column(pending_event::Column::Id).into_tuple::<i64>();
    if pending.one(db).await?.is_some() {
        return Ok(true);
    }
    let endpoint = event_endpoint::Entity::find().select_only().column(event_endpoint::Column::Id).into_tuple::<i64>();
    Ok(endpoint.one(db).await?.is_none())
}

/// Reads the oldest pending events, and with them all of the accounts that they or the entries are about: a later event of an
/// account must not come before an earlier one that is still pending.
async fn read_pending(
    tx: &DatabaseTransaction,
    entries: &[ledger_entry::Model],
) -> Result<Vec<pending_event::Model>, DbErr> {
    let oldest = pending_event::Entity::find()
        .select_only()
        .column(pending_event::Column::UserId)
        .order_by_asc(pending_event::Column::Id)
        .limit(position::BATCH)
        .into_tuple::<i64>();
    let of_pending = oldest.all(tx).await?;
    if of_pending.is_empty() {
        return Ok(Vec::new());
    }
    let users: BTreeSet<_> = of_pending.into_iter().chain(entries.iter().map(|entry| entry.user_id)).collect();
    let pending = pending_event::Entity::find().filter(pending_event::Column::UserId.is_in(users));
    // Without a limit: payments and changes of a subscription are few, even while no relay runs for a day.
    pending.order_by_asc(pending_event::Column::Id).all(tx).await
}

/// Removes the pending events that are in the stream now.
async fn remove_pending(tx: &DatabaseTransaction, accounts: &[Account]) -> Result<(), DbErr> {
    let ids: Vec<_> = accounts.iter().flat_map(|account| account.pending.iter().map(|event| event.id)).collect();
    for ids in ids.chunks(ROWS) {
        let added = pending_event::Entity::delete_many();
        added.filter(pending_event::Column::Id.is_in(ids.iter().copied())).exec(tx).await?;
    }
    Ok(())
}

/// Groups changes by account, each from its cursor on.
async fn read_accounts(
    tx: &DatabaseTransaction,
    entries: Vec<ledger_entry::Model>,
    pending: Vec<pending_event::Model>,
    started_after: i64,
) -> Result<Vec<Account>, DbErr> {
    let mut changes = BTreeMap::<i64, (BTreeMap<i64, ledger_entry::Model>, Vec<pending_event::Model>)>::new();
    for entry in entries {
        changes.entry(entry.user_id).or_default().0.insert(entry.version, entry);
    }
    for event in pending {
        changes.entry(event.user_id).or_default().1.push(event);
    }
    let cursors = event_cursor::Entity::find()
        .filter(event_cursor::Column::UserId.is_in(changes.keys().copied()))
        .filter(event_cursor::Column::StartedAfter.eq(started_after))
        .all(tx)
        .await?;
    let cursors: HashMap<_, _> = cursors.into_iter().map(|cursor| (cursor.user_id, cursor.version)).collect();
    let mut accounts = Vec::new();
    for (user_id, (entries, pending)) in changes {
        let cursor = cursors.get(&user_id).copied();
        accounts.push(Account::read(tx, user_id, cursor, entries, pending, started_after).await?);
    }
    Ok(accounts)
}

/// The events of all accounts, each account's in order.
async fn events(tx: &DatabaseTransaction, accounts: &[Account]) -> Result<Vec<NewEvent>, DbErr> {
    let periods = accounts.iter().flat_map(|account| account.entries.iter().filter_map(plan_period));
    let references: BTreeSet<_> = periods.map(|(period, _)| period.to_owned()).collect();
    let periods = if references.is_empty() {
        HashMap::new()
    } else {
        paid_period::by_references(tx, &references.into_iter().collect::<Vec<_>>()).await?
    };
    let is_change = |entry: &ledger_entry::Model| {
        plan_period(entry)
            .is_some_and(|(period, invoice)| periods.get(period).is_some_and(|period| period.is_changed_by(invoice)))
    };
    let mut events = Vec::new();
    for account in accounts {
        let mut add = |kind, payload| events.push(NewEvent { user_id: account.user_id, kind, payload });
        let mut pending = account.pending.iter().peekable();
        for entry in &account.entries {
            // An event follows the entries that its transaction had found or posted.
            while let Some(event) = pending.next_if(|event| event.version < entry.version) {
                add(event.kind, event.payload.clone());
            }
            for (kind, payload) in of_entry(entry, is_change(entry)) {
                add(kind, payload);
            }
        }
        for event in pending {
            add(event.kind, event.payload.clone());
        }
    }
    Ok(events)
}

async fn add_events(
    tx: &DatabaseTransaction,
    now: DateTime<Utc>,
    events: Vec<NewEvent>,
) -> Result<Vec<account_event::Model>, DbErr> {
    let mut added = Vec::with_capacity(events.len());
    let mut rows = events.into_iter().map(|event| account_event::ActiveModel {
        user_id: Set(event.user_id),
        kind: Set(event.kind),
        payload: Set(event.payload),
        created_at: Set(now),
        ..Default::default()
    });
    loop {
        let batch: Vec<_> = rows.by_ref().take(ROWS).collect();
        if batch.is_empty() {
            return Ok(added);
        }
        added.extend(account_event::Entity::insert_many(batch).exec_with_returning(tx).await?);
    }
}

async fn move_cursors(tx: &DatabaseTransaction, accounts: &[Account], started_after: i64) -> Result<(), DbErr> {
    for accounts in accounts.chunks(ROWS) {
        let rows = accounts.iter().map(|account| event_cursor::ActiveModel {
            user_id: Set(account.user_id),
            started_after: Set(started_after),
            version: Set(account.version),
        });
        let replace = OnConflict::column(event_cursor::Column::UserId)
            .update_columns([event_cursor::Column::StartedAfter, event_cursor::Column::Version])
            .to_owned();
        event_cursor::Entity::insert_many(rows).on_conflict(replace).exec_without_returning(tx).await?;
    }
    Ok(())
}

async fn request_deliveries(
    tx: &DatabaseTransaction,
    app: &App,
    endpoints: &[event_endpoint::Model],
    events: &[account_event::Model],
) -> Result<(), DbErr> {
    let now = app.clock.wall();
    for endpoint in endpoints {
        let wanted: Vec<_> = events.iter().filter(|event| endpoint.receives(event.kind)).collect();
        for events in wanted.chunks(ROWS) {
            let rows = events.iter().map(|event| delivery(event, endpoint.id, now, PATIENCE));
            event_delivery::Entity::insert_many(rows).exec_without_returning(tx).await?;
        }
        if !wanted.is_empty() {
            work::due(tx, &app.clock, Kind::Delivery, &endpoint.id.to_string()).await?;
        }
    }
    Ok(())
}

fn delivery(
    event: &account_event::Model,
    endpoint_id: i64,
    now: DateTime<Utc>,
    patience: TimeDelta,
) -> event_delivery::ActiveModel {
    event_delivery::ActiveModel {
        event_id: Set(event.id),
        endpoint_id: Set(endpoint_id),
        user_id: Set(event.user_id),
        status: Set(Status::Pending),
        attempts: Set(0),
        due_at: Set(now),
        gives_up_at: Set(now + patience),
        created_at: Set(now),
        ..Default::default()
    }
}
