//! A subscription as Stripe shows it at one moment.

use entity::Tier;

use crate::{
    config::Prices,
    stripe::{Failure, Invoice, Schedule, Stripe, Subscription, SubscriptionItem},
    sync::{Fact, Object},
};

/// A subscription with all that decides about a change.
#[derive(Clone, Debug)]
pub(in crate::billing) struct Snapshot {
    /// The subscription.
    pub(in crate::billing) subscription: Subscription,
    /// Its schedule.
    pub(super) schedule: Option<Schedule>,
    /// Its newest invoice.
    pub(super) invoice: Option<Invoice>,
    /// The type of the payment method that it charges, in Stripe's words; `None` where it charges the customer's default.
    pub(super) payment_method_type: Option<String>,
}

impl Snapshot {
    /// Reads a subscription from Stripe.
    ///
    /// # Errors
    /// [`Failure`].
    pub(in crate::billing) async fn take(stripe: &Stripe, subscription: &str) -> Result<Self, Failure> {
        let found = stripe.subscription_details(subscription).await?;
        Ok(Self {
            subscription: found.subscription,
            schedule: found.schedule,
            invoice: found.latest_invoice,
            payment_method_type: found.payment_method_type,
        })
    }

    /// The schedule, while it controls the subscription.
    pub(super) fn active_schedule(&self) -> Option<&Schedule> {
        self.schedule.as_ref().filter(|schedule| schedule.active())
    }

    /// The newest invoice, while it can be paid.
    pub(super) fn open_invoice(&self) -> Option<&Invoice> {
        self.invoice.as_ref().filter(|invoice| invoice.status.as_deref() == Some("open"))
    }

    /// The facts to apply to our tables.
    pub(super) fn facts(&self) -> Vec<Fact> {
        vec![Fact::Changed(Object::Subscription(self.subscription.id.clone()))]
    }
}

/// The item of a subscription that sells a plan of ours, with the tier.
pub(in crate::billing) fn plan_of<'a>(
    subscription: &'a Subscription,
    prices: &Prices,
) -> Option<(&'a SubscriptionItem, Tier)> {
    subscription.items.iter().find_map(|item| Some((item, prices.tier(&item.price)?)))
}
