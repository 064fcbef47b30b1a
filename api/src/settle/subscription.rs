//! Subscriptions, as Stripe describes them.

mod precedence;

use std::{collections::HashMap, time::Duration};

use chrono::TimeDelta;
use entity::{
    Tier, customer, operation,
    subscription::{self, Status},
    work::Kind,
};
use sea_orm::{
    ActiveEnum, ActiveModelTrait,
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
};
use serde_json::Value;

use super::{
    Context, Fact, NOT_OURS, Outcome, Owner, Trouble, entitlement, learn, news, owner, period, schedule, unknown_price,
};
use crate::{app::App, error::Error, ledger, stripe::Subscription, work};

pub(super) use precedence::{SKEW, Verdict};

/// What Stripe's clock counts in, and a little.
const SECOND: Duration = Duration::from_millis(1100);

/// How long the events about a second subscription may take to arrive, before one of the two is ended.
const TOGETHER: TimeDelta = TimeDelta::seconds(15);

/// How we know what a subscription is like.
#[derive(Clone, Debug)]
pub enum Said {
    /// By asking Stripe.
    Reply {
        /// When we asked. Unix time, by our clock.
        at: i64,
    },
    /// By an event.
    Event {
        /// `customer.subscription.created`: it is the first period.
        created: bool,
        /// When it happened. Unix time, by Stripe's clock.
        at: i64,
        /// What was different before.
        previous: Option<Value>,
        /// The idempotency key of the request that caused it.
        key: Option<String>,
    },
}

impl Said {
    const fn at(&self) -> i64 {
        match self {
            Self::Reply { at } | Self::Event { at, .. } => *at,
        }
    }

    /// The second, by Stripe's clock, from which on events are the later ones. A reply sets none: our clock may be ahead of
    /// Stripe's, and what a reply shows comes as an event too.
    pub(super) const fn observed_at(&self, before: i64) -> i64 {
        match self {
            Self::Event { at, .. } if *at > before => *at,
            _ => before,
        }
    }

    /// The second, by our clock, in which we last asked.
    pub(super) const fn asked_at(&self, before: i64) -> i64 {
        match self {
            Self::Reply { at } if *at > before => *at,
            _ => before,
        }
    }

    /// Whether it comes of a write of ours whose reply is stored, or one that is newer: it tells nothing new, however close
    /// to the reply it is. A reply may have been settled and not stored, since it looked older than what an event had told.
    /// `asked_at` is when that was asked for which is stored.
    pub(super) async fn is_echo(&self, context: &Context<'_>, asked_at: i64) -> Result<bool, DbErr> {
        let Self::Event { key: Some(key), .. } = self else { return Ok(false) };
        // A step's key begins with that of its operation.
        let operation_key = key.split_once('-').map_or(key.as_str(), |(operation, _)| operation);
        let settled = operation::Entity::find()
            .filter(operation::Column::IdempotencyKey.eq(operation_key))
            .filter(operation::Column::State.eq(operation::State::Done))
            .one(context.tx)
            .await?;
        Ok(settled.is_some_and(|operation| operation.created_at.timestamp() <= asked_at))
    }

    /// Whether the event shows the first payment: made with the subscription, or turning it active.
    fn first_payment(&self, status: &str) -> bool {
        let Self::Event { created, previous, .. } = self else { return false };
        let was = previous.as_ref().and_then(|previous| previous.get("status")).and_then(Value::as_str);
        status == "active" && (*created || was == Some("incomplete"))
    }
}

pub(super) async fn settle(context: &Context<'_>, subscription: Subscription, said: Said) -> Result<Outcome, Trouble> {
    let Some(customer) = owner_locked(context, &subscription.customer).await? else {
        return Ok(Outcome::Ignored(NOT_OURS));
    };
    let user_id = customer.row.user_id;
    let described = describe(context, &customer, &subscription)?;
    let (first_payment, tier, end) = (said.first_payment(&subscription.status), described.tier, described.period_end);
    let known = subscription::Entity::find()
        .filter(subscription::Column::StripeSubscriptionId.eq(&subscription.id))
        .one(context.tx)
        .await?;
    let ended = described.status.ended();
    let verdict = match &known {
        None => Verdict::Later,
        Some(known) if known.asked_at > 0 && !ended && said.is_echo(context, known.asked_at).await? => Verdict::Earlier,
        Some(known) => precedence::judge(known, &described, &said),
    };
    let coming = schedule::coming(context, described.schedule.as_deref(), (tier, end)).await?;
    match known {
        None => insert(context, described, coming.tier, &said).await?,
        Some(known) if verdict.later() => update(context, known, described, coming.tier, &said).await?,
        Some(_) => {}
    }
    // What was once true stays booked: an event that came late still shows that its period was paid.
    let automatic = subscription.collection_method.as_deref() != Some("send_invoice");
    if automatic && first_payment {
        period::grant(context, period::Paid { user_id, subscription: subscription.id, tier, end }).await?;
    }
    request_one_subscription(context, user_id, &customer).await?;
    entitlement::settle(context, user_id).await?;
    let to_ask = verdict.tied() || verdict.later() && coming.unheard;
    Ok(Outcome::Applied(Some(news(context.tx, user_id, to_ask).await?)))
}

/// The owner of a customer, whose account is locked. Read again under the lock: the customer may have been deleted until then.
async fn owner_locked(context: &Context<'_>, customer: &str) -> Result<Option<Owner>, Trouble> {
    let Some(found) = owner(context.tx, Some(customer)).await? else { return Ok(None) };
    ledger::lock(context.tx, found.row.user_id).await?;
    Ok(owner(context.tx, Some(customer)).await?)
}

/// Requests that a second subscription of the user is ended, where there are two.
async fn request_one_subscription(context: &Context<'_>, user_id: i64, customer: &Owner) -> Result<(), Trouble> {
    let current = subscription::Entity::find()
        .filter(subscription::Column::CustomerId.eq(customer.row.id))
        .filter(subscription::Column::Status.is_not_in([Status::Canceled, Status::IncompleteExpired]))
        .count(context.tx)
        .await?;
    if current > 1 {
        let at = context.clock.wall() + TOGETHER;
        work::due_at(context.tx, context.clock, (Kind::Duplicate, &user_id.to_string()), at).await?;
    }
    Ok(())
}

/// Asks Stripe what a subscription is like, and what is to come of it: once the second is over in which two states were
/// told, or because its schedule was never heard of.
///
/// # Errors
/// Those of Stripe and of the database. The next event decides then.
pub(super) async fn read_again(app: &App, id: &str) -> Result<(), Error> {
    tokio::time::sleep(SECOND).await;
    let at = app.clock.now().timestamp();
    let stripe = &app.payments()?.stripe;
    let subscription = stripe.subscription(id).await?;
    let said = Said::Reply { at };
    if let Some(id) = &subscription.schedule {
        let schedule = stripe.schedule(id).await?;
        learn(app, Fact::Schedule { schedule, said: said.clone() }).await?;
    }
    learn(app, Fact::Subscription { subscription, said }).await?;
    Ok(())
}

/// For each user the sum of the versions of all their subscriptions: it grows with every change of any of them.
///
/// # Errors
/// What the database says.
pub async fn versions(db: &impl ConnectionTrait, user_ids: &[i64]) -> Result<HashMap<i64, i64>, DbErr> {
    let rows = subscription::Entity::find()
        .find_also_related(customer::Entity)
        .filter(customer::Column::UserId.is_in(user_ids.iter().copied()))
        .all(db)
        .await?;
    let mut versions = HashMap::new();
    for (subscription, customer) in rows {
        if let Some(customer) = customer {
            *versions.entry(customer.user_id).or_default() += subscription.version;
        }
    }
    Ok(versions)
}

/// What Stripe describes, in our words, before it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Described {
    customer_id: i64,
    id: String,
    /// When it was made. Unix time.
    created_at: i64,
    price: String,
    tier: Tier,
    status: Status,
    /// It is over because its customer was deleted, whatever its own event says.
    presumed: bool,
    period_start: chrono::DateTime<chrono::Utc>,
    period_end: chrono::DateTime<chrono::Utc>,
    cancel_at_period_end: bool,
    cancel_at: Option<chrono::DateTime<chrono::Utc>>,
    schedule: Option<String>,
}

fn describe(context: &Context<'_>, customer: &Owner, subscription: &Subscription) -> Result<Described, Trouble> {
    let status = Status::try_from_value(&subscription.status)
        .map_err(|_| Trouble::Odd(format!("the status {} is unknown", subscription.status)))?;
    let presumed = customer.former && !status.ended();
    // Something else may be sold along with the plan, and be billed in periods of its own.
    let known =
        |(position, price): (usize, &String)| Some((position, price.clone(), context.payments.prices.tier(price)?));
    let (position, price, tier) = subscription
        .prices
        .iter()
        .enumerate()
        .find_map(known)
        .ok_or_else(|| unknown_price(subscription.price.as_deref()))?;
    let (period_start, period_end) = subscription.period_of(position);
    Ok(Described {
        customer_id: customer.row.id,
        id: subscription.id.clone(),
        created_at: subscription.created.timestamp(),
        price,
        tier,
        status: if presumed { Status::Canceled } else { status },
        presumed,
        period_start,
        period_end,
        cancel_at_period_end: subscription.cancel_at_period_end,
        cancel_at: subscription.cancel_at,
        schedule: subscription.schedule.clone(),
    })
}

async fn insert(
    context: &Context<'_>,
    described: Described,
    scheduled: Option<Tier>,
    said: &Said,
) -> Result<(), Trouble> {
    let now = context.clock.now();
    let mut row = subscription::ActiveModel {
        customer_id: Set(described.customer_id),
        stripe_subscription_id: Set(described.id.clone()),
        scheduled_tier: Set(scheduled),
        version: Set(1),
        observed_at: Set(said.observed_at(described.created_at)),
        asked_at: Set(said.asked_at(0)),
        stripe_schedule_id: Set(described.schedule.clone()),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    describe_into(&mut row, described);
    row.insert(context.tx).await?;
    Ok(())
}

/// Overwrites a row with a later state. The version grows only when something changed.
async fn update(
    context: &Context<'_>,
    known: subscription::Model,
    described: Described,
    scheduled: Option<Tier>,
    said: &Said,
) -> Result<(), Trouble> {
    let (id, version) = (known.id, known.version);
    let ends = described.status.ended() && !known.status.ended();
    let observed_at = if ends { said.at() } else { said.observed_at(known.observed_at) };
    let asked_at = said.asked_at(known.asked_at);
    let mut row = known.into_active_model();
    let schedule = described.schedule.clone();
    describe_into(&mut row, described);
    row.scheduled_tier.set_if_not_equals(scheduled);
    if row.is_changed() {
        row.version = Set(version + 1);
        row.updated_at = Set(context.clock.now());
    }
    // What steers a subscription is nobody's business until it says where to.
    row.stripe_schedule_id.set_if_not_equals(schedule);
    row.id = Unchanged(id);
    row.observed_at = Set(observed_at);
    row.asked_at = Set(asked_at);
    row.update(context.tx).await?;
    Ok(())
}

fn describe_into(row: &mut subscription::ActiveModel, described: Described) {
    row.stripe_price_id.set_if_not_equals(described.price);
    row.tier.set_if_not_equals(described.tier);
    row.status.set_if_not_equals(described.status);
    row.current_period_start.set_if_not_equals(described.period_start);
    row.current_period_end.set_if_not_equals(described.period_end);
    row.cancel_at_period_end.set_if_not_equals(described.cancel_at_period_end);
    row.cancel_at.set_if_not_equals(described.cancel_at);
}
