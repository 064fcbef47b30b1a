//! Reads states. Each reply is read by the same rules as events.

use entity::subscription::Status;
use serde_json::{Value, json};

use super::{
    CollectionMethod, Failure, Invoice, InvoiceLine, Price, Schedule, Stripe, Subscription, Unreadable,
    credit_note::CreditNote, id_of, known_id, object::List, refund::Dispute,
};

/// A subscription with everything that decides about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionState {
    /// The subscription.
    pub subscription: Subscription,
    /// The schedule that controls it, or has controlled it.
    pub schedule: Option<Schedule>,
    /// Its newest invoice with its payments.
    pub latest_invoice: Option<Invoice>,
    /// The type of the payment method that it charges, as Stripe names it; `None` where it charges the customer's default.
    pub payment_method_type: Option<String>,
    /// The price of a period of its plan. Only a look reads it.
    pub plan_price: Option<PlanPrice>,
    /// The invoice that waits for its payment. Only a look reads it.
    pub unpaid_invoice: Option<Invoice>,
    /// True where its payment waits for the customer to confirm it at their bank. Only a look reads it.
    pub unpaid_unconfirmed: bool,
}

/// The price of a period of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanPrice {
    /// The amount, in the smallest unit of the currency (cents).
    pub amount: i64,
    /// The currency, three lower-case letters.
    pub currency: String,
}

/// The returned amounts of a payment, in the smallest unit of the currency (cents).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReturnedAmounts {
    /// The amount of refunds that did not fail.
    pub refunded: i64,
    /// The amount of refunds that are still under way: a part of `refunded`.
    pub refund_pending: i64,
    /// The amount of disputes whose money the bank holds.
    pub disputed: i64,
}

/// The payer of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payer {
    /// The customer, unless a guest paid.
    pub customer: Option<String>,
}

impl SubscriptionState {
    /// The parts of a subscription that a reply has to contain.
    const EXPAND: [&str; 3] = ["default_payment_method", "latest_invoice.payments", "schedule"];

    fn from_value(value: &Value) -> Result<Self, Unreadable> {
        let expanded = |field: &str| Some(&value[field]).filter(|object| object.is_object());
        Ok(Self {
            subscription: Subscription::from_value(value)?,
            schedule: expanded("schedule").map(Schedule::from_value).transpose()?,
            latest_invoice: expanded("latest_invoice").map(Invoice::from_value).transpose()?,
            payment_method_type: expanded("default_payment_method").map(payment_method_type).transpose()?,
            plan_price: None,
            unpaid_invoice: None,
            unpaid_unconfirmed: false,
        })
    }

    /// The schedule, while it controls the subscription.
    #[must_use]
    pub fn active_schedule(&self) -> Option<&Schedule> {
        self.schedule.as_ref().filter(|schedule| schedule.is_active())
    }

    /// The newest invoice, while it can be paid.
    #[must_use]
    pub fn open_invoice(&self) -> Option<&Invoice> {
        self.latest_invoice.as_ref().filter(|invoice| invoice.is_open())
    }

    /// True while the renewal's payment takes days, as a bank debit does. While it is processing the subscription stays active
    /// and its invoice open; a payment that failed makes it past due. Stripe documentation: "How subscriptions work".
    #[must_use]
    pub fn payment_is_processing(&self) -> bool {
        let automatic = self.subscription.collection_method != Some(CollectionMethod::SendInvoice);
        let attempted = self.open_invoice().is_some_and(|invoice| invoice.attempted);
        automatic && self.subscription.status == Status::Active && attempted
    }
}

impl Stripe {
    /// Reads a subscription with everything that decides about it.
    ///
    /// # Errors
    /// [`Failure`]; one that does not exist is [`Failure::Refused`] with status 404.
    pub async fn subscription_state(&self, id: &str) -> Result<SubscriptionState, Failure> {
        let path = format!("/subscriptions/{}", known_id(id)?);
        let query = json!({ "expand": SubscriptionState::EXPAND });
        Ok(SubscriptionState::from_value(&self.get("retrieve subscription", &path, &query).await?)?)
    }

    /// The newest open invoice of a subscription.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn open_invoice_of(&self, subscription: &str) -> Result<Option<Invoice>, Failure> {
        let query = json!({ "subscription": known_id(subscription)?, "status": "open" });
        let page = self.list("list open invoices", "/invoices", query, None).await?;
        Ok(page.objects.first().map(Invoice::from_value).transpose()?)
    }

    /// Reads an invoice with its payments; `None` when it does not exist.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn invoice(&self, id: &str) -> Result<Option<Invoice>, Failure> {
        let path = format!("/invoices/{}", known_id(id)?);
        let found = self.find("retrieve invoice", &path, &json!({ "expand": ["payments"] })).await?;
        Ok(found.as_ref().map(Invoice::from_value).transpose()?)
    }

    /// Reads all lines of an invoice.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn invoice_lines(&self, id: &str) -> Result<List<InvoiceLine>, Failure> {
        let path = format!("/invoices/{}/lines", known_id(id)?);
        let lines = self.list_all("list invoice lines", &path, &json!({})).await?;
        let data = lines.iter().map(InvoiceLine::from_value).collect::<Result<_, _>>()?;
        Ok(List { data, has_more: false })
    }

    /// The amount of a price in a currency, in its smallest unit; `None` where it is not sold in that currency, or is tiered.
    /// Prices never change, so each is read once.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn unit_amount(&self, price: &str, currency: &str) -> Result<Option<i64>, Failure> {
        let key = (price.to_owned(), currency.to_owned());
        if let Some(amount) = self.amounts.lock().ok().and_then(|amounts| amounts.get(&key).copied()) {
            return Ok(amount);
        }
        let Some(Price { terms, .. }) = self.price(price).await? else { return Ok(None) };
        let amount = if terms.currency == currency { terms.amount } else { self.amount_in(price, currency).await? };
        if let Ok(mut amounts) = self.amounts.lock() {
            amounts.insert(key, amount);
        }
        Ok(amount)
    }

    /// The amount that was credited for an invoice after its payment by notes whose money did not go back as a refund, in the
    /// smallest unit of the currency. Stripe documentation: "The Credit Note object".
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn credited(&self, invoice: &str) -> Result<i64, Failure> {
        let query = json!({ "invoice": known_id(invoice)? });
        let notes = self.list_all("list credit notes", "/credit_notes", &query).await?;
        let notes = notes.iter().map(CreditNote::from_value).collect::<Result<Vec<_>, _>>()?;
        Ok(notes.iter().map(CreditNote::credited).sum())
    }

    /// The payer of a payment; `None` when it does not exist.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn payer(&self, payment_intent: &str) -> Result<Option<Payer>, Failure> {
        let path = format!("/payment_intents/{}", known_id(payment_intent)?);
        let found = self.find("retrieve payment intent", &path, &json!({})).await?;
        Ok(found.map(|found| Payer { customer: id_of(&found["customer"]) }))
    }

    /// Reads the returned amounts of a payment.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn returned(&self, payment_intent: &str) -> Result<ReturnedAmounts, Failure> {
        let query = json!({ "payment_intent": known_id(payment_intent)? });
        let refunds = self.refunds(payment_intent).await?;
        let disputes = self.list_all("list disputes", "/disputes", &query).await?;
        let disputes = disputes.iter().map(Dispute::from_value).collect::<Result<Vec<_>, _>>()?;
        Ok(ReturnedAmounts {
            refunded: refunds.iter().filter(|refund| !refund.has_failed()).map(|refund| refund.amount).sum(),
            refund_pending: refunds.iter().filter(|refund| refund.is_pending()).map(|refund| refund.amount).sum(),
            disputed: disputes.iter().filter(|dispute| dispute.holds()).map(|dispute| dispute.amount).sum(),
        })
    }

    /// The type of the payment method that a customer's subscriptions charge by default, as Stripe names it.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn default_payment_method_type(&self, customer: &str) -> Result<Option<String>, Failure> {
        let path = format!("/customers/{}", known_id(customer)?);
        let query = json!({ "expand": ["invoice_settings.default_payment_method"] });
        let reply = self.get("retrieve customer", &path, &query).await?;
        let method = Some(&reply["invoice_settings"]["default_payment_method"]).filter(|method| method.is_object());
        Ok(method.map(payment_method_type).transpose()?)
    }
}

fn payment_method_type(method: &Value) -> Result<String, Unreadable> {
    let kind = method["type"].as_str().ok_or_else(|| Unreadable::missing("payment method.type"))?;
    Ok(kind.to_owned())
}
