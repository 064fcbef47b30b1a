//! Changes of a subscription's price, at once or from its next period on.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stripe::StripeRequest;
use stripe_billing::{
    invoice::{ListInvoice, VoidInvoiceInvoice},
    invoice_payment::ListInvoicePayment,
    subscription::{
        RetrieveSubscription, UpdateSubscription, UpdateSubscriptionItems, UpdateSubscriptionPaymentBehavior,
        UpdateSubscriptionProrationBehavior,
    },
    subscription_schedule::{
        CreateSubscriptionSchedule, ReleaseSubscriptionSchedule, RetrieveSubscriptionSchedule,
        UpdateSubscriptionSchedule, UpdateSubscriptionSchedulePhases, UpdateSubscriptionSchedulePhasesDiscounts,
        UpdateSubscriptionSchedulePhasesDuration, UpdateSubscriptionSchedulePhasesDurationInterval,
        UpdateSubscriptionSchedulePhasesEndDate, UpdateSubscriptionSchedulePhasesItems,
        UpdateSubscriptionSchedulePhasesProrationBehavior, UpdateSubscriptionSchedulePhasesStartDate,
    },
};
use stripe_core::customer::RetrieveCustomer;
use stripe_shared::SubscriptionScheduleEndBehavior;

use super::{Discount, Failure, Invoice, Phase, PhaseItem, Schedule, Stripe, Subscription, Unreadable, known_id};

/// The number of a subscription's newest invoices that are read.
const INVOICES: i64 = 20;

/// A change of price that is made at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceChange {
    /// The item whose price changes, `si_...`.
    pub item: String,
    /// The new price, `price_...`.
    pub price: String,
    /// The moment from which the difference is charged, in Unix time and within the current period; `None` where nothing
    /// is.
    pub charged_from: Option<i64>,
}

/// A subscription with all that decides about a change of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionDetails {
    /// The subscription.
    pub subscription: Subscription,
    /// The schedule that controls it, or has controlled it.
    pub schedule: Option<Schedule>,
    /// The newest invoice.
    pub latest_invoice: Option<Invoice>,
    /// The type of the payment method that it charges, in Stripe's words; `None` where it charges the customer's default.
    pub payment_method_type: Option<String>,
}

/// A payment that failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decline {
    /// The issuer's reason. Stripe documentation: "Decline codes".
    pub code: Option<String>,
    /// The page where the customer can still pay.
    pub hosted_url: Option<String>,
}

impl Stripe {
    /// Reads a subscription with all that decides about a change of it.
    ///
    /// # Errors
    /// [`Failure`]; one that does not exist is [`Failure::Refused`] with status 404.
    pub async fn subscription_details(&self, id: &str) -> Result<SubscriptionDetails, Failure> {
        let expand = ["default_payment_method", "latest_invoice", "schedule"].map(ToOwned::to_owned);
        let request = RetrieveSubscription::new(known_id(id)?).expand(expand);
        let reply = self.read("retrieve subscription", request.build()).await?;
        let expanded = |field: &str| Some(&reply[field]).filter(|value| value.is_object());
        Ok(SubscriptionDetails {
            subscription: Subscription::from_value(&reply)?,
            schedule: expanded("schedule").map(Schedule::from_value).transpose()?,
            latest_invoice: expanded("latest_invoice").map(Invoice::from_value).transpose()?,
            payment_method_type: expanded("default_payment_method").map(payment_method_type).transpose()?,
        })
    }

    /// The type of the payment method that a customer's subscriptions charge by default, in Stripe's words.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn default_payment_method_type(&self, customer: &str) -> Result<Option<String>, Failure> {
        let expand = ["invoice_settings.default_payment_method".to_owned()];
        let request = RetrieveCustomer::new(known_id(customer)?).expand(expand);
        let reply = self.read("retrieve customer", request.build()).await?;
        let method = Some(&reply["invoice_settings"]["default_payment_method"]).filter(|method| method.is_object());
        Ok(method.map(payment_method_type).transpose()?)
    }

    /// The newest invoices of a subscription, the newest first.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn invoices(&self, subscription: &str) -> Result<Vec<Invoice>, Failure> {
        let request = ListInvoice::new().subscription(known_id(subscription)?).limit(INVOICES);
        let page = self.read_page("list invoices", request.build()).await?;
        Ok(page.objects.iter().map(Invoice::from_value).collect::<Result<_, _>>()?)
    }

    /// Changes the price of an item at once. The difference is charged right away; as long as it is not paid the change
    /// waits, and nothing else changes. Stripe documentation: "Pending updates".
    ///
    /// # Errors
    /// [`Failure`] where there is no subscription to answer.
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
        self.post(("update subscription", &path), key, &json!({ "cancel_at": "" })).await.map(drop)
    }

    /// Gives an open invoice up, and with it the change that waits for its payment. Stripe documentation: "Pending
    /// updates".
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn void_invoice(&self, key: &str, invoice: &str) -> Result<(), Failure> {
        let request = VoidInvoiceInvoice::new(known_id(invoice)?);
        self.write("void invoice", key, request.build()).await.map(drop)
    }

    /// The reason why the newest payment of an invoice was declined.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn decline(&self, invoice: &str) -> Result<Option<String>, Failure> {
        let expand = ["data.payment.payment_intent".to_owned()];
        let request = ListInvoicePayment::new().invoice(known_id(invoice)?).expand(expand);
        let payments = self.read_page("list invoice payments", request.build()).await?;
        let errors = payments.objects.iter().map(|payment| &payment["payment"]["payment_intent"]["last_payment_error"]);
        let error = errors.into_iter().find(|error| error.is_object());
        let code = error.and_then(|error| error["decline_code"].as_str().or_else(|| error["code"].as_str()));
        Ok(code.map(ToOwned::to_owned))
    }

    /// Looks a schedule up.
    ///
    /// # Errors
    /// [`Failure`]; one that does not exist is [`Failure::Refused`] with status 404.
    pub async fn schedule(&self, id: &str) -> Result<Schedule, Failure> {
        let request = RetrieveSubscriptionSchedule::new(known_id(id)?);
        Ok(Schedule::from_value(&self.read("retrieve schedule", request.build()).await?)?)
    }

    /// Puts a subscription under a schedule, which keeps it as it is. Stripe lets nothing else be said at the same time.
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
        now.start_date = Some(UpdateSubscriptionSchedulePhasesStartDate::Timestamp(current.start));
        now.end_date = Some(UpdateSubscriptionSchedulePhasesEndDate::Timestamp(current.end));
        let mut then = phase(current, next);
        let month = UpdateSubscriptionSchedulePhasesDurationInterval::Month;
        then.duration = Some(UpdateSubscriptionSchedulePhasesDuration::new(month));
        then.proration_behavior = Some(UpdateSubscriptionSchedulePhasesProrationBehavior::None);
        let request = UpdateSubscriptionSchedule::new(known_id(schedule)?)
            .phases([now, then])
            .end_behavior(SubscriptionScheduleEndBehavior::Release);
        self.write("update schedule", key, request.build()).await.map(drop)
    }

    /// Ends a schedule; the subscription goes on as it is.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn release_schedule(&self, key: &str, schedule: &str) -> Result<(), Failure> {
        let request = ReleaseSubscriptionSchedule::new(known_id(schedule)?);
        self.write("release schedule", key, request.build()).await.map(drop)
    }
}

/// A phase that sells `items` and is like `model` otherwise: what an update leaves out, Stripe takes away.
fn phase(model: &Phase, items: &[PhaseItem]) -> UpdateSubscriptionSchedulePhases {
    let items = items.iter().map(|item| {
        let mut sold = UpdateSubscriptionSchedulePhasesItems::new();
        sold.price = Some(item.price.clone());
        sold.quantity = item.quantity;
        sold
    });
    let mut phase = UpdateSubscriptionSchedulePhases::new(items.collect::<Vec<_>>());
    phase.default_payment_method.clone_from(&model.payment_method);
    phase.discounts = (!model.discounts.is_empty()).then(|| model.discounts.iter().map(discount).collect());
    phase
}

fn discount(discount: &Discount) -> UpdateSubscriptionSchedulePhasesDiscounts {
    let mut named = UpdateSubscriptionSchedulePhasesDiscounts::new();
    match discount.clone() {
        Discount::Discount(id) => named.discount = Some(id),
        Discount::Coupon(id) => named.coupon = Some(id),
        Discount::PromotionCode(id) => named.promotion_code = Some(id),
    }
    named
}

fn payment_method_type(method: &Value) -> Result<String, Unreadable> {
    let kind = method["type"].as_str().ok_or_else(|| Unreadable::missing("payment method.type"))?;
    Ok(kind.to_owned())
}
