//! Subscriptions, written as Stripe describes them at a look.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    Tier, customer,
    subscription::{self, Status},
    work::Kind,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{Set, Unchanged},
    ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
};

use super::{
    change::change,
    context::{ApplyError, Context, NOT_OURS, Outcome, unknown_price},
    credits::plan_lines,
    customer::{Owner, owner_locked, request_end_if_closed},
    entitlement, invoice, reversal, subscription_event,
};
use crate::{
    alert::{self, Reason},
    config::PriceIds,
    ledger::{self, source},
    plan::NOTICE_OF_END,
    stripe::{Invoice, Subscription, SubscriptionItem, SubscriptionState},
    work,
};

/// The time that events about a second subscription may take to arrive, before one of the two is ended.
const TOGETHER: TimeDelta = TimeDelta::seconds(15);

/// Writes what a look with this fence read, unless a later look was written. Its newest invoice is applied if it is paid and
/// bills a plan: other things may be sold along with one.
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
    write(context, &owner, stored, state, fence).await?;
    request_one_subscription(context, &owner).await?;
    if !state.subscription.status.ended() {
        request_end_if_closed(context, user_id).await?;
    }
    let tier = |price: &str| context.payments.prices.tier(price);
    let bills_a_plan = |invoice: &&Invoice| invoice.is_paid() && plan_lines(invoice, tier).next().is_some();
    if let Some(paid) = state.latest_invoice.as_ref().filter(bills_a_plan) {
        invoice::apply_complete(context, paid).await?;
    }
    entitlement::apply(context.tx, context.clock, user_id).await?;
    Ok(Outcome::Applied(Some(change(context.tx, user_id).await?)))
}

/// Marks a subscription that cost nothing as undone, and takes its credits back.
pub(super) async fn undo(context: &Context<'_>, id: &str) -> Result<Outcome, ApplyError> {
    let stored = subscription::Entity::find().filter(subscription::Column::StripeSubscriptionId.eq(id));
    let found = stored.find_also_related(customer::Entity).one(context.tx).await?;
    let Some((row, Some(customer))) = found else { return Ok(Outcome::Ignored("the subscription is not stored")) };
    ledger::lock(context.tx, customer.user_id).await?;
    let update = subscription::ActiveModel { id: Unchanged(row.id), undone: Set(true), ..Default::default() };
    update.update(context.tx).await?;
    reversal::of_undone(context, id).await?;
    Ok(Outcome::Applied(Some(change(context.tx, customer.user_id).await?)))
}

/// Handles a subscription that does not exist at Stripe, which is an error if it is stored.
pub(super) async fn apply_absence(context: &Context<'_>, id: &str) -> Result<Outcome, ApplyError> {
    let known = subscription::Entity::find().filter(subscription::Column::StripeSubscriptionId.eq(id));
    if known.one(context.tx).await?.is_some() {
        // Subscriptions are never removed at Stripe: the key belongs to another account or mode.
        return Err(ApplyError::Permanent(format!("{id} does not exist at Stripe: check STRIPE_SECRET_KEY")));
    }
    Ok(Outcome::Ignored("the subscription does not exist at Stripe"))
}

/// The item of a subscription that sells the highest of our plans, with its tier. Something else may be sold along with it,
/// and be billed in periods of its own.
#[must_use]
pub fn plan_of<'a>(prices: &PriceIds, subscription: &'a Subscription) -> Option<(&'a SubscriptionItem, Tier)> {
    let plans = subscription.items.iter().filter_map(|item| Some((item, prices.tier(&item.price)?)));
    // Of equal tiers, the first item.
    plans.rev().max_by_key(|(_, tier)| *tier)
}

/// Writes the state to its row, or to a new one. The version grows only when something changed.
async fn write(
    context: &Context<'_>,
    owner: &Owner,
    stored: Option<subscription::Model>,
    state: &SubscriptionState,
    fence: i64,
) -> Result<(), ApplyError> {
    let (subscription, prices) = (&state.subscription, &context.payments.prices);
    let (item, tier) = plan_of(prices, subscription)
        .ok_or_else(|| unknown_price(subscription.items.first().map(|item| item.price.as_str())))?;
    let scheduled = state.schedule.iter().flat_map(|schedule| schedule.prices_from(item.period.end));
    let scheduled_tier = scheduled.filter_map(|price| prices.tier(price)).max().filter(|scheduled| *scheduled != tier);
    // A deleted customer's subscriptions are over.
    let ended = owner.former && !subscription.status.ended();
    let now = context.clock.now();
    let is_new = stored.is_none();
    let (id, version) = stored.as_ref().map_or((0, 0), |stored| (stored.id, stored.version));
    let earlier = Earlier::of(stored.as_ref());
    let mut row = stored.map(IntoActiveModel::into_active_model).unwrap_or_default();
    row.stripe_price_id.set_if_not_equals(item.price.clone());
    row.tier.set_if_not_equals(tier);
    row.scheduled_tier.set_if_not_equals(scheduled_tier);
    row.status.set_if_not_equals(if ended { Status::Canceled } else { subscription.status });
    row.current_period_start.set_if_not_equals(item.period.start);
    row.current_period_end.set_if_not_equals(item.period.end);
    row.cancel_at_period_end.set_if_not_equals(subscription.cancel_at_period_end);
    row.cancel_at.set_if_not_equals(subscription.cancel_at);
    write_money(&mut row, state);
    let is_changed = row.is_changed();
    if is_changed {
        row.version = Set(version + 1);
        row.updated_at = Set(now);
    }
    row.payment_processing = Set(state.payment_is_processing());
    row.fence = Set(fence);
    let row = if is_new {
        row.customer_id = Set(owner.row.id);
        row.stripe_subscription_id = Set(subscription.id.clone());
        row.undone = Set(false);
        row.created_at = Set(now);
        row.insert(context.tx).await?
    } else {
        row.id = Unchanged(id);
        row.update(context.tx).await?
    };
    if is_changed {
        subscription_event::changed(context, owner.row.user_id, &row).await?;
    }
    request_void(context, earlier, state.open_invoice().is_some(), &row).await?;
    alert_of_change(context, owner.row.user_id, earlier, &row).await
}

/// The state of a subscription before a look, as far as alerts and requests of tasks depend on it.
#[derive(Clone, Copy, Default)]
struct Earlier {
    ended: bool,
    owes: bool,
    ends_at: Option<DateTime<Utc>>,
}

impl Earlier {
    fn of(stored: Option<&subscription::Model>) -> Self {
        stored.map_or_else(Self::default, |stored| Self {
            ended: stored.status.ended(),
            owes: owes(stored.status),
            ends_at: stored.ends_at(),
        })
    }
}

/// Returns true if a renewal's payment failed.
const fn owes(status: Status) -> bool {
    matches!(status, Status::PastDue | Status::Unpaid)
}

/// Alerts the user if a renewal's payment failed, and requests the alert of an end that was scheduled.
async fn alert_of_change(
    context: &Context<'_>,
    user_id: i64,
    earlier: Earlier,
    now: &subscription::Model,
) -> Result<(), ApplyError> {
    if owes(now.status) && !earlier.owes {
        let reason = Reason::PaymentFailed {
            payment: source::period(&now.stripe_subscription_id, now.current_period_start),
            tier: Some(now.tier),
            amount: now.unpaid_amount.zip(now.currency.clone()),
        };
        alert::raise(context.tx, context.clock, user_id, reason).await?;
    }
    if let Some(ends_at) = now.ends_at().filter(|_| now.status.entitled())
        && earlier.ends_at != Some(ends_at)
    {
        let due = ends_at - NOTICE_OF_END;
        work::due_at(context.tx, context.clock, Kind::Alert, &now.id.to_string(), due).await?;
    }
    Ok(())
}

/// Writes the price, and the unpaid invoice unless the subscription has ended: then nothing is owed.
fn write_money(row: &mut subscription::ActiveModel, state: &SubscriptionState) {
    let unpaid = state.unpaid_invoice.as_ref().filter(|_| !state.subscription.status.ended());
    let currency = state.plan_price.as_ref().map(|price| &price.currency).or(unpaid.map(|invoice| &invoice.currency));
    row.price.set_if_not_equals(state.plan_price.as_ref().map(|price| price.amount));
    row.currency.set_if_not_equals(currency.cloned());
    row.unpaid_amount.set_if_not_equals(unpaid.map(|invoice| invoice.amount_remaining));
    row.unpaid_since.set_if_not_equals(unpaid.and_then(|invoice| invoice.due_date.or(invoice.created)));
    row.unpaid_retry_at.set_if_not_equals(unpaid.and_then(|invoice| invoice.next_payment_attempt));
    row.unpaid_url.set_if_not_equals(unpaid.and_then(|invoice| invoice.hosted_url.clone()));
    row.unpaid_unconfirmed.set_if_not_equals(unpaid.is_some() && state.unpaid_unconfirmed);
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

/// Requests that the open invoices of a subscription are voided once it has ended: when it ends, and as long as its newest
/// invoice stays open.
async fn request_void(
    context: &Context<'_>,
    earlier: Earlier,
    newest_is_open: bool,
    now: &subscription::Model,
) -> Result<(), ApplyError> {
    if now.status.ended() && (!earlier.ended || newest_is_open) {
        work::due(context.tx, context.clock, Kind::OpenInvoice, &now.stripe_subscription_id).await?;
    }
    Ok(())
}
