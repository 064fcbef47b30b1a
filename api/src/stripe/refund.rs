//! A refund as Stripe tells it.

use serde::Deserialize;
use serde_json::Value;

use super::object::{self, Id, Paying, Unreadable, required};

/// A refund. Stripe documentation: "The Refund object".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// The id, `re_...`.
    pub id: String,
    /// The payment whose money goes back.
    pub payment_intent: Option<String>,
    /// Who gets it back. Most API versions do not tell.
    pub customer: Option<String>,
    /// In the smallest unit of the currency (cents).
    pub amount: i64,
    /// Where it stands.
    pub status: RefundStatus,
}

/// Where a refund stands. Stripe documentation: "Refund and cancel payments".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundStatus {
    /// On its way, or in a state that Stripe has added since.
    Pending,
    /// The customer has the money.
    Succeeded,
    /// The money did not reach the customer, or was not sent after all.
    Failed,
}

impl Refund {
    /// Reads a refund in any shape since API version 2020-03-02.
    ///
    /// # Errors
    /// [`Unreadable`] names the field that is missing or odd.
    pub fn from_value(value: &Value) -> Result<Self, Unreadable> {
        object::read::<Wire>("refund", value)?.into_refund()
    }
}

#[derive(Deserialize)]
struct Wire {
    id: Option<String>,
    payment_intent: Option<Id>,
    charge: Option<Paying>,
    customer: Option<Id>,
    amount: Option<i64>,
    status: Option<String>,
}

impl Wire {
    fn into_refund(self) -> Result<Refund, Unreadable> {
        Ok(Refund {
            id: required("refund.id", self.id)?,
            payment_intent: object::payment_intent(self.payment_intent, self.charge),
            customer: object::id(self.customer),
            amount: object::amount("refund.amount", self.amount)?,
            status: match self.status.as_deref() {
                Some("succeeded") => RefundStatus::Succeeded,
                Some("failed" | "canceled") => RefundStatus::Failed,
                _ => RefundStatus::Pending,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refund() -> Value {
        json!({
            "id": "re_1", "object": "refund", "amount": 1000, "charge": "ch_1", "payment_intent": "pi_1",
            "status": "succeeded", "customer": "cus_1",
        })
    }

    fn with(field: &str, value: Value) -> Result<Refund, Unreadable> {
        let mut refund = refund();
        refund[field] = value;
        Refund::from_value(&refund)
    }

    #[test]
    fn a_refund_is_read() {
        let read = Refund::from_value(&refund()).unwrap();
        assert_eq!((read.id.as_str(), read.amount, read.status), ("re_1", 1000, RefundStatus::Succeeded));
        assert_eq!((read.payment_intent.as_deref(), read.customer.as_deref()), (Some("pi_1"), Some("cus_1")));
    }

    #[test]
    fn the_payment_may_be_expanded_or_told_by_the_charge() {
        let read = Refund::from_value(&refund());
        assert_eq!(with("payment_intent", json!({ "id": "pi_1", "object": "payment_intent" })), read);
        let mut by_charge = refund();
        by_charge["payment_intent"] = Value::Null;
        assert_eq!(Refund::from_value(&by_charge).unwrap().payment_intent, None);
        by_charge["charge"] = json!({ "id": "ch_1", "object": "charge", "payment_intent": "pi_1" });
        assert_eq!(Refund::from_value(&by_charge), read);
    }

    #[test]
    fn what_was_withdrawn_failed_and_what_is_unknown_is_pending() {
        for (status, read) in [
            (json!("pending"), RefundStatus::Pending),
            (json!("requires_action"), RefundStatus::Pending),
            (json!("thinking"), RefundStatus::Pending),
            (Value::Null, RefundStatus::Pending),
            (json!("failed"), RefundStatus::Failed),
            (json!("canceled"), RefundStatus::Failed),
        ] {
            assert_eq!(with("status", status).unwrap().status, read);
        }
    }

    #[test]
    fn what_a_refund_must_have_is_named_when_it_is_missing() {
        for field in ["id", "amount"] {
            assert_eq!(with(field, Value::Null).unwrap_err().what, format!("refund.{field} is missing"));
        }
    }
}
