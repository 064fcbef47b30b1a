//! Reading states: what a look needs of each object. Every reply is read by the rules by which events are.

use serde_json::{Value, json};

use super::{
    Failure, Invoice, InvoiceLine, Listed, Schedule, Stripe, Subscription, Unreadable, id_of, known_id,
    refund::{Dispute, Refund},
};

/// A subscription with what decides about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionState {
    /// The subscription.
    pub subscription: Subscription,
    /// The schedule that controls it, if one does.
    pub schedule: Option<Schedule>,
    /// Its newest invoice with its payments.
    pub latest_invoice: Option<Invoice>,
}

/// How much of a payment went back, in the smallest unit of the currency (cents).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Returned {
    /// By refunds that did not fail.
    pub refunded: i64,
    /// By disputes whose money the bank holds.
    pub disputed: i64,
}

/// Who paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payer {
    /// The customer, unless a guest paid.
    pub customer: Option<String>,
}

impl SubscriptionState {
    /// Reads a subscription whose `schedule` and `latest_invoice` are expanded.
    ///
    /// # Errors
    /// [`Unreadable`] names the field that is missing or invalid.
    pub fn from_value(value: &Value) -> Result<Self, Unreadable> {
        let expanded = |field: &str| Some(&value[field]).filter(|object| object.is_object());
        Ok(Self {
            subscription: Subscription::from_value(value)?,
            schedule: expanded("schedule").map(Schedule::from_value).transpose()?,
            latest_invoice: expanded("latest_invoice").map(Invoice::from_value).transpose()?,
        })
    }

    /// Whether the renewal's payment takes days, as a bank debit does. While it is processing the subscription stays active
    /// and its invoice open; a payment that failed makes it past due. Stripe documentation: "How subscriptions work".
    #[must_use]
    pub fn payment_is_processing(&self) -> bool {
        let automatic = self.subscription.collection_method.as_deref() != Some("send_invoice");
        let open = |invoice: &Invoice| invoice.status.as_deref() == Some("open") && invoice.attempted;
        automatic && self.subscription.status == "active" && self.latest_invoice.as_ref().is_some_and(open)
    }
}

impl Stripe {
    /// Reads a subscription; `None` when Stripe does not know it.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn subscription_state(&self, id: &str) -> Result<Option<SubscriptionState>, Failure> {
        let path = format!("/subscriptions/{}", known_id(id)?);
        let query = json!({ "expand": ["schedule", "latest_invoice.payments"] });
        let found = self.find_with(("retrieve subscription", &path), &query).await?;
        Ok(found.as_ref().map(SubscriptionState::from_value).transpose()?)
    }

    /// Reads an invoice with its payments; `None` when Stripe does not know it.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn invoice(&self, id: &str) -> Result<Option<Invoice>, Failure> {
        let path = format!("/invoices/{}", known_id(id)?);
        let found = self.find_with(("retrieve invoice", &path), &json!({ "expand": ["payments"] })).await?;
        Ok(found.as_ref().map(Invoice::from_value).transpose()?)
    }

    /// Reads all lines of an invoice.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn invoice_lines(&self, id: &str) -> Result<Vec<InvoiceLine>, Failure> {
        let path = format!("/invoices/{}/lines", known_id(id)?);
        let lines = self.list_all(("list invoice lines", &path), &json!({})).await?;
        Ok(lines.iter().map(InvoiceLine::from_value).collect::<Result<_, _>>()?)
    }

    /// What a price costs in a currency, in its smallest unit; `None` where it is not sold in that currency, or by steps.
    /// Prices never change, so each is read once.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn unit_amount(&self, price: &str, currency: &str) -> Result<Option<i64>, Failure> {
        let key = (price.to_owned(), currency.to_owned());
        if let Some(amount) = self.amounts.lock().ok().and_then(|amounts| amounts.get(&key).copied()) {
            return Ok(amount);
        }
        let path = format!("/prices/{}", known_id(price)?);
        let call = ("retrieve price", path.as_str());
        let found = self.find(call).await?.unwrap_or_default();
        let amount = if found["currency"] == *currency {
            found["unit_amount"].as_i64()
        } else {
            let found = self.find_with(call, &json!({ "expand": ["currency_options"] })).await?.unwrap_or_default();
            found["currency_options"][currency]["unit_amount"].as_i64()
        };
        if let Ok(mut amounts) = self.amounts.lock() {
            amounts.insert(key, amount);
        }
        Ok(amount)
    }

    /// How much was credited for an invoice after its payment by notes whose money did not go back as a refund, in the
    /// smallest unit of the currency. Stripe documentation: "The Credit Note object".
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn credited(&self, invoice: &str) -> Result<i64, Failure> {
        let query = json!({ "invoice": known_id(invoice)? });
        let notes = self.list_all(("list credit notes", "/credit_notes"), &query).await?;
        Ok(notes.iter().filter(|note| note["status"] != "void").map(credited_by).sum())
    }

    /// Who made a payment; `None` when Stripe does not know it.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn payer(&self, payment_intent: &str) -> Result<Option<Payer>, Failure> {
        let path = format!("/payment_intents/{}", known_id(payment_intent)?);
        let found = self.find(("retrieve payment intent", &path)).await?;
        Ok(found.map(|found| Payer { customer: id_of(&found["customer"]) }))
    }

    /// Reads how much of a payment went back.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn returned(&self, payment_intent: &str) -> Result<Returned, Failure> {
        let query = json!({ "payment_intent": known_id(payment_intent)? });
        let refunds = self.list_all(("list refunds", "/refunds"), &query).await?;
        let disputes = self.list_all(("list disputes", "/disputes"), &query).await?;
        let refunds = refunds.iter().map(Refund::from_value).collect::<Result<Vec<_>, _>>()?;
        let disputes = disputes.iter().map(Dispute::from_value).collect::<Result<Vec<_>, _>>()?;
        Ok(Returned {
            refunded: refunds.iter().filter(|refund| !refund.failed).map(|refund| refund.amount).sum(),
            disputed: disputes.iter().filter(|dispute| dispute.holds()).map(|dispute| dispute.amount).sum(),
        })
    }

    /// Lists events of some types since a second of Unix time, newest first, from behind the event `after` on. Stripe keeps
    /// events for 30 days.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn events(&self, types: &[&str], since: i64, after: Option<&str>) -> Result<Listed, Failure> {
        let query = json!({ "created": { "gte": since }, "types": types });
        self.list(("list events", "/events"), query, after).await
    }
}

/// What one note credited in another way than by a refund. Since 2025-03-31 a note lists its refunds; before, it names one.
fn credited_by(note: &Value) -> i64 {
    let amount = |field: &str| note[field].as_i64().unwrap_or_default();
    let after_payment = note["post_payment_amount"]
        .as_i64()
        .unwrap_or_else(|| if note["type"] == "post_payment" { amount("total") } else { 0 });
    let refunded: i64 = match note["refunds"].as_array() {
        Some(refunds) if !refunds.is_empty() => {
            refunds.iter().filter_map(|refund| refund["amount_refunded"].as_i64()).sum()
        }
        _ if note["refund"].is_null() => 0,
        _ => after_payment - amount("out_of_band_amount"),
    };
    (after_payment - refunded).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credit_note_counts_without_what_it_refunds() {
        let note = |fields: Value| credited_by(&fields);
        assert_eq!(
            note(json!({ "post_payment_amount": 500, "refunds": [], "customer_balance_transaction": "cbtxn_1" })),
            500
        );
        let refunds = json!([{ "amount_refunded": 300, "refund": "re_1" }]);
        assert_eq!(note(json!({ "post_payment_amount": 500, "refunds": refunds })), 200);
        assert_eq!(note(json!({ "type": "post_payment", "total": 500, "refund": "re_1" })), 0);
        assert_eq!(note(json!({ "type": "pre_payment", "total": 500 })), 0);
    }
}
