//! What takes money back: refunds and disputes, as Stripe lists them.

use serde::Deserialize;
use serde_json::Value;

use super::object::{self, Unreadable, required};

/// A refund. Stripe documentation: "The Refund object".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refund {
    /// In the smallest unit of the currency (cents).
    pub(super) amount: i64,
    /// The money did not reach the customer, or was not sent after all. Until then it counts as gone, in whatever state.
    pub(super) failed: bool,
}

/// A dispute. Stripe documentation: "The Dispute object".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dispute {
    /// In the smallest unit of the currency (cents).
    pub(super) amount: i64,
    status: String,
    /// What the dispute has moved of our money so far: negative when it was taken.
    movements: Vec<i64>,
}

impl Refund {
    /// Reads a refund in any shape since API version 2020-03-02.
    pub(super) fn from_value(value: &Value) -> Result<Self, Unreadable> {
        let wire = object::read::<Wire>("refund", value)?;
        Ok(Self {
            amount: object::amount("refund.amount", wire.amount)?,
            failed: matches!(wire.status.as_deref(), Some("failed" | "canceled")),
        })
    }
}

impl Dispute {
    /// Reads a dispute in any shape since API version 2020-03-02.
    pub(super) fn from_value(value: &Value) -> Result<Self, Unreadable> {
        let wire = object::read::<Wire>("dispute", value)?;
        let movements =
            wire.balance_transactions.unwrap_or_default().into_iter().filter_map(|movement| movement.amount);
        let movement = |amount| object::signed_amount("dispute.balance_transactions.amount", Some(amount));
        Ok(Self {
            amount: object::amount("dispute.amount", wire.amount)?,
            status: required("dispute.status", wire.status)?,
            movements: movements.map(movement).collect::<Result<_, _>>()?,
        })
    }

    /// Whether the bank holds the money: from its withdrawal, or a loss, until it is reinstated or the dispute is won. An
    /// inquiry (`warning_...`) moves nothing.
    pub(super) fn holds(&self) -> bool {
        match self.status.as_str() {
            "won" => false,
            "lost" if self.movements.is_empty() => true,
            _ => self.movements.iter().sum::<i64>() < 0,
        }
    }
}

#[derive(Deserialize)]
struct Wire {
    amount: Option<i64>,
    status: Option<String>,
    balance_transactions: Option<Vec<WireMovement>>,
}

#[derive(Deserialize)]
struct WireMovement {
    amount: Option<i64>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refund_counts_until_it_has_failed() {
        for (status, failed) in [
            (json!("succeeded"), false),
            (json!("pending"), false),
            (json!("requires_action"), false),
            (json!("thinking"), false),
            (Value::Null, false),
            (json!("failed"), true),
            (json!("canceled"), true),
        ] {
            let refund = Refund::from_value(&json!({ "amount": 1000, "status": status })).unwrap();
            assert_eq!((refund.amount, refund.failed), (1000, failed), "{status}");
        }
    }

    #[test]
    fn money_is_held_from_its_withdrawal_until_it_is_reinstated() {
        let holds = |status: &str, movements: &[i64]| {
            let movements: Vec<_> = movements.iter().map(|amount| json!({ "amount": amount })).collect();
            let dispute = json!({ "amount": 500, "status": status, "balance_transactions": movements });
            Dispute::from_value(&dispute).unwrap().holds()
        };
        assert!(!holds("needs_response", &[]));
        assert!(holds("needs_response", &[-500]));
        assert!(holds("under_review", &[-500]));
        assert!(!holds("under_review", &[-500, 500]));
        assert!(holds("lost", &[]) && holds("lost", &[-500]));
        assert!(!holds("lost", &[-500, 500]));
        assert!(!holds("won", &[-500]));
        assert!(!holds("warning_needs_response", &[]));
    }

    #[test]
    fn what_must_be_there_is_named_when_it_is_missing() {
        let what = |error: Unreadable| error.what;
        assert_eq!(what(Refund::from_value(&json!({})).unwrap_err()), "refund.amount is missing");
        assert_eq!(what(Dispute::from_value(&json!({ "amount": 1 })).unwrap_err()), "dispute.status is missing");
    }
}
