//! The rows of operations: begun under the account's lock, one open row for each user and kind.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use entity::{
    operation::{ActiveModel, Column, Entity, Kind, Model, State},
    user, work,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::call::{Operation, PATIENCE};
use crate::{app::App, clock, database::Old, error::Error, ledger, work as queue};

/// The next step for a request.
pub(super) enum Begun<R> {
    /// Finish this operation: a new one, or the open one of its kind.
    Open(Model),
    /// The effect exists already, so nothing is left to do.
    Finished(R),
}

/// Commits the operation before its call, or finds the open one of its kind. The account's lock, under which customers are
/// stored too, makes concurrent requests begin one after the other: so a user never gets two customers.
pub(super) async fn begin<O: Operation>(app: &App, user_id: i64, request: &O) -> Result<Begun<O::Reply>, Error> {
    let _turn = app.database.turn_of(user_id).await?;
    let tx = app.database.begin().await?;
    ledger::lock(&tx, user_id).await?;
    refuse_closed(&tx, user_id).await?;
    if let Some(reply) = O::existing(&tx, user_id).await? {
        return Ok(Begun::Finished(reply));
    }
    let open = of(user_id, O::KIND).filter(Column::State.eq(State::Open)).one(&tx).await?;
    if let Some(open) = open {
        return Ok(Begun::Open(open));
    }
    Ok(Begun::Open(store(app, tx, user_id, request).await?))
}

/// Refuses to begin anything for a closed account, which was closed under the same lock.
async fn refuse_closed(tx: &DatabaseTransaction, user_id: i64) -> Result<(), Error> {
    let closed = user::Entity::find_by_id(user_id).filter(user::Column::ClosedAt.is_not_null()).one(tx).await?;
    closed.map_or(Ok(()), |_| Err(Error::Unauthenticated("The account is closed.")))
}

/// As [`begin`], but only while `last` is the last operation of its kind.
pub(super) async fn begin_after<O: Operation>(
    app: &App,
    user_id: i64,
    request: &O,
    last: Option<i64>,
) -> Result<Option<Model>, Error> {
    let _turn = app.database.turn_of(user_id).await?;
    let tx = app.database.begin().await?;
    ledger::lock(&tx, user_id).await?;
    if newest(&tx, user_id, O::KIND).await?.map(|newest| newest.id) != last {
        return Ok(None);
    }
    Ok(Some(store(app, tx, user_id, request).await?))
}

/// Stores a refused operation for the operator, but only while `last` is the last of its kind.
///
/// # Errors
/// The database's.
pub(in crate::billing) async fn leave_to_operator<O: Operation>(
    app: &App,
    user_id: i64,
    request: &O,
    last: Option<i64>,
    why: &'static str,
) -> Result<(), Error> {
    let _turn = app.database.turn_of(user_id).await?;
    let tx = app.database.begin().await?;
    ledger::lock(&tx, user_id).await?;
    if newest(&tx, user_id, O::KIND).await?.map(|newest| newest.id) != last {
        return Ok(());
    }
    let mut row = new(app, user_id, request)?;
    row.state = Set(State::Refused);
    row.error = Set(Some(why.to_owned()));
    let operation = row.insert(&tx).await?;
    tx.commit().await?;
    tracing::error!(operation = operation.id, user_id, object = operation.stripe_object_id, "{why}");
    Ok(())
}

/// Commits the operation, and the request to finish it in case the caller ends early.
async fn store<O: Operation>(app: &App, tx: DatabaseTransaction, user_id: i64, request: &O) -> Result<Model, Error> {
    let operation = begin_in(app, &tx, user_id, request).await?;
    tx.commit().await?;
    Ok(operation)
}

/// Stores an operation, and the request to finish it, in a transaction that holds the account's lock. The caller commits.
///
/// # Errors
/// The database's, also where one of the same kind is open.
pub(in crate::billing) async fn begin_in<O: Operation>(
    app: &App,
    tx: &DatabaseTransaction,
    user_id: i64,
    request: &O,
) -> Result<Model, Error> {
    let operation = new(app, user_id, request)?.insert(tx).await?;
    let (key, at) = (operation.id.to_string(), operation.created_at + PATIENCE);
    queue::due_at(tx, &app.clock, work::Kind::Operation, &key, at).await?;
    Ok(operation)
}

fn new<O: Operation>(app: &App, user_id: i64, request: &O) -> Result<ActiveModel, Error> {
    Ok(ActiveModel {
        user_id: Set(user_id),
        kind: Set(O::KIND),
        idempotency_key: Set(clock::random_id()),
        request: Set(serde_json::to_value(request).map_err(|error| Error::Internal(error.to_string()))?),
        state: Set(State::Open),
        stripe_object_id: Set(request.target().map(ToOwned::to_owned)),
        created_at: Set(app.clock.wall()),
        ..Default::default()
    })
}

fn of(user_id: i64, kind: Kind) -> sea_orm::Select<Entity> {
    Entity::find().filter(Column::UserId.eq(user_id)).filter(Column::Kind.eq(kind))
}

/// The request of a stored operation.
pub(in crate::billing) fn request<O: Operation>(operation: &Model) -> Result<O, Error> {
    serde_json::from_value(operation.request.clone()).map_err(|error| Error::Internal(error.to_string()))
}

/// An operation by its id.
pub(in crate::billing) async fn find(app: &App, id: i64) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(app.database.read()).await
}

/// The newest operation of a kind.
///
/// # Errors
/// The database's.
pub(in crate::billing) async fn newest(
    db: &impl ConnectionTrait,
    user_id: i64,
    kind: Kind,
) -> Result<Option<Model>, DbErr> {
    of(user_id, kind).order_by_desc(Column::Id).one(db).await
}

/// The time at which the `n`th newest operation of these kinds was begun; `None` when there are fewer.
///
/// # Errors
/// The database's.
pub(in crate::billing) async fn nth_newest(
    app: &App,
    user_id: i64,
    kinds: [Kind; 2],
    n: u64,
) -> Result<Option<DateTime<Utc>>, Error> {
    let nth = Entity::find()
        .filter(Column::UserId.eq(user_id))
        .filter(Column::Kind.is_in(kinds))
        .order_by_desc(Column::Id)
        .offset(n.saturating_sub(1))
        .one(app.database.read())
        .await?;
    Ok(nth.map(|operation| operation.created_at))
}

/// The ids at Stripe of the objects that a user's operations of a kind are about.
///
/// # Errors
/// The database's.
pub(in crate::billing) async fn objects(app: &App, user_id: i64, kind: Kind) -> Result<HashSet<String>, Error> {
    let ids = of(user_id, kind).select_only().column(Column::StripeObjectId).into_tuple::<Option<String>>();
    Ok(ids.all(app.database.read()).await?.into_iter().flatten().collect())
}

/// The request that a user made with an idempotency key, if it was of this type.
///
/// # Errors
/// The database's.
pub(in crate::billing) async fn request_of<O: Operation>(
    app: &App,
    user_id: i64,
    key: &str,
) -> Result<Option<O>, Error> {
    let operation = of(user_id, O::KIND).filter(Column::IdempotencyKey.eq(key)).one(app.database.read()).await?;
    operation.as_ref().map(request).transpose()
}

/// Marks an operation as done, with the id of its object.
pub(super) async fn done(tx: &DatabaseTransaction, operation: &Model, object: &str) -> Result<(), DbErr> {
    let done = ActiveModel {
        id: Unchanged(operation.id),
        state: Set(State::Done),
        stripe_object_id: Set(Some(object.to_owned())),
        error: Set(None),
        ..Default::default()
    };
    done.update(tx).await?;
    queue::cancel(tx, work::Kind::Operation, &operation.id.to_string()).await
}

/// Stores the outcome of an attempt, unless the operation was finished elsewhere meanwhile.
pub(super) async fn close(app: &App, operation: &Model, state: State, error: &str) -> Result<(), Error> {
    Entity::update_many()
        .set(ActiveModel { state: Set(state), error: Set(Some(error.to_owned())), ..Default::default() })
        .filter(Column::Id.eq(operation.id))
        .filter(Column::State.eq(State::Open))
        .exec(app.database.write())
        .await?;
    Ok(())
}

/// Operations that are over, except those of a duplicate for as long as its subscription has not ended: they record what was
/// decided about it. The subscription is looked up by its id, since many are current.
const ENDED: Old = Old {
    table: "stripe_operations",
    key: "id",
    time: "created_at",
    condition: "state <> 'open' AND NOT (kind = 'duplicate' AND EXISTS (SELECT 1 FROM stripe_subscriptions s \
        WHERE s.stripe_subscription_id = stripe_operations.stripe_object_id \
        AND s.status NOT IN ('canceled', 'incomplete_expired')))",
};

/// Deletes finished, lapsed and refused operations that were begun before a time. Returns the number of deleted rows.
///
/// # Errors
/// The database's. The remaining rows are deleted the next time.
pub async fn prune(app: &App, before: DateTime<Utc>) -> Result<u64, DbErr> {
    ENDED.delete(&app.database, before).await
}
