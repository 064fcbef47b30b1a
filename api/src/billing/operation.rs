//! Outgoing writes: committed, then asked of Stripe, then settled. A crash, a lost reply or a second click at any moment
//! leads to the same call with the same idempotency key, so that Stripe does it once.

use chrono::TimeDelta;
use entity::{
    customer,
    operation::{self, Kind, State},
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{Set, Unchanged},
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    clock,
    error::Error,
    ledger,
    retry::retry,
    settle::{self, Fact, Outcome, Said},
    stripe::{Failure, NewCustomer, NewSession, Session, Subscription},
};

/// Stripe may forget a key after 24 hours: an older operation is given up, and asked for anew if it is still wanted.
const KEY_LIFETIME: TimeDelta = TimeDelta::hours(23);

/// How long an open operation is left to whoever began it. That one may still be at it: two that ask with one key are
/// answered alike.
const PATIENCE: TimeDelta = TimeDelta::seconds(40);

/// How many open operations one sweep looks after.
const SWEEP: u64 = 100;

/// How often a new operation makes way for another open one.
const ATTEMPTS: u32 = 3;

/// What is asked of Stripe, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Make a customer.
    Customer(NewCustomer),
    /// Open a checkout of a plan.
    Checkout(NewSession),
    /// Open a checkout of a credit pack.
    Purchase(NewSession),
    /// End a subscription (`sub_...`) with its period.
    Cancellation(String),
}

/// What Stripe answered.
#[derive(Clone, Debug)]
pub enum Reply {
    /// The customer's id.
    Customer(String),
    /// The open checkout.
    Session(Session),
    /// The subscription as it was when we asked at this second (Unix time, by our clock).
    Subscription(Subscription, i64),
}

impl Request {
    const fn kind(&self) -> Kind {
        match self {
            Self::Customer(_) => Kind::Customer,
            Self::Checkout(_) => Kind::Checkout,
            Self::Purchase(_) => Kind::Purchase,
            Self::Cancellation(_) => Kind::Cancellation,
        }
    }
}

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
        let reply = finish(app, operation).await;
        if same {
            return reply;
        }
        // One of the kind was open for something else. It comes first; whether it succeeds is its own affair, unless
        // nobody can know.
        if matches!(reply, Err(Error::StripeUnavailable)) {
            return reply;
        }
    }
    Err(Error::Conflict("another request of yours is under way: ask again"))
}

/// Finishes what was left open by a crash or a lost reply. Returns how many it found.
///
/// # Errors
/// What the database says.
pub async fn finish_open(app: &App) -> Result<usize, Error> {
    let open = operation::Entity::find()
        .filter(operation::Column::State.eq(State::Open))
        .filter(operation::Column::CreatedAt.lt(app.clock.wall() - PATIENCE))
        .order_by_asc(operation::Column::Id)
        .limit(SWEEP)
        .all(app.database.read())
        .await?;
    let found = open.len();
    for operation in open {
        let id = operation.id;
        let Err(error) = finish(app, operation).await else { continue };
        tracing::warn!(operation = id, %error, "an open operation could not be finished");
        if matches!(error, Error::StripeUnavailable) {
            // The others would only wait as long for the same answer.
            break;
        }
    }
    Ok(found)
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
    if matches!(request, Request::Customer(_)) {
        let known = customer::Entity::find().filter(customer::Column::UserId.eq(user_id)).one(&tx).await?;
        if let Some(known) = known {
            return Ok(Begun::Needless(Reply::Customer(known.stripe_customer_id)));
        }
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
    let row = operation::ActiveModel {
        user_id: Set(user_id),
        kind: Set(request.kind()),
        idempotency_key: Set(clock::random_id()),
        request: Set(serde_json::to_value(request).map_err(|error| Error::Internal(error.to_string()))?),
        state: Set(State::Open),
        created_at: Set(app.clock.wall()),
        ..Default::default()
    };
    let operation = row.insert(&tx).await?;
    tx.commit().await?;
    Ok(Begun::Open(operation))
}

async fn finish(app: &App, operation: operation::Model) -> Result<Reply, Error> {
    if operation.created_at + KEY_LIFETIME < app.clock.wall() {
        close(app, &operation, State::Lapsed, "its idempotency key may be forgotten at Stripe").await?;
        return Err(Error::Conflict("an old request of yours was given up: ask again"));
    }
    match ask(app, &operation).await? {
        Ok(reply) => {
            retry(|| settle_reply(app, &operation, &reply)).await?;
            Ok(reply)
        }
        Err(failure @ (Failure::Unknown { .. } | Failure::Unreachable { .. })) => {
            close(app, &operation, State::Open, &failure.to_string()).await?;
            Err(failure.into())
        }
        // Whoever asks again needs a new key. What this one may have made at Stripe is harmless: a customer or a checkout
        // that nobody was told of, or an end that its event tells.
        Err(failure @ Failure::Broken { .. }) => {
            close(app, &operation, State::Lapsed, &failure.to_string()).await?;
            Err(failure.into())
        }
        Err(refusal) => {
            close(app, &operation, State::Refused, &refusal.to_string()).await?;
            Err(refusal.into())
        }
    }
}

async fn ask(app: &App, operation: &operation::Model) -> Result<Result<Reply, Failure>, Error> {
    let stripe = &app.payments()?.stripe;
    let key = operation.idempotency_key.as_str();
    Ok(match stored(operation)? {
        Request::Customer(new) => stripe.create_customer(key, &new).await.map(Reply::Customer),
        Request::Checkout(new) | Request::Purchase(new) => stripe.create_session(key, &new).await.map(Reply::Session),
        Request::Cancellation(id) => match stripe.set_cancel_at_period_end(key, &id, true).await {
            // The reply may be the stored one of an earlier attempt, and a refusal says that the subscription is not what
            // we took it for. So what it is now is asked for.
            Ok(_) | Err(Failure::Refused { .. }) => {
                let at = app.clock.now().timestamp();
                stripe.subscription(&id).await.map(|subscription| Reply::Subscription(subscription, at))
            }
            Err(failure) => Err(failure),
        },
    })
}

async fn settle_reply(app: &App, operation: &operation::Model, reply: &Reply) -> Result<(), Error> {
    let (object, fact) = match reply.clone() {
        Reply::Customer(customer) => (customer.clone(), Fact::Customer { user_id: operation.user_id, customer }),
        Reply::Session(session) => (session.id, Fact::Opened),
        Reply::Subscription(subscription, at) => {
            (subscription.id.clone(), Fact::Subscription { subscription, said: Said::Reply { at } })
        }
    };
    let tx = app.database.begin().await?;
    let outcome = settle::apply(&tx, app, fact).await?;
    let done = operation::ActiveModel {
        id: Unchanged(operation.id),
        state: Set(State::Done),
        stripe_object_id: Set(Some(object)),
        error: Set(None),
        ..Default::default()
    };
    done.update(&tx).await?;
    tx.commit().await?;
    if let Outcome::Applied(Some(news)) = outcome {
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

fn stored(operation: &operation::Model) -> Result<Request, Error> {
    serde_json::from_value(operation.request.clone()).map_err(|error| Error::Internal(error.to_string()))
}
