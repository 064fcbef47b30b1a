//! The price and the credits of a change of plan, before it is made.

use chrono::{DateTime, Utc};
use entity::{Tier, period, subscription::Status};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};

use super::{
    plan_change::{self, PlanChangeRefusal},
    subscription::current,
    subscription_change::refusal,
};
use crate::{
    app::App,
    config::PriceIds,
    error::Error,
    plan::plan,
    stripe::{Failure, Invoice, PriceChange, Stripe, Subscription, SubscriptionState},
    sync::plan_of,
};

/// The price and the credits of a change of plan. Money is in the smallest unit of the currency (cents).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The requested tier.
    pub tier: Tier,
    /// The amount charged at once.
    pub due_now: i64,
    /// Credits added at once.
    pub credits_now: i64,
    /// The price of the next period.
    pub next_invoice: i64,
    /// The currency of both amounts, three lower-case letters.
    pub currency: String,
    /// When the next period begins.
    pub next_invoice_at: DateTime<Utc>,
    /// When the tier changes.
    pub effective_at: DateTime<Utc>,
    /// The page of the open invoice of an earlier request for the same change, whose payment failed or waits for its
    /// confirmation. Another request replaces it.
    pub pending_url: Option<String>,
    /// The reason why the change would be refused now. Nothing is due then, and the next invoice is that of the current plan.
    pub refusal: Option<PlanChangeRefusal>,
}

/// Requests the price of a change of plan from Stripe; `None` when there is no subscription. Nothing is changed.
///
/// # Errors
/// [`Error::BadInput`] for FREE; those of Stripe.
pub async fn preview(app: &App, user_id: i64, tier: Tier) -> Result<Option<Preview>, Error> {
    let price = plan_change::price(app, tier)?;
    let Some(subscription) = current(app, user_id).await? else { return Ok(None) };
    let payments = app.payments()?;
    let stripe = &payments.stripe;
    let state = stripe.subscription_state(&subscription.stripe_subscription_id).await?;
    let now = &state.subscription;
    let Some((item, present)) = plan_of(&payments.prices, now) else {
        return Err(Error::Internal(format!("the subscription {} sells no plan of ours", now.id)));
    };
    let (trial, up) = (now.status == Status::Trialing, tier > present);
    let charges = up && !trial;
    let refusal = if tier == present { None } else { refusal(app, &state, charges).await? };
    let charges = charges && refusal.is_none();
    let next_price = if refusal.is_some() { item.price.clone() } else { price };
    let next = PriceChange { item: item.id.clone(), price: next_price, charged_from: None };
    // The subscription has ended since, or is about to.
    let Some(invoices) = invoices(stripe, now, &next, charges).await? else { return Ok(None) };
    Ok(Some(Preview {
        tier,
        due_now: invoices.due_now,
        credits_now: if charges { credits(app, now, present, tier).await? } else { 0 },
        next_invoice: invoices.next.amount_due,
        currency: invoices.next.currency,
        next_invoice_at: now.period.end,
        effective_at: match &refusal {
            Some(PlanChangeRefusal::Unavailable(unavailable)) => unavailable.available_at,
            _ if up || trial || tier == present => app.clock.now(),
            _ => now.period.end,
        },
        pending_url: pending_url(&payments.prices, &state, tier),
        refusal,
    }))
}

/// The page of the invoice that a change to this tier waits for.
fn pending_url(prices: &PriceIds, state: &SubscriptionState, tier: Tier) -> Option<String> {
    let open = state.open_invoice().filter(|_| state.subscription.pending_update)?;
    let billed = open.lines.data.iter().filter(|line| !line.is_credit());
    let highest = billed.filter_map(|line| prices.tier(line.price.as_deref()?)).max();
    open.hosted_url.clone().filter(|_| highest == Some(tier))
}

struct Invoices {
    due_now: i64,
    next: Invoice,
}

/// The next invoice after a change, and what it charges at once; `None` when no invoice would come.
async fn invoices(
    stripe: &Stripe,
    now: &Subscription,
    next: &PriceChange,
    charges: bool,
) -> Result<Option<Invoices>, Failure> {
    let from = Some(now.period.start.timestamp());
    let change = PriceChange { charged_from: from, ..next.clone() };
    let at_once = async { if charges { stripe.preview(now, &change).await } else { Ok(None) } };
    let (next, at_once) = tokio::join!(stripe.preview(now, next), at_once);
    let due_now = at_once?.map_or(0, |invoice| invoice.amount_due);
    Ok(next?.map(|next| Invoices { due_now, next }))
}

/// The credits of an upgrade: those of the tier, less what the period granted so far. A period that is not stored yet grants
/// what its tier does.
async fn credits(app: &App, now: &Subscription, present: Tier, wanted: Tier) -> Result<i64, DbErr> {
    let stored = period::Entity::find()
        .filter(period::Column::StripeSubscriptionId.eq(&now.id))
        .filter(period::Column::PeriodEnd.eq(now.period.end))
        .one(app.database.read())
        .await?;
    let monthly = |tier| plan(tier).monthly_credits.unwrap_or_default();
    let granted = stored.map_or_else(|| monthly(present), |period| period.credits_granted);
    Ok((monthly(wanted) - granted).max(0))
}
