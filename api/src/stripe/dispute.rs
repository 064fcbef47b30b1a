//! A dispute as Stripe tells it.

use serde::Deserialize;
use serde_json::Value;

use super::object::{self, Id, Paying, Unreadable, required};

/// A dispute. Stripe documentation: "The Dispute object".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispute {
    /// The id, `du_...` or `dp_...`.
    pub id: String,
    /// The payment that is disputed.
    pub payment_intent: Option<String>,
    /// What is disputed, in the smallest unit of the currency (cents).
    pub amount: i64,
    /// Where it stands, in Stripe's spelling: `needs_response`, `under_review`, `won`, `lost`, `warning_...` for an inquiry.
    pub status: String,
    /// What the dispute has moved of our money so far, in the smallest unit of the currency: one number for each time,
    /// negative when it was taken.
    pub movements: Vec<i64>,
}

impl Dispute {
    /// Reads a dispute in any shape since API version 2020-03-02.
    ///
    /// # Errors
    /// [`Unreadable`] names the field that is missing or odd.
    pub fn from_value(value: &Value) -> Result<Self, Unreadable> {
        let wire = object::read::<Wire>("dispute", value)?;
        let movements = wire.balance_transactions.unwrap_or_default();
        Ok(Self {
            id: required("dispute.id", wire.id)?,
            payment_intent: object::payment_intent(wire.payment_intent, wire.charge),
            amount: object::amount("dispute.amount", wire.amount)?,
            status: required("dispute.status", wire.status)?,
            movements: movements.into_iter().filter_map(WireMovement::amount).collect::<Result<_, _>>()?,
        })
    }
}

#[derive(Deserialize)]
struct Wire {
    id: Option<String>,
    payment_intent: Option<Id>,
    charge: Option<Paying>,
    amount: Option<i64>,
    status: Option<String>,
    balance_transactions: Option<Vec<WireMovement>>,
}

#[derive(Deserialize)]
struct WireMovement {
    amount: Option<i64>,
}

impl WireMovement {
    fn amount(self) -> Option<Result<i64, Unreadable>> {
        self.amount.map(|amount| object::signed_amount("dispute.balance_transactions.amount", Some(amount)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn dispute() -> Value {
        json!({
            "id": "du_1", "object": "dispute", "amount": 500, "charge": "ch_1", "payment_intent": "pi_1",
            "status": "needs_response", "balance_transactions": [{ "amount": -500, "fee": 1500, "net": -2000 }],
        })
    }

    #[test]
    fn a_dispute_is_read() {
        let read = Dispute::from_value(&dispute()).unwrap();
        assert_eq!((read.id.as_str(), read.payment_intent.as_deref()), ("du_1", Some("pi_1")));
        assert_eq!((read.amount, read.status.as_str(), read.movements), (500, "needs_response", vec![-500]));
    }

    #[test]
    fn the_charge_may_tell_the_payment_and_no_money_may_have_moved() {
        let mut value = dispute();
        value["payment_intent"] = Value::Null;
        value["charge"] = json!({ "id": "ch_1", "object": "charge", "payment_intent": { "id": "pi_1" } });
        value["balance_transactions"] = Value::Null;
        let read = Dispute::from_value(&value).unwrap();
        assert_eq!((read.payment_intent.as_deref(), read.movements.len()), (Some("pi_1"), 0));
    }

    #[test]
    fn what_a_dispute_must_have_is_named_when_it_is_missing() {
        for field in ["id", "amount", "status"] {
            let mut value = dispute();
            value[field] = Value::Null;
            assert_eq!(Dispute::from_value(&value).unwrap_err().what, format!("dispute.{field} is missing"));
        }
    }
}
