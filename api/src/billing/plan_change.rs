//! Changes of plan: an upgrade at once, a downgrade with the next period; and undoing what was scheduled.

use entity::{Tier, subscription};

use super::{
    subscription::{CancelResult, current},
    subscription_change::{self, Target},
};
use crate::{
    app::App,
    error::{Error, Rule},
    plan::SOLD,
};

pub use super::subscription_change::{
    PaymentFailed, PaymentFailureReason, PlanChangeRefusal, PlanChangeUnavailable, UnavailableReason,
};

/// The result of a change of plan.
#[derive(Clone, Debug)]
pub enum PlanChanged {
    /// The subscription has the plan, or will have it with its next period.
    Subscription(subscription::Model),
    /// There is no subscription to change.
    NoActiveSubscription,
    /// Nothing has changed.
    Refused(PlanChangeRefusal),
}

/// Changes the plan: to a higher tier at once, for the whole current period and its full difference in price; to a lower one
/// from the next period on. It replaces whatever was scheduled before, an end included;
/// a request for the current tier only removes that.
///
/// # Errors
/// [`Error::BadInput`] for FREE; those of Stripe.
pub async fn change(app: &App, user_id: i64, tier: Tier) -> Result<PlanChanged, Error> {
    let target = Target::Price(price(app, tier)?);
    let Some(subscription) = current(app, user_id).await? else { return Ok(PlanChanged::NoActiveSubscription) };
    let (result, now) = subscription_change::make(app, user_id, subscription, target).await?;
    Ok(match (result.refusal, now) {
        (_, None) => PlanChanged::NoActiveSubscription,
        (Some(refusal), Some(_)) => PlanChanged::Refused(refusal),
        (None, Some(now)) => PlanChanged::Subscription(now),
    })
}

/// Keeps a subscription as it is: a scheduled end or change of plan is removed.
///
/// # Errors
/// Those of Stripe.
pub async fn resume(app: &App, user_id: i64) -> Result<CancelResult, Error> {
    app.payments()?;
    let Some(subscription) = current(app, user_id).await? else { return Ok(CancelResult::NoActiveSubscription) };
    let (_, now) = subscription_change::make(app, user_id, subscription, Target::Keep).await?;
    Ok(now.map_or(CancelResult::NoActiveSubscription, CancelResult::Subscription))
}

/// The price that is sold for a tier.
///
/// # Errors
/// [`Error::BadInput`] for FREE; [`Error::StripeDisabled`].
pub(super) fn price(app: &App, tier: Tier) -> Result<String, Error> {
    let sold = app.payments()?.prices.sold(tier);
    let message = "tier must be CORE, PRO or STUDIO. To return to FREE, cancel the subscription.";
    let free = || Error::bad_field("tier", Rule::OneOf(&SOLD), message);
    sold.map(ToOwned::to_owned).ok_or_else(free)
}
