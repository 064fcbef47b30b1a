//! Changes of a subscription's price, at once or from its next period on.

use serde::{Deserialize, Serialize};
use serde_json::json;
use stripe::StripeRequest;
use stripe_billing::{
    subscription::{
        UpdateSubscription, UpdateSubscriptionItems, UpdateSubscriptionPaymentBehavior,
        UpdateSubscriptionProrationBehavior,
    },
    subscription_schedule::{
        CreateSubscriptionSchedule, ReleaseSubscriptionSchedule, UpdateSubscriptionSchedule,
        UpdateSubscriptionSchedulePhases, UpdateSubscriptionSchedulePhasesDiscounts,
        UpdateSubscriptionSchedulePhasesDuration, UpdateSubscriptionSchedulePhasesDurationInterval,
        UpdateSubscriptionSchedulePhasesEndDate, UpdateSubscriptionSchedulePhasesItems,
        UpdateSubscriptionSchedulePhasesProrationBehavior, UpdateSubscriptionSchedulePhasesStartDate,
    },
};
use stripe_shared::SubscriptionScheduleEndBehavior;

use super::{Discount, Failure, Invoice, Phase, PhaseItem, Stripe, Subscription, known_id};

/// The decline code of a payment that the customer's bank wants confirmed.
pub const AUTHENTICATION_REQUIRED: &str = "authentication_required";

/// A change of price that is made at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceChange {
    /// The item whose price changes, `si_...`.
    pub item: String,
    /// The new price, `price_...`.
    pub price: String,
    /// The time from which the difference is charged, in Unix time and within the current period; `None` where nothing is
    /// charged.
    pub charged_from: Option<i64>,
}

impl Stripe {
    /// The newest invoices of a subscription, the newest first.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn invoices(&self, subscription: &str) -> Result<Vec<Invoice>, Failure> {
        let query = json!({ "subscription": known_id(subscription)? });
        let page = self.list("list invoices", "/invoices", query, None).await?;
        Ok(page.objects.iter().map(Invoice::from_value).collect::<Result<_, _>>()?)
    }

    /// Changes the price of an item at once. The difference is charged right away; as long as it is not paid the change
    /// waits, and nothing else changes. Stripe documentation: "Pending updates".
    ///
    /// # Errors
    /// [`Failure`] where there is no subscription to return.
    pub async fn change_price(
        &self,
        key: &str,
        subscription: &str,
        change: &PriceChange,
    ) -> Result<Subscription, Failure> {
        let mut item = UpdateSubscriptionItems::new();
        item.id = Some(change.item.clone());
        item.price = Some(change.price.clone());
        let request = UpdateSubscription::new(known_id(subscription)?).items([item]);
        let request = match change.charged_from {
            Some(from) => request
                .payment_behavior(UpdateSubscriptionPaymentBehavior::PendingIfIncomplete)
                .proration_behavior(UpdateSubscriptionProrationBehavior::AlwaysInvoice)
                .proration_date(from),
            None => request.proration_behavior(UpdateSubscriptionProrationBehavior::None),
        };
        let reply = self.write("change price", key, request.build()).await?;
        Ok(Subscription::from_value(&reply)?)
    }

    /// Removes the date on which a subscription was to end. async-stripe cannot send an empty `cancel_at`. Stripe
    /// documentation: "Cancel subscriptions".
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn clear_cancel_at(&self, key: &str, subscription: &str) -> Result<(), Failure> {
        let path = format!("/subscriptions/{}", known_id(subscription)?);
        self.post("update subscription", &path, key, &json!({ "cancel_at": "" })).await.map(drop)
    }

    /// The reason why the newest payment of an invoice was declined: `authentication_required` where it waits for the
    /// customer to confirm it at their bank.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn decline(&self, invoice: &str) -> Result<Option<String>, Failure> {
        let query = json!({ "invoice": known_id(invoice)?, "expand": ["data.payment.payment_intent"] });
        let payments = self.list("list invoice payments", "/invoice_payments", query, None).await?;
        let intents = || payments.objects.iter().map(|payment| &payment["payment"]["payment_intent"]);
        if intents().next().is_some_and(|intent| intent["status"] == "requires_action") {
            return Ok(Some(AUTHENTICATION_REQUIRED.to_owned()));
        }
        let errors = intents().map(|intent| &intent["last_payment_error"]);
        let error = errors.into_iter().find(|error| error.is_object());
        let code = error.and_then(|error| error["decline_code"].as_str().or_else(|| error["code"].as_str()));
        Ok(code.map(ToOwned::to_owned))
    }

    /// Puts a subscription under a schedule, which keeps it as it is. Stripe allows nothing else in the same call.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn create_schedule(&self, key: &str, subscription: &str) -> Result<(), Failure> {
        let request = CreateSubscriptionSchedule::new().from_subscription(known_id(subscription)?);
        self.write("create schedule", key, request.build()).await.map(drop)
    }

    /// Sets the phases of a schedule from its current one on: that one runs as it was until it ends, then `next` is sold for a
    /// month, and then the subscription continues without the schedule.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn schedule_phases(
        &self,
        key: &str,
        schedule: &str,
        current: &Phase,
        next: &[PhaseItem],
    ) -> Result<(), Failure> {
        let mut now = phase(current, &current.items);
        now.start_date = Some(UpdateSubscriptionSchedulePhasesStartDate::Timestamp(current.start_date));
        now.end_date = Some(UpdateSubscriptionSchedulePhasesEndDate::Timestamp(current.end_date));
        let mut then = phase(current, next);
        let month = UpdateSubscriptionSchedulePhasesDurationInterval::Month;
        then.duration = Some(UpdateSubscriptionSchedulePhasesDuration::new(month));
        then.proration_behavior = Some(UpdateSubscriptionSchedulePhasesProrationBehavior::None);
        let request = UpdateSubscriptionSchedule::new(known_id(schedule)?)
            .phases([now, then])
            .end_behavior(SubscriptionScheduleEndBehavior::Release);
        self.write("update schedule", key, request.build()).await.map(drop)
    }

    /// Ends a schedule; the subscription continues as it is.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn release_schedule(&self, key: &str, schedule: &str) -> Result<(), Failure> {
        let request = ReleaseSubscriptionSchedule::new(known_id(schedule)?);
        self.write("release schedule", key, request.build()).await.map(drop)
    }
}

/// A phase that sells `items` and is otherwise like `model`: Stripe removes the fields that an update leaves out.
fn phase(model: &Phase, items: &[PhaseItem]) -> UpdateSubscriptionSchedulePhases {
    let items = items.iter().map(|item| {
        let mut sold = UpdateSubscriptionSchedulePhasesItems::new();
        sold.price = Some(item.price.clone());
        sold.quantity = item.quantity;
        sold
    });
    let mut phase = UpdateSubscriptionSchedulePhases::new(items.collect::<Vec<_>>());
    phase.default_payment_method.clone_from(&model.default_payment_method);
    phase.discounts = (!model.discounts.is_empty()).then(|| model.discounts.iter().map(discount).collect());
    phase
}

fn discount(discount: &Discount) -> UpdateSubscriptionSchedulePhasesDiscounts {
    let mut named = UpdateSubscriptionSchedulePhasesDiscounts::new();
    // Stripe accepts only one of the three.
    match discount.clone() {
        Discount { discount: Some(discount), .. } => named.discount = Some(discount),
        Discount { promotion_code: Some(code), .. } => named.promotion_code = Some(code),
        Discount { coupon, .. } => named.coupon = coupon,
    }
    named
}
