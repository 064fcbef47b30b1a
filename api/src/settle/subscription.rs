//! Subscriptions, as Stripe describes them.

mod precedence;

use std::{collections::HashMap, time::Duration};

use entity::{
    Tier, customer,
    subscription::{self, Status},
};
use sea_orm::{
    ActiveEnum, ActiveModelTrait,
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
};
use serde_json::Value;

use super::{Context, Fact, NOT_OURS, Outcome, Owner, Trouble, entitlement, learn, news, owner, period, unknown_price};
use crate::{app::App, error::Error, ledger, stripe::Subscription};
use precedence::Verdict;

/// What Stripe's clock counts in, and a little.
const SECOND: Duration = Duration::from_millis(1100);

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
    const fn observed_at(&self, before: i64) -> i64 {
        match self {
            Self::Event { at, .. } if *at > before => *at,
            _ => before,
        }
    }

    /// Whether the event shows the first payment: made with the subscription, or turning it active.
    fn first_payment(&self, status: &str) -> bool {
        let Self::Event { created, previous, .. } = self else { return false };
        let was = previous.as_ref().and_then(|previous| previous.get("status")).and_then(Value::as_str);
        status == "active" && (*created || was == Some("incomplete"))
    }
}

pub(super) async fn settle(context: &Context<'_>, subscription: Subscription, said: Said) -> Result<Outcome, Trouble> {
    let Some(customer) = owner(context.tx, Some(&subscription.customer)).await? else {
        return Ok(Outcome::Ignored(NOT_OURS));
    };
    let user_id = customer.row.user_id;
    ledger::lock(context.tx, user_id).await?;
    let described = describe(context, &customer, &subscription)?;
    let (first_payment, tier) = (said.first_payment(&subscription.status), described.tier);
    let known = subscription::Entity::find()
        .filter(subscription::Column::StripeSubscriptionId.eq(&subscription.id))
        .one(context.tx)
        .await?;
    let verdict = known.as_ref().map_or(Verdict::Later, |known| precedence::judge(known, &described, &said));
    match known {
        None => insert(context, described, said.observed_at(subscription.created.timestamp())).await?,
        Some(known) if verdict.later() => {
            let ends = described.status.ended() && !known.status.ended();
            let observed_at = if ends { said.at() } else { said.observed_at(known.observed_at) };
            update(context, known, described, observed_at).await?;
        }
        Some(_) => {}
    }
    // What was once true stays booked: an event that came late still shows that its period was paid.
    let automatic = subscription.collection_method.as_deref() != Some("send_invoice");
    if automatic && first_payment {
        let (subscription, end) = (subscription.id, subscription.current_period_end);
        period::grant(context, period::Paid { user_id, subscription, tier, end }).await?;
    }
    entitlement::settle(context, user_id).await?;
    Ok(Outcome::Applied(Some(news(context.tx, user_id, verdict.tied()).await?)))
}

/// Asks Stripe which of two states that were told within one second is the later, once that second is over.
///
/// # Errors
/// Those of Stripe and of the database. The next event decides then.
pub(super) async fn read_again(app: &App, id: &str) -> Result<(), Error> {
    tokio::time::sleep(SECOND).await;
    let at = app.clock.now().timestamp();
    let subscription = app.payments()?.stripe.subscription(id).await?;
    learn(app, Fact::Subscription { subscription, said: Said::Reply { at } }).await?;
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
    price: String,
    tier: Tier,
    status: Status,
    /// It is over because its customer was deleted, whatever its own event says.
    presumed: bool,
    period_start: chrono::DateTime<chrono::Utc>,
    period_end: chrono::DateTime<chrono::Utc>,
    cancel_at_period_end: bool,
    cancel_at: Option<chrono::DateTime<chrono::Utc>>,
}

fn describe(context: &Context<'_>, customer: &Owner, subscription: &Subscription) -> Result<Described, Trouble> {
    let status = Status::try_from_value(&subscription.status)
        .map_err(|_| Trouble::Odd(format!("the status {} is unknown", subscription.status)))?;
    let presumed = customer.former && !status.ended();
    // Something else may be sold along with the plan.
    let known = |price: &String| Some((price.clone(), context.payments.prices.tier(price)?));
    let (price, tier) =
        subscription.prices.iter().find_map(known).ok_or_else(|| unknown_price(subscription.price.as_deref()))?;
    Ok(Described {
        customer_id: customer.row.id,
        id: subscription.id.clone(),
        price,
        tier,
        status: if presumed { Status::Canceled } else { status },
        presumed,
        period_start: subscription.current_period_start,
        period_end: subscription.current_period_end,
        cancel_at_period_end: subscription.cancel_at_period_end,
        cancel_at: subscription.cancel_at,
    })
}

async fn insert(context: &Context<'_>, described: Described, observed_at: i64) -> Result<(), Trouble> {
    let now = context.clock.now();
    let mut row = subscription::ActiveModel {
        customer_id: Set(described.customer_id),
        stripe_subscription_id: Set(described.id.clone()),
        scheduled_tier: Set(None),
        version: Set(1),
        observed_at: Set(observed_at),
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
    observed_at: i64,
) -> Result<(), Trouble> {
    let (id, version) = (known.id, known.version);
    let mut row = known.clone().into_active_model();
    describe_into(&mut row, described);
    let changed = row.clone().is_changed();
    if changed {
        row.version = Set(version + 1);
        row.updated_at = Set(context.clock.now());
    }
    row.id = Unchanged(id);
    row.observed_at = Set(observed_at);
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
