//! Changes of plan: an upgrade at once, a downgrade with the next period; and undoing what was scheduled.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{Tier, subscription};

use super::{
    operation,
    subscription::{CancelResult, current, current_by_id},
    subscription_change::{Refusal, SubscriptionChange, Target},
};
use crate::{app::App, error::Error, stripe::Decline};

/// Time from the start of a period until Stripe charges the renewal.
const RENEWAL: TimeDelta = TimeDelta::hours(1);

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

/// The reason why a subscription does not get another plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanChangeRefusal {
    /// It has to be paid first, or with another payment method.
    PaymentFailed(PaymentFailed),
    /// It is not possible in the present period.
    Unavailable(PlanChangeUnavailable),
}

/// A payment that prevents the change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentFailed {
    /// The kind of failure.
    pub reason: PaymentFailureReason,
    /// The issuer's reason for declining the card. Stripe documentation: "Decline codes".
    pub decline_code: Option<String>,
    /// The page where it can be paid.
    pub invoice_url: Option<String>,
}

/// Kinds of failed payments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentFailureReason {
    /// The payment for the change was declined.
    Declined,
    /// An earlier payment is still due.
    PastDue,
    /// The payment method does not support immediate payment.
    PaymentMethod,
}

/// A change that is not possible in the present period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanChangeUnavailable {
    /// The reason.
    pub reason: UnavailableReason,
    /// When it becomes possible.
    pub available_at: DateTime<Utc>,
}

/// Reasons why a plan cannot be changed in the present period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnavailableReason {
    /// The renewal is about to be charged.
    Renewing,
    /// The present period was not paid.
    Unpaid,
    /// A payment for the present period was refunded.
    Refunded,
}

/// Changes the plan: to a higher tier at once, for the whole present period and its full difference in price; to a lower one
/// from the next period on. It replaces whatever was scheduled before, an end included; the present tier just continues.
///
/// # Errors
/// [`Error::BadInput`] for FREE; those of Stripe.
pub async fn change(app: &App, user_id: i64, tier: Tier) -> Result<PlanChanged, Error> {
    let target = Target::Price(price(app, tier)?);
    let Some(subscription) = current(app, user_id).await? else { return Ok(PlanChanged::NoActiveSubscription) };
    let request = SubscriptionChange { subscription: subscription.stripe_subscription_id, target };
    let task = app.clone();
    let result = app.finish(async move { operation::run(&task, user_id, request).await }).await?;
    let now = current_by_id(app, subscription.id).await?;
    Ok(match (result.refusal, now) {
        (_, None) => PlanChanged::NoActiveSubscription,
        (Some(refusal), Some(now)) => PlanChanged::Refused(PlanChangeRefusal::new(refusal, &now.into())),
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
    let request = SubscriptionChange { subscription: subscription.stripe_subscription_id, target: Target::Keep };
    let task = app.clone();
    app.finish(async move { operation::run(&task, user_id, request).await }).await?;
    let now = current_by_id(app, subscription.id).await?;
    Ok(now.map_or(CancelResult::NoActiveSubscription, CancelResult::Subscription))
}

/// The price that is sold for a tier.
///
/// # Errors
/// [`Error::BadInput`] for FREE; [`Error::StripeDisabled`].
pub(super) fn price(app: &App, tier: Tier) -> Result<String, Error> {
    let sold = app.payments()?.prices.sold(tier);
    let free =
        || Error::bad_field("tier", "tier must be CORE, PRO or STUDIO. To return to FREE, cancel the subscription.");
    sold.map(ToOwned::to_owned).ok_or_else(free)
}

/// The present period of a subscription.
pub(super) struct PresentPeriod {
    pub(super) start: DateTime<Utc>,
    pub(super) end: DateTime<Utc>,
}

impl From<subscription::Model> for PresentPeriod {
    fn from(subscription: subscription::Model) -> Self {
        Self { start: subscription.current_period_start, end: subscription.current_period_end }
    }
}

impl PlanChangeRefusal {
    pub(super) fn new(refusal: Refusal, period: &PresentPeriod) -> Self {
        let failed = |reason, decline: Decline| {
            let Decline { code: decline_code, hosted_url: invoice_url } = decline;
            Self::PaymentFailed(PaymentFailed { reason, decline_code, invoice_url })
        };
        let until = |reason, available_at| Self::Unavailable(PlanChangeUnavailable { reason, available_at });
        match refusal {
            Refusal::Declined(decline) => failed(PaymentFailureReason::Declined, decline),
            Refusal::PastDue(decline) => failed(PaymentFailureReason::PastDue, decline),
            Refusal::PaymentMethod => failed(PaymentFailureReason::PaymentMethod, Decline::default()),
            Refusal::Renewing => until(UnavailableReason::Renewing, period.start + RENEWAL),
            Refusal::Unpaid => until(UnavailableReason::Unpaid, period.end),
            Refusal::Refunded => until(UnavailableReason::Refunded, period.end),
        }
    }

    /// A sentence for the user: what happened, then what to do.
    #[must_use]
    pub const fn message(&self) -> &'static str {
        match self {
            Self::PaymentFailed(failed) => match failed.reason {
                PaymentFailureReason::Declined => "The payment was declined. Nothing has changed.",
                PaymentFailureReason::PastDue => "An earlier payment is past due. Pay it first.",
                PaymentFailureReason::PaymentMethod => {
                    "Your payment method does not support immediate payment. Choose a card in the billing portal."
                }
            },
            Self::Unavailable(unavailable) => match unavailable.reason {
                UnavailableReason::Renewing => "Your subscription is being renewed. Retry in an hour.",
                UnavailableReason::Unpaid => "The current period was not paid. You can change plans after it ends.",
                UnavailableReason::Refunded => {
                    "A payment for the current period was refunded. You can change plans after it ends."
                }
            },
        }
    }
}
