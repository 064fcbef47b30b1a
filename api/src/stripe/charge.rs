//! A charge as Stripe tells it.

use serde::Deserialize;
use serde_json::Value;

use super::object::{self, Id, Unreadable, required};

/// A charge. Stripe documentation: "The Charge object".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The id, `ch_...`.
    pub id: String,
    /// The payment that it belongs to.
    pub payment_intent: Option<String>,
    /// The invoice that it pays: API versions before 2025-03-31 tell it.
    pub invoice: Option<String>,
    /// Who paid.
    pub customer: Option<String>,
    /// All that was refunded so far, in the smallest unit of the currency (cents).
    pub amount_refunded: i64,
}

impl Charge {
    /// Reads a charge in any shape since API version 2020-03-02.
    ///
    /// # Errors
    /// [`Unreadable`] names the field that is missing or odd.
    pub fn from_value(value: &Value) -> Result<Self, Unreadable> {
        let wire = object::read::<Wire>("charge", value)?;
        Ok(Self {
            id: required("charge.id", wire.id)?,
            payment_intent: object::id(wire.payment_intent),
            invoice: object::id(wire.invoice),
            customer: object::id(wire.customer),
            amount_refunded: object::amount("charge.amount_refunded", wire.amount_refunded)?,
        })
    }
}

#[derive(Deserialize)]
struct Wire {
    id: Option<String>,
    payment_intent: Option<Id>,
    invoice: Option<Id>,
    customer: Option<Id>,
    amount_refunded: Option<i64>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_charge_is_read_and_an_old_one_names_its_invoice() {
        let mut value = json!({
            "id": "ch_1", "object": "charge", "amount": 500, "amount_refunded": 200, "payment_intent": "pi_1",
            "customer": "cus_1",
        });
        let charge = Charge::from_value(&value).unwrap();
        assert_eq!((charge.payment_intent.as_deref(), charge.invoice.as_deref()), (Some("pi_1"), None));
        assert_eq!((charge.customer.as_deref(), charge.amount_refunded), (Some("cus_1"), 200));
        value["invoice"] = json!({ "id": "in_1", "object": "invoice" });
        assert_eq!(Charge::from_value(&value).unwrap().invoice.as_deref(), Some("in_1"));
    }

    #[test]
    fn what_a_charge_must_have_is_named_when_it_is_missing() {
        for field in ["id", "amount_refunded"] {
            let mut value = json!({ "id": "ch_1", "amount_refunded": 0 });
            value[field] = Value::Null;
            assert_eq!(Charge::from_value(&value).unwrap_err().what, format!("charge.{field} is missing"));
        }
    }
}
