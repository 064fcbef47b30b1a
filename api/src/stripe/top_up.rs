//! Automatic top-ups: invoices that a saved card pays without the customer. Stripe documentation: "Integrate with the Invoicing
//! API"; "Charge a saved card".
//!
//! An invoice is created as a draft that takes no other pending items of the customer, gets its one item, is finalized, and is
//! then paid. Nothing is charged before the last of these calls, and Stripe repeats none of them on its own.

use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use stripe_client_core::{RequestBuilder, StripeMethod};

use super::{
    Failure, Invoice, InvoiceStatus, PaymentMethod, Stripe, Unreadable,
    create::{AUTO_TOP_UP, OPERATION},
    id_of, known_id,
    look_up::bounds,
    object::{self, entries},
};

/// A top-up to be charged. It is stored with its operation, hence the serde form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewTopUp {
    /// Our user.
    pub user_id: i64,
    /// The number of the top-up.
    pub top_up: i64,
    /// The user's Stripe customer, `cus_...`.
    pub customer: String,
    /// The saved card, `pm_...`.
    pub payment_method: String,
    /// The credits.
    pub credits: i64,
    /// The price with its taxes, in US cents.
    pub amount: i64,
    /// Computes the taxes that the price includes, with Stripe Tax.
    pub tax: bool,
}

/// The invoice of a top-up, with the state of its payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopUpInvoice {
    /// The invoice.
    pub invoice: Invoice,
    /// The state of its payment.
    pub collection: Collection,
}

/// The state of the payment of an invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Collection {
    /// The invoice is a draft.
    Draft,
    /// No payment was attempted.
    Open,
    /// The bank has not decided yet.
    Processing,
    /// The customer has to confirm the payment on the page of the invoice.
    ActionRequired,
    /// The last payment was declined, for this reason.
    Declined(Option<String>),
    /// Paid.
    Paid,
    /// The invoice can no longer be paid.
    Void,
}

/// The status of a payment of an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum IntentStatus {
    Processing,
    RequiresAction,
    #[serde(other)]
    Other,
}

impl NewTopUp {
    fn invoice(&self, operation: &str) -> Value {
        let mut form = json!({
            "customer": self.customer,
            "currency": "usd",
            "auto_advance": false,
            "collection_method": "charge_automatically",
            "pending_invoice_items_behavior": "exclude",
            "default_payment_method": self.payment_method,
            "metadata": {
                "user_id": self.user_id.to_string(),
                "credits": self.credits.to_string(),
                "purchase_type": AUTO_TOP_UP,
                "top_up": self.top_up.to_string(),
                OPERATION: operation,
            },
        });
        if self.tax {
            form["automatic_tax"] = json!({ "enabled": true });
        }
        form
    }

    /// The price includes its taxes, so that a cap on what is charged can be kept.
    fn item(&self, invoice: &str) -> Value {
        let mut form = json!({
            "customer": self.customer,
            "invoice": invoice,
            "currency": "usd",
            "amount": self.amount,
            "description": format!("{} Patch-Hive credits", self.credits),
        });
        if self.tax {
            form["tax_behavior"] = json!("inclusive");
        }
        form
    }
}

impl TopUpInvoice {
    fn from_value(value: &Value) -> Result<Self, Unreadable> {
        let invoice = Invoice::from_value(value)?;
        let collection = match invoice.status {
            Some(InvoiceStatus::Draft) => Collection::Draft,
            Some(InvoiceStatus::Paid) => Collection::Paid,
            // Stripe takes payments of an uncollectible invoice too.
            Some(InvoiceStatus::Open | InvoiceStatus::Uncollectible) => collection(value)?,
            _ => Collection::Void,
        };
        Ok(Self { invoice, collection })
    }
}

/// The state of the newest payment of an open invoice, whose payment intents are expanded.
fn collection(invoice: &Value) -> Result<Collection, Unreadable> {
    let mut invoice = invoice.clone();
    let created = |payment: &&mut Map<String, Value>| payment.get("created").and_then(Value::as_i64);
    let Some(payment) = entries(&mut invoice, "payments").max_by_key(created) else { return Ok(Collection::Open) };
    let payment = payment.get("payment").cloned().unwrap_or_default();
    let intent = &payment["payment_intent"];
    if !intent.is_object() {
        return Err(Unreadable::missing("invoice.payments.payment.payment_intent.status"));
    }
    let status = IntentStatus::deserialize(&intent["status"])
        .map_err(|error| Unreadable::new(format!("invoice.payments: payment_intent.status: {error}")))?;
    let error = &intent["last_payment_error"];
    let code = ["decline_code", "code"].into_iter().find_map(|field| error[field].as_str());
    Ok(match status {
        IntentStatus::Processing => Collection::Processing,
        IntentStatus::RequiresAction => Collection::ActionRequired,
        IntentStatus::Other if error.is_object() => Collection::Declined(code.map(ToOwned::to_owned)),
        IntentStatus::Other => Collection::Open,
    })
}

impl Stripe {
    /// Creates the draft of a top-up's invoice and returns its id. `operation` is the operation's key, which the invoice carries
    /// as metadata; `key` is that of this call. Stripe documentation: "Create an invoice".
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn create_top_up(&self, key: &str, operation: &str, new: &NewTopUp) -> Result<String, Failure> {
        let invoice = self.post("create invoice", "/invoices", key, &new.invoice(operation)).await?;
        Ok(id_of(&invoice).ok_or_else(|| Unreadable::missing("invoice.id"))?)
    }

    /// Adds the item to the draft of a top-up's invoice. Stripe documentation: "Create an invoice item".
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn add_top_up_item(&self, key: &str, invoice: &str, new: &NewTopUp) -> Result<(), Failure> {
        self.post("create invoice item", "/invoiceitems", key, &new.item(invoice)).await.map(drop)
    }

    /// Finalizes a draft and returns the amount to be paid. Stripe documentation: "Finalize an invoice".
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn finalize_invoice(&self, key: &str, id: &str) -> Result<i64, Failure> {
        let path = format!("/invoices/{}/finalize", known_id(id)?);
        let invoice = self.post("finalize invoice", &path, key, &json!({ "auto_advance": false })).await?;
        Ok(Invoice::from_value(&invoice)?.amount_due)
    }

    /// Charges the card of an open invoice. Stripe documentation: "Pay an invoice".
    ///
    /// # Errors
    /// [`Failure`]; a declined payment is [`Failure::Refused`].
    pub async fn pay_invoice(&self, key: &str, id: &str) -> Result<(), Failure> {
        let path = format!("/invoices/{}/pay", known_id(id)?);
        self.post("pay invoice", &path, key, &json!({ "off_session": true })).await.map(drop)
    }

    /// Reads the invoice of a top-up; `None` when it does not exist.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn top_up_invoice(&self, id: &str) -> Result<Option<TopUpInvoice>, Failure> {
        let path = format!("/invoices/{}", known_id(id)?);
        let query = json!({ "expand": ["payments.data.payment.payment_intent"] });
        let found = self.find("retrieve invoice", &path, &query).await?;
        Ok(found.as_ref().map(TopUpInvoice::from_value).transpose()?)
    }

    /// The invoice that an operation has created for a customer, among those created in a span of time, both ends included.
    ///
    /// # Errors
    /// [`Failure`]; [`Failure::Unknown`] also where there are too many invoices to look through.
    pub async fn top_up_made_by(
        &self,
        customer: &str,
        operation: &str,
        created: RangeInclusive<DateTime<Utc>>,
    ) -> Result<Option<TopUpInvoice>, Failure> {
        let query = json!({ "customer": known_id(customer)?, "created": bounds(&created) });
        let invoices = self.list_all("list invoices", "/invoices", &query).await?;
        match invoices.iter().find(|invoice| invoice["metadata"][OPERATION] == operation).and_then(id_of) {
            Some(id) => self.top_up_invoice(&id).await,
            None => Ok(None),
        }
    }

    /// Removes a payment method from its customer, so that it cannot be charged any longer. One that was removed before is left
    /// alone. Stripe documentation: "Detach a `PaymentMethod`".
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn detach(&self, key: &str, payment_method: &str) -> Result<(), Failure> {
        let path = format!("/payment_methods/{}/detach", known_id(payment_method)?);
        // async-stripe encodes an empty form as an empty parameter.
        match self.write("detach payment method", key, RequestBuilder::new(StripeMethod::Post, path)).await {
            Err(Failure::Refused(refusal)) if matches!(refusal.status, 400 | 404) => Ok(()),
            detached => detached.map(drop),
        }
    }
}

/// A card that was saved at a checkout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedCard {
    /// The customer who can be charged, `cus_...`.
    pub customer: String,
    /// The payment method, `pm_...`.
    pub id: String,
    /// Its details.
    pub method: PaymentMethod,
    /// When it was entered.
    pub created: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Created {
    #[serde(deserialize_with = "object::time")]
    created: DateTime<Utc>,
}

impl Stripe {
    /// The payment method that a checkout has saved; `None` where it has saved none, or none that can still be charged.
    ///
    /// # Errors
    /// [`Failure`]; one that does not exist is [`Failure::Refused`] with status 404.
    pub async fn card_saved_by(&self, session: &str) -> Result<Option<SavedCard>, Failure> {
        let path = format!("/checkout/sessions/{}", known_id(session)?);
        let expand = ["setup_intent.payment_method", "payment_intent.payment_method"];
        let session = self.get("retrieve session", &path, &json!({ "expand": expand })).await?;
        let intents = [&session["setup_intent"], &session["payment_intent"]];
        let Some(intent) = intents.into_iter().find(|intent| intent["status"] == "succeeded") else { return Ok(None) };
        Ok(saved(&intent["payment_method"])?)
    }
}

fn saved(method: &Value) -> Result<Option<SavedCard>, Unreadable> {
    let (Some(customer), Some(id)) = (id_of(&method["customer"]), id_of(method)) else { return Ok(None) };
    let Created { created } = object::read("payment_method", method)?;
    Ok(Some(SavedCard { customer, id, method: PaymentMethod::from_value(method)?, created }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(intent: &Value) -> Value {
        let payment = json!({ "status": "open", "payment": { "type": "payment_intent", "payment_intent": intent } });
        json!({
            "id": "in_1", "object": "invoice", "customer": "cus_1", "status": "open", "amount_paid": 0, "currency": "usd",
            "amount_due": 500, "created": 1_790_000_000, "livemode": false, "lines": { "data": [] },
            "payments": { "data": [payment] },
        })
    }

    fn collection_of(invoice: &Value) -> Collection {
        TopUpInvoice::from_value(invoice).unwrap().collection
    }

    #[test]
    fn the_state_of_the_payment_decides_about_an_open_invoice() {
        let declined = json!({
            "id": "pi_1", "status": "requires_payment_method",
            "last_payment_error": { "code": "card_declined", "decline_code": "lost_card" },
        });
        for (intent, expected) in [
            (json!({ "id": "pi_1", "status": "processing" }), Collection::Processing),
            (json!({ "id": "pi_1", "status": "requires_action" }), Collection::ActionRequired),
            (json!({ "id": "pi_1", "status": "requires_confirmation" }), Collection::Open),
            (declined, Collection::Declined(Some("lost_card".to_owned()))),
        ] {
            assert_eq!(collection_of(&open(&intent)), expected, "{intent}");
        }
        let mut never_attempted = open(&Value::Null);
        never_attempted["payments"] = Value::Null;
        assert_eq!(collection_of(&never_attempted), Collection::Open);
        assert!(TopUpInvoice::from_value(&open(&json!("pi_1"))).is_err(), "the status is not known");
    }

    #[test]
    fn an_invoice_that_is_not_open_is_decided_by_its_status() {
        for (status, expected) in [("draft", Collection::Draft), ("paid", Collection::Paid), ("void", Collection::Void)]
        {
            let mut invoice = open(&json!("pi_1"));
            invoice["status"] = json!(status);
            assert_eq!(collection_of(&invoice), expected, "{status}");
        }
    }

    #[test]
    fn an_uncollectible_invoice_is_decided_as_an_open_one() {
        let mut invoice = open(&json!({ "id": "pi_1", "status": "requires_action" }));
        invoice["status"] = json!("uncollectible");
        assert_eq!(collection_of(&invoice), Collection::ActionRequired);
    }

    #[test]
    fn the_newest_payment_decides_wherever_it_is_listed() {
        let paying = |created: i64, status: &str| {
            let intent = json!({ "id": "pi_1", "status": status });
            json!({ "created": created, "payment": { "type": "payment_intent", "payment_intent": intent } })
        };
        let (earlier, later) = (paying(1, "requires_action"), paying(2, "processing"));
        for payments in [json!([earlier, later]), json!([later, earlier])] {
            let mut invoice = open(&Value::Null);
            invoice["payments"]["data"] = payments;
            assert_eq!(collection_of(&invoice), Collection::Processing);
        }
    }

    #[test]
    fn a_card_is_saved_while_it_belongs_to_a_customer() {
        let mut method = json!({
            "id": "pm_1", "type": "card", "customer": "cus_1", "created": 1_790_000_000,
            "card": { "brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2040 },
        });
        let card = saved(&method).unwrap().unwrap();
        assert_eq!(
            (card.customer.as_str(), card.id.as_str(), card.method.last4.as_deref()),
            ("cus_1", "pm_1", Some("4242"))
        );
        method["customer"] = Value::Null;
        assert_eq!(saved(&method), Ok(None));
        assert_eq!(saved(&json!("pm_1")), Ok(None));
    }
}
