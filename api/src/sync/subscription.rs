//! Subscriptions, written as Stripe describes them at a look.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    Tier, customer,
    subscription::{self, Status},
    work::Kind,
};
use sea_orm::{
    ActiveEnum, ActiveModelTrait,
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
};

use super::{
    ApplyError, Context, NOT_OURS, Outcome, Owner, change, customer::owner_locked, entitlement, invoice, unknown_price,
};
use crate::{
    config::Prices,
    stripe::{Subscription, SubscriptionState},
    work,
};

/// How long the events about a second subscription may take to arrive, before one of the two is ended.
const TOGETHER: TimeDelta = TimeDelta::seconds(15);

/// Writes what a look with this fence saw, unless a later look was written. Its newest invoice is applied if it is paid.
pub(super) async fn apply(context: &Context<'_>, state: &SubscriptionState, fence: i64) -> Result<Outcome, ApplyError> {
    let Some(owner) = owner_locked(context, Some(&state.subscription.customer)).await? else {
        return Ok(Outcome::Ignored(NOT_OURS));
    };
    let user_id = owner.row.user_id;
    let stored = subscription::Entity::find()
        .filter(subscription::Column::StripeSubscriptionId.eq(&state.subscription.id))
        .one(context.tx)
        .await?;
    if stored.as_ref().is_some_and(|stored| stored.fence > fence) {
        return Ok(Outcome::Applied(None));
    }
    let row = describe(&context.payments.prices, &owner, state)?;
    write(context, stored, row, fence).await?;
    request_one_subscription(context, &owner).await?;
    if let Some(paid) = state.latest_invoice.as_ref().filter(|invoice| invoice.is_paid()) {
        invoice::apply_complete(context, paid).await?;
    }
    entitlement::apply(context, user_id).await?;
    Ok(Outcome::Applied(Some(change(context.tx, user_id).await?)))
}

/// Ends a subscription that Stripe does not know any more.
pub(super) async fn apply_absence(context: &Context<'_>, id: &str) -> Result<Outcome, ApplyError> {
    let known = subscription::Entity::find().filter(subscription::Column::StripeSubscriptionId.eq(id));
    if known.one(context.tx).await?.is_some() {
        // A subscription is never removed at Stripe: the key is of another account or mode.
        return Err(ApplyError::Permanent(format!("Stripe does not know {id}: check STRIPE_SECRET_KEY")));
    }
    Ok(Outcome::Ignored("Stripe does not know the subscription"))
}

/// What Stripe describes, in our words.
struct Row {
    customer_id: i64,
    id: String,
    price: String,
    tier: Tier,
    scheduled_tier: Option<Tier>,
    status: Status,
    period: (DateTime<Utc>, DateTime<Utc>),
    cancel_at_period_end: bool,
    cancel_at: Option<DateTime<Utc>>,
    payment_processing: bool,
}

fn describe(prices: &Prices, owner: &Owner, state: &SubscriptionState) -> Result<Row, ApplyError> {
    let subscription = &state.subscription;
    let status = Status::try_from_value(&subscription.status)
        .map_err(|_| ApplyError::Permanent(format!("the status {} is unknown", subscription.status)))?;
    let (position, price, tier) = plan_of(prices, subscription)?;
    let period = subscription.period_of(position);
    let scheduled_tier = state
        .schedule
        .iter()
        .flat_map(|schedule| schedule.prices_from(period.1))
        .filter_map(|price| prices.tier(price))
        .max()
        .filter(|scheduled| *scheduled != tier);
    Ok(Row {
        customer_id: owner.row.id,
        id: subscription.id.clone(),
        price: price.to_owned(),
        tier,
        scheduled_tier,
        // A deleted customer's subscriptions are over.
        status: if owner.former && !status.ended() { Status::Canceled } else { status },
        period,
        cancel_at_period_end: subscription.cancel_at_period_end,
        cancel_at: subscription.cancel_at,
        payment_processing: state.payment_is_processing(),
    })
}

/// The highest of our plans among a subscription's items. Something else may be sold along with it, and be billed in periods
/// of its own.
fn plan_of<'a>(prices: &Prices, subscription: &'a Subscription) -> Result<(usize, &'a str, Tier), ApplyError> {
    let plans = subscription.prices.iter().enumerate();
    let plans = plans.filter_map(|(position, price)| Some((position, price.as_str(), prices.tier(price)?)));
    // Of equals the first.
    plans.rev().max_by_key(|(_, _, tier)| *tier).ok_or_else(|| unknown_price(subscription.price.as_deref()))
}

/// The version grows only when something changed.
async fn write(
    context: &Context<'_>,
    stored: Option<subscription::Model>,
    described: Row,
    fence: i64,
) -> Result<(), ApplyError> {
    let now = context.clock.now();
    let is_new = stored.is_none();
    let (id, version) = stored.as_ref().map_or((0, 0), |stored| (stored.id, stored.version));
    let mut row = stored.map(IntoActiveModel::into_active_model).unwrap_or_default();
    row.stripe_price_id.set_if_not_equals(described.price);
    row.tier.set_if_not_equals(described.tier);
    row.scheduled_tier.set_if_not_equals(described.scheduled_tier);
    row.status.set_if_not_equals(described.status);
    row.current_period_start.set_if_not_equals(described.period.0);
    row.current_period_end.set_if_not_equals(described.period.1);
    row.cancel_at_period_end.set_if_not_equals(described.cancel_at_period_end);
    row.cancel_at.set_if_not_equals(described.cancel_at);
    if row.is_changed() {
        row.version = Set(version + 1);
        row.updated_at = Set(now);
    }
    row.payment_processing = Set(described.payment_processing);
    row.fence = Set(fence);
    if is_new {
        row.customer_id = Set(described.customer_id);
        row.stripe_subscription_id = Set(described.id);
        row.created_at = Set(now);
        row.insert(context.tx).await?;
    } else {
        row.id = Unchanged(id);
        row.update(context.tx).await?;
    }
    Ok(())
}

/// Requests that a second subscription of the user is ended, where there are two.
async fn request_one_subscription(context: &Context<'_>, owner: &Owner) -> Result<(), ApplyError> {
    let current = subscription::Entity::find()
        .filter(subscription::Column::CustomerId.eq(owner.row.id))
        .filter(subscription::Column::Status.is_not_in(Status::ENDED))
        .count(context.tx)
        .await?;
    if current > 1 {
        let at = context.clock.wall() + TOGETHER;
        work::due_at(context.tx, context.clock, Kind::Duplicate, &owner.row.user_id.to_string(), at).await?;
    }
    Ok(())
}

/// For each user the sum of the versions of their subscriptions: it grows with every change of any of them.
///
/// # Errors
/// The database's.
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
