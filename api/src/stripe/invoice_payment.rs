//! The link between an invoice and a payment, as Stripe tells it.

use serde::Deserialize;
use serde_json::Value;

use super::object::{self, Id, Unreadable, required};

/// A payment of an invoice. Stripe documentation: "The Invoice Payment object".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoicePayment {
    /// The invoice.
    pub invoice: String,
    /// The payment. Money that reached us outside Stripe has none.
    pub payment_intent: Option<String>,
    /// Whether it was paid.
    pub paid: bool,
}

impl InvoicePayment {
    /// Reads the link in any shape since it exists (API version 2025-03-31).
    ///
    /// # Errors
    /// [`Unreadable`] names the field that is missing or odd.
    pub fn from_value(value: &Value) -> Result<Self, Unreadable> {
        let wire = object::read::<Wire>("invoice_payment", value)?;
        Ok(Self {
            invoice: required("invoice_payment.invoice", wire.invoice)?.into_string(),
            payment_intent: wire.payment.and_then(|payment| object::id(payment.payment_intent)),
            paid: wire.status.as_deref() == Some("paid"),
        })
    }
}

#[derive(Deserialize)]
struct Wire {
    invoice: Option<Id>,
    payment: Option<WirePayment>,
    status: Option<String>,
}

#[derive(Deserialize)]
struct WirePayment {
    payment_intent: Option<Id>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_link_is_read_plain_and_expanded() {
        for (invoice, intent) in [(json!("in_1"), json!("pi_1")), (json!({ "id": "in_1" }), json!({ "id": "pi_1" }))] {
            let value = json!({
                "id": "inpay_1", "object": "invoice_payment", "invoice": invoice, "status": "paid",
                "payment": { "type": "payment_intent", "payment_intent": intent },
            });
            let link = InvoicePayment::from_value(&value).unwrap();
            assert_eq!(
                (link.invoice.as_str(), link.payment_intent.as_deref(), link.paid),
                ("in_1", Some("pi_1"), true)
            );
        }
    }

    #[test]
    fn money_from_outside_has_no_payment_and_a_link_without_invoice_is_unreadable() {
        let value = json!({ "invoice": "in_1", "payment": { "type": "payment_record" }, "status": "open" });
        let link = InvoicePayment::from_value(&value).unwrap();
        assert_eq!((link.payment_intent, link.paid), (None, false));
        let what = InvoicePayment::from_value(&json!({ "status": "paid" })).unwrap_err().what;
        assert_eq!(what, "invoice_payment.invoice is missing");
    }
}
