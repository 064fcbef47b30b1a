//! Reading refunds and disputes, which take money back.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::object::{self, Unreadable};

/// A refund. Stripe documentation: "The Refund object".
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Refund {
    /// The amount in the smallest unit of the currency (cents).
    #[serde(deserialize_with = "object::amount")]
    pub(super) amount: i64,
    /// The metadata that its creator set.
    #[serde(default, deserialize_with = "object::or_default")]
    pub(super) metadata: BTreeMap<String, String>,
    status: Option<RefundStatus>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RefundStatus {
    Pending,
    RequiresAction,
    Failed,
    Canceled,
    #[serde(other)]
    Other,
}

/// A dispute. Stripe documentation: "The Dispute object".
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Dispute {
    /// The amount in the smallest unit of the currency (cents).
    #[serde(deserialize_with = "object::amount")]
    pub(super) amount: i64,
    status: DisputeStatus,
    /// The movements of our balance so far.
    #[serde(default, deserialize_with = "object::or_default")]
    balance_transactions: Vec<Movement>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum DisputeStatus {
    Won,
    Lost,
    #[serde(other)]
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
struct Movement {
    /// Negative when money was taken.
    #[serde(deserialize_with = "object::signed_amount")]
    amount: i64,
}

impl Refund {
    /// Reads a refund in any shape since API version 2020-03-02.
    pub(super) fn from_value(value: &Value) -> Result<Self, Unreadable> {
        object::read("refund", value)
    }

    /// True where the money did not reach the customer, or was not sent after all. Until then it counts as refunded.
    pub(super) const fn has_failed(&self) -> bool {
        matches!(self.status, Some(RefundStatus::Failed | RefundStatus::Canceled))
    }

    /// True while the money is on its way to the customer, or waits for the customer's bank details.
    pub(super) const fn is_pending(&self) -> bool {
        matches!(self.status, Some(RefundStatus::Pending | RefundStatus::RequiresAction))
    }
}

impl Dispute {
    /// Reads a dispute in any shape since API version 2020-03-02.
    pub(super) fn from_value(value: &Value) -> Result<Self, Unreadable> {
        object::read("dispute", value)
    }

    /// True while the bank holds the money: from its withdrawal, or a loss, until it is reinstated or the dispute is won. An
    /// inquiry (`warning_...`) moves nothing.
    pub(super) fn holds(&self) -> bool {
        match self.status {
            DisputeStatus::Won => false,
            DisputeStatus::Lost if self.balance_transactions.is_empty() => true,
            _ => self.balance_transactions.iter().map(|movement| movement.amount).sum::<i64>() < 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refund_counts_until_it_has_failed() {
        for (status, failed, pending) in [
            (json!("succeeded"), false, false),
            (json!("pending"), false, true),
            (json!("requires_action"), false, true),
            (json!("thinking"), false, false),
            (Value::Null, false, false),
            (json!("failed"), true, false),
            (json!("canceled"), true, false),
        ] {
            let refund = Refund::from_value(&json!({ "amount": 1000, "status": status })).unwrap();
            let read = (refund.amount, refund.has_failed(), refund.is_pending());
            assert_eq!(read, (1000, failed, pending), "{status}");
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
    fn a_missing_field_is_named() {
        let what = |error: Unreadable| error.what;
        assert_eq!(what(Refund::from_value(&json!({})).unwrap_err()), "refund: missing field `amount`");
        assert_eq!(what(Dispute::from_value(&json!({ "amount": 1 })).unwrap_err()), "dispute: missing field `status`");
    }
}
