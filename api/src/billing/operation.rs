//! Outgoing writes: committed, then asked of Stripe, then settled. A crash, a lost reply or a second click at any moment
//! leads to the same call with the same idempotency key, so that Stripe does it once. Where the key tells nothing any more,
//! since Stripe repeats a failure under it or has forgotten it, we look at Stripe before another key is used.

mod duplicate;
mod request;

use std::collections::HashSet;

use chrono::TimeDelta;
use entity::{
    operation::{self, Kind, State},
    work::Kind as WorkKind,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
};

use self::request::{Asking, stored};
use crate::{
    app::App,
    clock,
    error::Error,
    ledger,
    retry::retry,
    settle::{self, Outcome},
    stripe::Failure,
    work::{self, Next},
};

pub use self::{
    duplicate::Duplicate,
    request::{Reply, Request},
};

/// How long an open operation is left to whoever began it, who may still be at it: two that ask with one key are answered
/// alike. And for how long what is not found at Stripe may still come.
const PATIENCE: TimeDelta = TimeDelta::seconds(30);

/// How often a new operation makes way for another open one.
const ATTEMPTS: u32 = 3;

/// Asks Stripe, once for this intention, and settles the reply.
///
/// # Errors
/// [`Error::StripeUnavailable`] when the outcome is unknown: the operation stays open, and the same request joins it.
pub async fn run(app: &App, user_id: i64, request: Request) -> Result<Reply, Error> {
    for _ in 0..ATTEMPTS {
        let operation = match begin(app, user_id, &request).await? {
            Begun::Open(operation) => operation,
            Begun::Needless(reply) => return Ok(reply),
        };
        let same = stored(&operation)? == request;
        match finish(app, operation).await {
            Ok(Some(reply)) if same && reply.serves() => return Ok(reply),
            Err(error) if same || matches!(error, Error::StripeUnavailable) => return Err(error),
            // It came to nothing, or was open for something else and came first. Whether that succeeds is its own affair,
            // unless nobody can know. Now it is this one's turn.
            Ok(_) | Err(_) => {}
        }
    }
    Err(Error::Conflict("another request of yours is under way: ask again"))
}

/// How far an operation is.
///
/// # Errors
/// What the database says.
pub(super) async fn state(app: &App, id: i64) -> Result<State, Error> {
    let operation = operation::Entity::find_by_id(id).one(app.database.read()).await?;
    operation.map(|operation| operation.state).ok_or_else(|| Error::Internal(format!("operation {id} is gone")))
}

/// The last operation of a kind that a user has begun. One that is open is finished first.
///
/// # Errors
/// [`Error::StripeUnavailable`] when the outcome of an open one stays unknown.
pub(super) async fn last(app: &App, user_id: i64, kind: Kind) -> Result<Option<operation::Model>, Error> {
    let Some(last) = newest(app.database.read(), user_id, kind).await? else { return Ok(None) };
    if last.state == State::Open
        && let Err(Error::StripeUnavailable) = finish(app, last.clone()).await
    {
        return Err(Error::StripeUnavailable);
    }
    Ok(Some(last))
}

/// As [`run`], but only while `last` is the last of its kind: whoever asks has looked at what became of that. `None` when
/// another was begun since.
///
/// # Errors
/// [`Error::StripeUnavailable`] when the outcome is unknown: the operation stays open.
pub(super) async fn follow(
    app: &App,
    user_id: i64,
    request: Request,
    last: Option<i64>,
) -> Result<Option<Reply>, Error> {
    let tx = app.database.begin().await?;
    ledger::lock(&tx, user_id).await?;
    if newest(&tx, user_id, request.kind()).await?.map(|newest| newest.id) != last {
        return Ok(None);
    }
    let operation = row(app, user_id, &request)?.insert(&tx).await?;
    finish_later(&tx, app, &operation).await?;
    tx.commit().await?;
    finish(app, operation).await
}

/// Writes down that something is left to the operator, who finds it among the refused operations; but only while `last` is
/// the last of its kind.
///
/// # Errors
/// What the database says.
pub(super) async fn leave(
    app: &App,
    user_id: i64,
    request: Request,
    (last, why): (Option<i64>, &str),
) -> Result<(), Error> {
    let tx = app.database.begin().await?;
    ledger::lock(&tx, user_id).await?;
    if newest(&tx, user_id, request.kind()).await?.map(|newest| newest.id) != last {
        return Ok(());
    }
    let mut row = row(app, user_id, &request)?;
    row.state = Set(State::Refused);
    row.error = Set(Some(why.to_owned()));
    let operation = row.insert(&tx).await?;
    tx.commit().await?;
    tracing::error!(operation = operation.id, user = user_id, object = operation.stripe_object_id, "{why}");
    Ok(())
}

/// What a user's operations of a kind are about, by its ids at Stripe.
///
/// # Errors
/// What the database says.
pub(super) async fn objects(app: &App, user_id: i64, kind: Kind) -> Result<HashSet<String>, Error> {
    let operations = operation::Entity::find()
        .filter(operation::Column::UserId.eq(user_id))
        .filter(operation::Column::Kind.eq(kind))
        .all(app.database.read())
        .await?;
    Ok(operations.into_iter().filter_map(|operation| operation.stripe_object_id).collect())
}

/// What a user asked for with an idempotency key.
///
/// # Errors
/// What the database says.
pub(super) async fn request_of(app: &App, user_id: i64, key: &str) -> Result<Option<Request>, Error> {
    let operation = operation::Entity::find()
        .filter(operation::Column::UserId.eq(user_id))
        .filter(operation::Column::IdempotencyKey.eq(key))
        .one(app.database.read())
        .await?;
    operation.as_ref().map(stored).transpose()
}

/// Finishes an operation that was left open by a crash or a lost reply.
///
/// # Errors
/// [`Error::StripeUnavailable`] while the outcome is unknown; the database's.
pub async fn resume(app: &App, id: i64) -> Result<Next, Error> {
    let operation = operation::Entity::find_by_id(id).one(app.database.read()).await?;
    let Some(operation) = operation.filter(|operation| operation.state == State::Open) else { return Ok(Next::Done) };
    match finish(app, operation).await {
        Err(error) if state(app, id).await? == State::Open => Err(error),
        // Also where Stripe refused it, which the operation tells.
        _ => Ok(Next::Done),
    }
}

/// What there is to do about a request.
enum Begun {
    /// An operation that is committed and to be finished: begun now, or the open one of its kind.
    Open(operation::Model),
    /// What is asked for is there already.
    Needless(Reply),
}

/// Commits the operation before its call, or finds the open one of its kind. The account's lock lets one begin after the
/// other, and is held too where a new customer is stored: so a user never becomes two.
async fn begin(app: &App, user_id: i64, request: &Request) -> Result<Begun, Error> {
    let tx = app.database.begin().await?;
    ledger::lock(&tx, user_id).await?;
    if matches!(request, Request::Customer(_))
        && let Some(known) = settle::customer_of(&tx, user_id).await?
    {
        return Ok(Begun::Needless(Reply::Customer(known)));
    }
    let open = operation::Entity::find()
        .filter(operation::Column::UserId.eq(user_id))
        .filter(operation::Column::Kind.eq(request.kind()))
        .filter(operation::Column::State.eq(State::Open))
        .one(&tx)
        .await?;
    if let Some(open) = open {
        return Ok(Begun::Open(open));
    }
    let operation = row(app, user_id, request)?.insert(&tx).await?;
    finish_later(&tx, app, &operation).await?;
    tx.commit().await?;
    Ok(Begun::Open(operation))
}

/// Requests that the operation is finished, should whoever begins it not come to that.
async fn finish_later(tx: &impl ConnectionTrait, app: &App, operation: &operation::Model) -> Result<(), DbErr> {
    let at = operation.created_at + PATIENCE;
    work::due_at(tx, &app.clock, (WorkKind::Operation, &operation.id.to_string()), at).await
}

/// A new operation, to be committed before its call.
fn row(app: &App, user_id: i64, request: &Request) -> Result<operation::ActiveModel, Error> {
    Ok(operation::ActiveModel {
        user_id: Set(user_id),
        kind: Set(request.kind()),
        idempotency_key: Set(clock::random_id()),
        request: Set(serde_json::to_value(request).map_err(|error| Error::Internal(error.to_string()))?),
        state: Set(State::Open),
        stripe_object_id: Set(request.object().map(ToOwned::to_owned)),
        created_at: Set(app.clock.wall()),
        ..Default::default()
    })
}

async fn newest(db: &impl ConnectionTrait, user_id: i64, kind: Kind) -> Result<Option<operation::Model>, DbErr> {
    operation::Entity::find()
        .filter(operation::Column::UserId.eq(user_id))
        .filter(operation::Column::Kind.eq(kind))
        .order_by_desc(operation::Column::Id)
        .one(db)
        .await
}

/// Gets the reply and settles it. `None` when it did not happen and is given up: whoever still wants it begins anew.
async fn finish(app: &App, operation: operation::Model) -> Result<Option<Reply>, Error> {
    match Asking::new(app, &operation)?.reply().await {
        Ok(Some(reply)) => {
            retry(|| settle_reply(app, &operation, &reply)).await?;
            Ok(Some(reply))
        }
        Ok(None) if operation.created_at + PATIENCE > app.clock.wall() => {
            close(app, &operation, State::Open, "Stripe failed, and shows nothing yet").await?;
            Err(Error::StripeUnavailable)
        }
        Ok(None) => {
            close(app, &operation, State::Lapsed, "Stripe failed or forgot it, and shows nothing").await?;
            Ok(None)
        }
        Err(failure) if passing(&failure, operation.kind) => {
            close(app, &operation, State::Open, &failure.to_string()).await?;
            Err(Error::StripeUnavailable)
        }
        Err(refusal) => {
            tracing::error!(operation = operation.id, %refusal, "Stripe refused an operation for good");
            close(app, &operation, State::Refused, &refusal.to_string()).await?;
            Err(refusal.into())
        }
    }
}

/// Whether the answer says nothing about the operation: neither that it happened nor that it never will. That our key to
/// Stripe is refused is about the key, and the operator can mend that. But where the key may not make a step towards what
/// becomes of a subscription, the user must be free to wish otherwise.
fn passing(failure: &Failure, kind: Kind) -> bool {
    match failure {
        Failure::Unknown { .. } | Failure::Unreachable { .. } | Failure::Broken { .. } => true,
        Failure::Refused(refusal) if refusal.status == 403 => kind != Kind::Steering,
        Failure::Refused(refusal) => refusal.status == 401,
        Failure::Settings(_) => false,
    }
}

async fn settle_reply(app: &App, operation: &operation::Model, reply: &Reply) -> Result<(), Error> {
    let tx = app.database.begin().await?;
    let mut heard = None;
    for fact in reply.facts(operation.user_id) {
        if let Outcome::Applied(Some(news)) = settle::apply(&tx, app, fact).await? {
            heard = Some(news);
        }
    }
    let done = operation::ActiveModel {
        id: Unchanged(operation.id),
        state: Set(State::Done),
        stripe_object_id: Set(Some(reply.object().to_owned())),
        error: Set(None),
        ..Default::default()
    };
    done.update(&tx).await?;
    work::cancel(&tx, WorkKind::Operation, &operation.id.to_string()).await?;
    tx.commit().await?;
    if let Some(news) = heard {
        settle::announce(app, news);
    }
    Ok(())
}

/// Writes down what came of an attempt, unless somebody else has finished the operation meanwhile.
async fn close(app: &App, operation: &operation::Model, state: State, error: &str) -> Result<(), Error> {
    operation::Entity::update_many()
        .set(operation::ActiveModel { state: Set(state), error: Set(Some(error.to_owned())), ..Default::default() })
        .filter(operation::Column::Id.eq(operation.id))
        .filter(operation::Column::State.eq(State::Open))
        .exec(app.database.write())
        .await?;
    Ok(())
}
