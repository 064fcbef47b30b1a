//! The next charge of a subscription, which Stripe alone can tell: coupons, taxes and a customer's credit balance may change it at
//! any time, and no event about the subscription reports that. So it is read on request, and not stored.

use chrono::{DateTime, Utc};
use entity::subscription::{Model, Status};

use crate::{app::App, error::Error};

/// The next charge of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextCharge {
    /// The amount, in the smallest unit of the currency; 0 where a credit balance covers all of it.
    pub amount: i64,
    /// The currency, three lower-case letters.
    pub currency: String,
    /// The end of the current period, when the charge is made.
    pub at: DateTime<Utc>,
}

/// Requests the next charge from Stripe. `None` while none is certain: the subscription ends with its period, or its latest
/// payment is outstanding. `admit` is called before Stripe is, and may refuse.
///
/// # Errors
/// Those of `admit` and of Stripe.
pub async fn next_charge(
    app: &App,
    subscription: &Model,
    admit: impl FnOnce() -> Result<(), Error>,
) -> Result<Option<NextCharge>, Error> {
    let renews = matches!(subscription.status, Status::Active | Status::Trialing) && !subscription.ends_with_period();
    if !renews {
        return Ok(None);
    }
    admit()?;
    let (stripe, id) = (&app.payments()?.stripe, &subscription.stripe_subscription_id);
    let schedule = match subscription.scheduled_tier {
        Some(_) => stripe.subscription(id).await?.schedule,
        None => None,
    };
    let invoice = stripe.upcoming_invoice(id, schedule.as_deref()).await?;
    Ok(invoice.map(|invoice| NextCharge {
        amount: invoice.amount_due,
        currency: invoice.currency,
        at: subscription.current_period_end,
    }))
}
