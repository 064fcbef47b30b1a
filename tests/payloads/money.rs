//! Money that was paid, and what goes back of it.

use serde_json::{Value, json};

use super::{Pack, Version, event, fresh, reference};
use crate::harness::signature::now;

/// A payment, of a pack or of an invoice.
#[derive(Clone, Debug)]
pub(crate) struct Money {
    pub(crate) version: Version,
    /// `true` to expand references.
    pub(crate) expanded: bool,
    pub(crate) customer: String,
    pub(crate) intent: String,
    pub(crate) charge: String,
    /// The invoice that it pays, unless it pays a pack.
    pub(crate) invoice: Option<String>,
    pub(crate) amount: i64,
    /// The second of the next event.
    pub(crate) at: i64,
}

impl Money {
    /// The payment of a pack.
    pub(crate) fn of_pack(pack: &Pack) -> Self {
        Self {
            version: pack.version,
            expanded: pack.expanded,
            customer: pack.customer.clone(),
            intent: pack.intent.clone(),
            charge: format!("ch_test{}", fresh()),
            invoice: None,
            amount: pack.amount,
            at: pack.at + 100,
        }
    }

    /// The payment of the invoice that an event is about.
    pub(crate) fn of_invoice(version: Version, customer: &str, paid: &Value) -> Self {
        let invoice = &paid["data"]["object"];
        let id = invoice["id"].as_str().unwrap().to_owned();
        Self {
            version,
            expanded: false,
            customer: customer.to_owned(),
            intent: id.replace("in_", "pi_"),
            charge: format!("ch_test{}", fresh()),
            invoice: Some(id),
            amount: invoice["amount_paid"].as_i64().unwrap(),
            at: now() + 100,
        }
    }

    /// Returns the same, a number of seconds later.
    pub(crate) fn later(&self, seconds: i64) -> Self {
        Self { at: self.at + seconds, ..self.clone() }
    }

    /// The event that the invoice was paid by this payment.
    pub(crate) fn linked(&self) -> Value {
        let link = json!({
            "id": format!("inpay_test{}", fresh()),
            "object": "invoice_payment",
            "amount_paid": self.amount,
            "amount_requested": self.amount,
            "created": self.at,
            "currency": "usd",
            "invoice": reference(self.expanded, "invoice", self.invoice.as_deref().unwrap()),
            "is_default": true,
            "livemode": false,
            "payment": {
                "payment_intent": reference(self.expanded, "payment_intent", &self.intent),
                "type": "payment_intent",
            },
            "status": "paid",
        });
        event(self.version, "invoice_payment.paid", self.at, link)
    }

    /// The charge's event after a refunded total.
    pub(crate) fn refunded(&self, so_far: i64) -> Value {
        let mut charge = json!({
            "id": self.charge,
            "object": "charge",
            "amount": self.amount,
            "amount_captured": self.amount,
            "amount_refunded": so_far,
            "created": self.at,
            "currency": "usd",
            "customer": reference(self.expanded, "customer", &self.customer),
            "livemode": false,
            "paid": true,
            "payment_intent": reference(self.expanded, "payment_intent", &self.intent),
            "refunded": so_far == self.amount,
            "status": "succeeded",
        });
        if self.version == Version::March2020 {
            let invoice = self.invoice.as_deref().map(|invoice| reference(self.expanded, "invoice", invoice));
            charge["invoice"] = invoice.unwrap_or_default();
        }
        event(self.version, "charge.refunded", self.at, charge)
    }

    /// A refund, in an event of this type.
    pub(crate) fn refund(&self, kind: &str, id: &str, (amount, status): (i64, &str)) -> Value {
        let refund = json!({
            "id": id,
            "object": "refund",
            "amount": amount,
            "charge": reference(self.expanded, "charge", &self.charge),
            "created": self.at,
            "currency": "usd",
            "payment_intent": reference(self.expanded, "payment_intent", &self.intent),
            "status": status,
        });
        event(self.version, kind, self.at, refund)
    }

    /// A dispute, in an event of this type.
    pub(crate) fn dispute(&self, kind: &str, id: &str, (amount, status): (i64, &str)) -> Value {
        let dispute = json!({
            "id": id,
            "object": "dispute",
            "amount": amount,
            "balance_transactions": [],
            "charge": reference(self.expanded, "charge", &self.charge),
            "created": self.at,
            "currency": "usd",
            "is_charge_refundable": status.starts_with("warning_"),
            "livemode": false,
            "payment_intent": reference(self.expanded, "payment_intent", &self.intent),
            "reason": "fraudulent",
            "status": status,
        });
        event(self.version, &format!("charge.dispute.{kind}"), self.at, dispute)
    }
}
