//! Reading credit notes.

use serde::Deserialize;
use serde_json::Value;

use super::object::{self, Unreadable};

/// A credit note. Stripe documentation: "The Credit Note object".
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct CreditNote {
    status: NoteStatus,
    #[serde(rename = "type")]
    kind: NoteKind,
    /// The amount in the smallest unit of the currency (cents).
    #[serde(deserialize_with = "object::amount")]
    total: i64,
    /// The part that was credited after the payment; old API versions have only the total.
    #[serde(default, deserialize_with = "object::optional_amount")]
    post_payment_amount: Option<i64>,
    /// The part that was refunded elsewhere than at Stripe.
    #[serde(default, deserialize_with = "object::optional_amount")]
    out_of_band_amount: Option<i64>,
    /// The only refund, as API versions before 2025-03-31 name it.
    #[serde(default, deserialize_with = "object::optional_id")]
    refund: Option<String>,
    /// The refunds, since API version 2025-03-31.
    #[serde(default, deserialize_with = "object::or_default")]
    refunds: Vec<NoteRefund>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
struct NoteRefund {
    #[serde(deserialize_with = "object::amount")]
    amount_refunded: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum NoteStatus {
    Void,
    #[serde(other)]
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum NoteKind {
    PostPayment,
    #[serde(other)]
    Other,
}

impl CreditNote {
    /// Reads a credit note in any shape since API version 2020-03-02.
    pub(super) fn from_value(value: &Value) -> Result<Self, Unreadable> {
        object::read("credit_note", value)
    }

    /// The amount that the note credited after the payment, other than by a refund.
    pub(super) fn credited(&self) -> i64 {
        if self.status == NoteStatus::Void {
            return 0;
        }
        let total = if self.kind == NoteKind::PostPayment { self.total } else { 0 };
        let after_payment = self.post_payment_amount.unwrap_or(total);
        let refunded = if !self.refunds.is_empty() {
            self.refunds.iter().map(|refund| refund.amount_refunded).sum()
        } else if self.refund.is_some() {
            after_payment - self.out_of_band_amount.unwrap_or_default()
        } else {
            0
        };
        (after_payment - refunded).max(0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn note(fields: &Value) -> Value {
        let mut note = json!({ "status": "issued", "type": "post_payment", "total": 500 });
        note.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        note
    }

    fn credited(fields: &Value) -> i64 {
        CreditNote::from_value(&note(fields)).unwrap().credited()
    }

    #[test]
    fn a_credit_note_counts_without_what_it_refunds() {
        assert_eq!(credited(&json!({ "post_payment_amount": 500, "refunds": [], "refund": null })), 500);
        let refunds = json!([{ "amount_refunded": 300, "refund": "re_1" }]);
        assert_eq!(credited(&json!({ "post_payment_amount": 500, "refunds": refunds })), 200);
        assert_eq!(credited(&json!({ "refund": "re_1" })), 0);
        assert_eq!(credited(&json!({ "refund": { "id": "re_1" }, "out_of_band_amount": 200 })), 200);
        assert_eq!(credited(&json!({ "refund": null, "refunds": null })), 500);
    }

    #[test]
    fn a_credit_note_of_an_open_invoice_credits_nothing_that_was_paid() {
        assert_eq!(credited(&json!({ "type": "pre_payment" })), 0);
        assert_eq!(credited(&json!({ "type": "mixed", "post_payment_amount": 200 })), 200);
    }

    #[test]
    fn a_void_credit_note_counts_nothing() {
        assert_eq!(credited(&json!({ "status": "void" })), 0);
    }

    #[test]
    fn an_unreadable_amount_is_an_error_and_never_zero() {
        for fields in [
            json!({ "total": "500" }),
            json!({ "post_payment_amount": "500" }),
            json!({ "post_payment_amount": -1 }),
            json!({ "out_of_band_amount": {} }),
            json!({ "refunds": [{ "refund": "re_1" }] }),
            json!({ "refunds": [{ "amount_refunded": null }] }),
        ] {
            let what = CreditNote::from_value(&note(&fields)).unwrap_err().what;
            assert!(what.starts_with("credit_note: "), "{what}");
        }
    }
}
