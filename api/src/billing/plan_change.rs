//! Changes of plan: up at once, down with the period; and taking back what was scheduled.

use entity::{Tier, subscription};

use super::{
    operation::{self, Reply, Request},
    steering::Refusal,
    subscription::{Cancelled, living, now},
};
use crate::{app::App, error::Error};

/// What became of a wish for another plan.
#[derive(Clone, Debug)]
pub enum Changed {
    /// The subscription is as wished, or will be with its next period.
    Subscription(subscription::Model),
    /// There is none.
    NoActiveSubscription,
    /// It has to be paid first, and nothing has changed.
    PaymentFailed(PaymentFailed),
}

/// A payment that stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentFailed {
    /// For people.
    pub message: &'static str,
    /// Why the card's issuer declined. Stripe documentation: "Decline codes".
    pub decline_code: Option<String>,
    /// Where it can be paid.
    pub invoice_url: Option<String>,
}

/// Goes on at another tier: a higher one at once, for the whole present period and its full difference in price; a lower
/// one from the next period on. It replaces whatever was scheduled before, an end included; the present tier just goes on.
///
/// # Errors
/// [`Error::BadInput`] for FREE; [`Error::Conflict`] while the period is being charged, or when
/// money of it went back; those of Stripe.
pub async fn change(app: &App, user_id: i64, tier: Tier) -> Result<Changed, Error> {
    let price = price(app, tier)?;
    let Some(subscription) = living(app, user_id).await? else { return Ok(Changed::NoActiveSubscription) };
    let request = Request::PlanChange { subscription: subscription.stripe_subscription_id, price };
    let task = app.clone();
    let reply = app.finish(async move { operation::run(&task, user_id, request).await }).await?;
    let Reply::Steered(steered) = reply else {
        return Err(Error::Internal(format!("asked for a change of plan, was answered {reply:?}")));
    };
    match steered.refusal() {
        None => {
            let now = now(app, subscription.id).await?;
            Ok(now.map_or(Changed::NoActiveSubscription, Changed::Subscription))
        }
        Some(refusal) => refuse(refusal).map(Changed::PaymentFailed),
    }
}

/// Lets a subscription go on as it is: takes a scheduled end or change of plan back.
///
/// # Errors
/// Those of Stripe.
pub async fn resume(app: &App, user_id: i64) -> Result<Cancelled, Error> {
    app.payments()?;
    let Some(subscription) = living(app, user_id).await? else { return Ok(Cancelled::NoActiveSubscription) };
    let request = Request::Resumption(subscription.stripe_subscription_id);
    let task = app.clone();
    app.finish(async move { operation::run(&task, user_id, request).await }).await?;
    let now = now(app, subscription.id).await?;
    Ok(now.map_or(Cancelled::NoActiveSubscription, Cancelled::Subscription))
}

/// The price that is sold for a tier.
pub(super) fn price(app: &App, tier: Tier) -> Result<String, Error> {
    let sold = app.payments()?.prices.sold(tier);
    let free = || Error::bad_input("tier must be CORE, PRO or STUDIO: to go back to FREE, cancel the subscription");
    sold.map(ToOwned::to_owned).ok_or_else(free)
}

fn refuse(refusal: &Refusal) -> Result<PaymentFailed, Error> {
    let (decline, message) = match refusal {
        Refusal::Declined(decline) => (decline, "The payment was declined, and nothing has changed."),
        Refusal::Owing(decline) => (decline, "An earlier payment is still open: it has to be paid first."),
        Refusal::Renewing => {
            return Err(Error::Conflict("your subscription is just being renewed: ask again in an hour"));
        }
        Refusal::Unpaid => {
            return Err(Error::Conflict("this period of your subscription was not paid: ask again in the next"));
        }
        Refusal::Returned => {
            return Err(Error::Conflict("money of this period of your subscription went back: ask again in the next"));
        }
    };
    Ok(PaymentFailed { message, decline_code: decline.code.clone(), invoice_url: decline.hosted_url.clone() })
}
