//! What a change of plan would cost, and bring.

use chrono::{DateTime, Utc};
use entity::{Tier, period};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};

use super::{plan_change, steering::plan_of, subscription::living};
use crate::{
    app::App,
    error::Error,
    plan::plan,
    stripe::{PriceChange, Subscription},
};

/// What a change of plan would mean. Money is in the smallest unit of the currency (cents).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The tier that was asked about.
    pub tier: Tier,
    /// What is paid at once.
    pub due_now: i64,
    /// Credits that come at once.
    pub credits_now: i64,
    /// What the next period costs.
    pub next_invoice: i64,
    /// The currency of both, three lower-case letters.
    pub currency: String,
    /// When the next period begins.
    pub next_invoice_at: DateTime<Utc>,
    /// When the tier changes.
    pub effective_at: DateTime<Utc>,
}

/// Asks Stripe what a change of plan would mean; `None` when no subscription lives. Nothing is changed by it.
///
/// # Errors
/// [`Error::BadInput`] for FREE; those of Stripe.
pub async fn preview(app: &App, user_id: i64, tier: Tier) -> Result<Option<Preview>, Error> {
    let price = plan_change::price(app, tier)?;
    let Some(living) = living(app, user_id).await? else { return Ok(None) };
    let payments = app.payments()?;
    let (stripe, now) = (&payments.stripe, app.clock.now());
    let subscription = stripe.subscription(&living.stripe_subscription_id).await?;
    let Some((item, present)) = plan_of(&subscription, &payments.prices) else {
        return Err(Error::Internal(format!("{} is for no plan of ours", subscription.id)));
    };
    let next = PriceChange { item: item.id.clone(), price, charged_from: None };
    let (trial, up) = (subscription.status == "trialing", tier > present);
    let (next_invoice, due_now) = if up && !trial {
        let from = Some(subscription.current_period_start.timestamp());
        let change = PriceChange { charged_from: from, ..next.clone() };
        let (next, at_once) =
            tokio::join!(stripe.preview(&subscription, &next), stripe.preview(&subscription, &change));
        (next?, at_once?.map_or(0, |invoice| invoice.amount_due))
    } else {
        (stripe.preview(&subscription, &next).await?, 0)
    };
    // It has ended since, or is about to.
    let Some(next_invoice) = next_invoice else { return Ok(None) };
    Ok(Some(Preview {
        tier,
        due_now,
        credits_now: if up && !trial { credits(app, &subscription, present, tier).await? } else { 0 },
        next_invoice: next_invoice.amount_due,
        currency: next_invoice.currency,
        next_invoice_at: subscription.current_period_end,
        effective_at: if up || trial || tier == present { now } else { subscription.current_period_end },
    }))
}

/// What an upgrade grants: what the tier does, less what the period granted so far. A period that was not heard of yet
/// grants what its tier does.
async fn credits(app: &App, now: &Subscription, present: Tier, wished: Tier) -> Result<i64, DbErr> {
    let known = period::Entity::find()
        .filter(period::Column::StripeSubscriptionId.eq(&now.id))
        .filter(period::Column::PeriodEnd.eq(now.current_period_end))
        .one(app.database.read())
        .await?;
    let monthly = |tier| plan(tier).monthly_credits.unwrap_or_default();
    let granted = known.map_or_else(|| monthly(present), |period| period.credits_granted);
    Ok((monthly(wished) - granted).max(0))
}
