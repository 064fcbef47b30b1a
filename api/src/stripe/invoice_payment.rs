//! Reading the links between invoices and payments.

use serde::Deserialize;
use serde_json::Value;

use super::object::{self, Unreadable};

/// A payment of an invoice. Stripe documentation: "The Invoice Payment object".
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct InvoicePayment {
    /// The invoice.
    #[serde(deserialize_with = "object::id")]
    pub invoice: String,
    payment: Option<Paid>,
    status: Option<Status>,
}

/// The payment itself. Money that reached us outside Stripe has no payment intent.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Paid {
    #[serde(default, deserialize_with = "object::optional_id")]
    payment_intent: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Paid,
    #[serde(other)]
    Other,
}

impl InvoicePayment {
    /// Reads the link in any shape since it exists (API version 2025-03-31).
    ///
    /// # Errors
    /// [`Unreadable`] names the field that is missing or invalid.
    pub fn from_value(value: &Value) -> Result<Self, Unreadable> {
        object::read("invoice_payment", value)
    }

    /// True once it was paid.
    #[must_use]
    pub fn is_paid(&self) -> bool {
        self.status == Some(Status::Paid)
    }

    /// The payment intent, where there is one.
    #[must_use]
    pub fn into_payment_intent(self) -> Option<String> {
        self.payment?.payment_intent
    }
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
                (link.invoice.clone().as_str(), link.is_paid(), link.into_payment_intent().as_deref()),
                ("in_1", true, Some("pi_1"))
            );
        }
    }

    #[test]
    fn money_from_outside_has_no_payment_and_a_link_without_invoice_is_unreadable() {
        let value = json!({ "invoice": "in_1", "payment": { "type": "payment_record" }, "status": "open" });
        let link = InvoicePayment::from_value(&value).unwrap();
        assert_eq!((link.is_paid(), link.into_payment_intent()), (false, None));
        let what = InvoicePayment::from_value(&json!({ "status": "paid" })).unwrap_err().what;
        assert_eq!(what, "invoice_payment: missing field `invoice`");
    }
}
