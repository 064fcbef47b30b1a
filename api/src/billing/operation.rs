//! Outgoing writes to Stripe that survive crashes: each is committed as a row with its idempotency key, then sent, then
//! applied. A crash, a lost reply or a second click at any moment leads to the same call with the same key, so that Stripe
//! does it once. If the key no longer helps, because Stripe repeats a failure under it or has forgotten it, the outcome is
//! looked up before another key is used.
//!
//! A noun that writes to Stripe implements `Operation`; this module depends on none of them.

mod call;
mod row;

use chrono::TimeDelta;
use entity::operation::{Model, State};

use self::{call::PATIENCE, row::Begun};
use crate::{
    app::App,
    error::Error,
    retry::retry,
    stripe::Failure,
    sync::{self, Outcome},
};

pub(super) use self::call::{Call, Operation};
pub use self::row::prune;
pub(super) use self::row::{begin_in, find, leave_to_operator, newest, nth_newest, objects, request, request_of};

/// Stripe may forget a key after 24 hours.
const KEY_LIFETIME: TimeDelta = TimeDelta::hours(23);

/// Maximum number of open operations that a new one waits for.
const ATTEMPTS: u32 = 3;

/// Runs an operation, once for this request: an open one of the same kind is finished first.
///
/// # Errors
/// [`Error::StripeUnavailable`] when the outcome is unknown: the operation stays open, and the same request joins it.
/// [`Error::StripeRefused`] when Stripe refused it for good.
pub(super) async fn run<O: Operation>(app: &App, user_id: i64, request: O) -> Result<O::Reply, Error> {
    for _ in 0..ATTEMPTS {
        let operation = match row::begin(app, user_id, &request).await? {
            Begun::Open(operation) => operation,
            Begun::Finished(reply) => return Ok(reply),
        };
        let same = self::request::<O>(&operation)? == request;
        match finish::<O>(app, operation).await {
            Ok(Some(reply)) if same && O::is_usable(&reply) => return Ok(reply),
            Err(error) if same || matches!(error, Error::StripeUnavailable) => return Err(error),
            // The operation had no effect, or was open for another request, whose outcome matters only if it is unknown.
            Ok(_) | Err(_) => {}
        }
    }
    Err(Error::Conflict)
}

/// The last operation of a kind that a user has begun. One that is open is finished first.
///
/// # Errors
/// [`Error::StripeUnavailable`] when the outcome of an open one stays unknown.
pub(super) async fn last<O: Operation>(app: &App, user_id: i64) -> Result<Option<Model>, Error> {
    let Some(last) = newest(app.database.read(), user_id, O::KIND).await? else { return Ok(None) };
    if last.state == State::Open
        && let Err(Error::StripeUnavailable) = finish::<O>(app, last.clone()).await
    {
        return Err(Error::StripeUnavailable);
    }
    Ok(Some(last))
}

/// As [`run`], but only while `last` is the last operation of its kind, whose outcome the caller has looked at. `None` when
/// another was begun since.
///
/// # Errors
/// Those of [`run`].
pub(super) async fn follow<O: Operation>(
    app: &App,
    user_id: i64,
    request: O,
    last: Option<i64>,
) -> Result<Option<O::Reply>, Error> {
    match row::begin_after(app, user_id, &request, last).await? {
        Some(operation) => finish::<O>(app, operation).await,
        None => Ok(None),
    }
}

/// The state of an operation.
///
/// # Errors
/// The database's.
pub(super) async fn state(app: &App, id: i64) -> Result<State, Error> {
    let operation = find(app, id).await?;
    operation.map(|operation| operation.state).ok_or_else(|| Error::Internal(format!("operation {id} does not exist")))
}

/// Gets the reply and applies it. `None` if the operation had no effect and is given up; a further request starts another.
///
/// # Errors
/// Those of [`run`].
pub(super) async fn finish<O: Operation>(app: &App, operation: Model) -> Result<Option<O::Reply>, Error> {
    let request = request::<O>(&operation)?;
    let call = Call { app, stripe: &app.payments()?.stripe, operation: &operation };
    match reply(&request, &call).await {
        Ok(Some(reply)) => {
            retry(|| apply::<O>(app, &operation, &reply)).await?;
            Ok(Some(reply))
        }
        Ok(None) if call.age() < PATIENCE => {
            row::close(app, &operation, State::Open, "Stripe failed, and shows no effect yet").await?;
            Err(Error::StripeUnavailable)
        }
        Ok(None) => {
            row::close(app, &operation, State::Lapsed, "Stripe failed or forgot the key, and shows no effect").await?;
            Ok(None)
        }
        Err(failure) if O::is_open_after(&failure) => {
            row::close(app, &operation, State::Open, &failure.to_string()).await?;
            Err(Error::StripeUnavailable)
        }
        Err(failure) => {
            tracing::error!(operation = operation.id, %failure, "Stripe refused an operation");
            row::close(app, &operation, State::Refused, &failure.to_string()).await?;
            Err(failure.into())
        }
    }
}

/// Gets the reply by the call as long as Stripe keeps the key, and looks the effect up once it does not.
async fn reply<O: Operation>(request: &O, call: &Call<'_>) -> Result<Option<O::Reply>, Failure> {
    if call.age() > KEY_LIFETIME {
        return request.look_up(call).await;
    }
    match request.call(call).await {
        Err(Failure::Broken { .. }) => request.look_up(call).await,
        Err(Failure::Unknown { .. } | Failure::Unreachable { .. } | Failure::Unreadable(_))
            if O::lifetime().is_some_and(|lifetime| call.age() > lifetime) =>
        {
            Ok(None)
        }
        reply => reply,
    }
}

async fn apply<O: Operation>(app: &App, operation: &Model, reply: &O::Reply) -> Result<(), Error> {
    let turn = app.database.turn_of(operation.user_id).await?;
    let tx = app.database.begin().await?;
    let (mut changed, mut look) = (None, None);
    for fact in O::facts(reply, operation.user_id) {
        match sync::apply(&tx, app, fact).await? {
            Outcome::Applied(change) => changed = change,
            Outcome::Look(object) => {
                sync::request_look(&tx, app, &object).await?;
                look = Some(object);
            }
            Outcome::Ignored(_) => {}
        }
    }
    row::done(&tx, operation, O::object(reply)).await?;
    tx.commit().await?;
    drop(turn);
    if let Some(change) = changed {
        sync::publish(app, change);
    }
    if let Some(object) = look
        && let Err(error) = sync::look(app, &object).await
    {
        // The operation stays due in the queue.
        tracing::warn!(operation = operation.id, %error, "the result of an operation could not be read yet");
    }
    Ok(())
}
