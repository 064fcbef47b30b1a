//! Reading Checkout Sessions.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::create::{CARD, OPERATION};
use super::object::{self, Unreadable};

/// A Checkout Session. Stripe documentation: "The Checkout Session object".
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Session {
    /// The id, `cs_...`.
    pub id: String,
    /// The customer of the session.
    #[serde(default, deserialize_with = "object::optional_id")]
    pub customer: Option<String>,
    /// The kind of sale.
    pub mode: SessionMode,
    /// Its status; old API versions do not have it.
    pub status: Option<SessionStatus>,
    /// The status of the payment.
    pub payment_status: PaymentStatus,
    /// The payment, in mode payment; not before the user pays.
    #[serde(default, deserialize_with = "object::optional_id")]
    pub payment_intent: Option<String>,
    /// The invoice; in mode payment not before the payment has succeeded.
    #[serde(default, deserialize_with = "object::optional_id")]
    pub invoice: Option<String>,
    /// The subscription, in mode subscription; not before the user pays.
    #[serde(default, deserialize_with = "object::optional_id")]
    pub subscription: Option<String>,
    /// The total in the smallest unit of the currency (cents); 0 in mode setup, which sells nothing.
    #[serde(default, deserialize_with = "object::or_default")]
    pub amount_total: i64,
    /// The currency, three lower-case letters; empty in mode setup where Stripe names none.
    #[serde(default, deserialize_with = "object::or_default")]
    pub currency: String,
    /// The URL of the page to redirect the user to, while the session is open.
    pub url: Option<String>,
    /// When the session stops being payable.
    #[serde(deserialize_with = "object::time")]
    pub expires_at: DateTime<Utc>,
    /// The metadata that its creator set.
    #[serde(default, deserialize_with = "object::or_default")]
    pub metadata: BTreeMap<String, String>,
}

/// The kind of sale of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionMode {
    /// A subscription.
    Subscription,
    /// A single payment.
    Payment,
    /// Nothing: it saves a payment method.
    Setup,
    /// A mode that Stripe has added since.
    #[serde(other)]
    Other,
}

/// The status of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionStatus {
    /// It can be paid.
    Open,
    /// It was completed; the payment may still be processing.
    Complete,
    /// It can no longer be paid.
    Expired,
    /// A status that Stripe has added since.
    #[serde(other)]
    Other,
}

/// The status of a session's payment. Stripe documentation: "Fulfill orders".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// It was paid.
    Paid,
    /// It was not paid yet: the session is open, or the payment is processing.
    Unpaid,
    /// Nothing is due, as with a voucher for the whole amount.
    NoPaymentRequired,
    /// A status that Stripe has added since.
    #[serde(other)]
    Other,
}

/// The status of a payment. Stripe documentation: "The Payment Intents API".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentIntentStatus {
    /// The last attempt to pay failed, or none was made.
    RequiresPaymentMethod,
    /// It can no longer be paid.
    Canceled,
    /// Any other status.
    #[serde(other)]
    Other,
}

/// The status of a session's payment, where the session has one and it is expanded.
///
/// # Errors
/// [`Unreadable`] where the status is not a text.
pub fn payment_intent_status(session: &Value) -> Result<Option<PaymentIntentStatus>, Unreadable> {
    let status = Option::deserialize(&session["payment_intent"]["status"]);
    status.map_err(|error| Unreadable::new(format!("session: payment_intent.status: {error}")))
}

impl Session {
    /// The idempotency key of the call that created it, if it was one of ours.
    #[must_use]
    pub fn made_by(&self) -> Option<&str> {
        self.metadata.get(OPERATION).map(String::as_str)
    }

    /// True for a session that saves a card and sells nothing.
    #[must_use]
    pub fn is_of_card(&self) -> bool {
        self.mode == SessionMode::Setup && self.metadata.get("purchase_type").is_some_and(|kind| kind == CARD)
    }

    /// True where the payment also saved the card.
    #[must_use]
    pub fn saves_card(&self) -> bool {
        self.metadata.get("save_card").is_some_and(|saves| saves == "true")
    }

    /// True where nothing is left to pay.
    #[must_use]
    pub const fn is_paid(&self) -> bool {
        matches!(self.payment_status, PaymentStatus::Paid | PaymentStatus::NoPaymentRequired)
    }

    /// Reads a session in any shape since API version 2020-03-02.
    ///
    /// # Errors
    /// [`Unreadable`] names the field that is missing or invalid.
    pub fn from_value(value: &Value) -> Result<Self, Unreadable> {
        let session: Self = object::read("session", value)?;
        let amount_is_sound = (0..=object::MOST).contains(&session.amount_total) && !value["amount_total"].is_null();
        if session.mode != SessionMode::Setup && (!amount_is_sound || session.currency.is_empty()) {
            return Err(Unreadable::new("session: amount_total or currency is missing or out of range"));
        }
        Ok(session)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pack() -> Value {
        json!({
            "id": "cs_1", "object": "checkout.session", "customer": "cus_1", "mode": "payment", "status": "complete",
            "payment_status": "paid", "payment_intent": "pi_1", "subscription": null, "amount_total": 500,
            "currency": "usd", "url": null, "expires_at": 1_790_086_400, "created": 1_790_000_000, "livemode": false,
            "metadata": {"user_id": "7", "credits": "25", "purchase_type": "one_time"},
        })
    }

    fn without(field: &str) -> Value {
        let mut value = pack();
        value.as_object_mut().unwrap().remove(field);
        value
    }

    #[test]
    fn a_paid_pack_is_read() {
        let session = Session::from_value(&pack()).unwrap();
        assert_eq!((session.mode, session.payment_status), (SessionMode::Payment, PaymentStatus::Paid));
        assert_eq!((session.amount_total, session.currency.as_str()), (500, "usd"));
        assert_eq!(session.customer.as_deref(), Some("cus_1"));
        assert_eq!(session.payment_intent.as_deref(), Some("pi_1"));
        assert_eq!((session.subscription, session.url), (None, None));
        assert_eq!(session.expires_at.timestamp(), 1_790_086_400);
        assert_eq!(session.metadata["credits"], "25");
    }

    #[test]
    fn references_may_be_expanded() {
        let mut value = pack();
        value["customer"] = json!({"id": "cus_1", "object": "customer", "deleted": true});
        value["payment_intent"] = json!({"id": "pi_1", "object": "payment_intent", "amount": 500});
        assert_eq!(Session::from_value(&value), Session::from_value(&pack()));
    }

    #[test]
    fn the_status_of_a_payment_is_read_where_the_payment_is_expanded() {
        let status = |payment: Value| payment_intent_status(&json!({ "payment_intent": payment }));
        assert_eq!(status(json!("pi_1")), Ok(None));
        assert_eq!(status(Value::Null), Ok(None));
        assert_eq!(status(json!({ "status": "canceled" })), Ok(Some(PaymentIntentStatus::Canceled)));
        assert_eq!(status(json!({ "status": "processing" })), Ok(Some(PaymentIntentStatus::Other)));
        assert!(status(json!({ "status": 7 })).is_err());
    }

    #[test]
    fn words_that_stripe_adds_later_are_read() {
        let mut value = pack();
        value["mode"] = json!("barter");
        value["payment_status"] = json!("promised");
        let session = Session::from_value(&value).unwrap();
        assert_eq!(session.mode, SessionMode::Other);
        assert_eq!(session.payment_status, PaymentStatus::Other);
    }

    #[test]
    fn optional_fields_may_be_missing_or_null() {
        for field in ["customer", "status", "payment_intent", "subscription", "url", "metadata"] {
            let mut null = pack();
            null[field] = Value::Null;
            assert_eq!(Session::from_value(&null), Session::from_value(&without(field)), "{field}");
            assert!(Session::from_value(&null).is_ok(), "{field}");
        }
    }

    #[test]
    fn a_missing_field_is_named() {
        for field in ["id", "mode", "payment_status", "amount_total", "currency", "expires_at"] {
            let what = Session::from_value(&without(field)).unwrap_err().what;
            assert!(what.starts_with("session: ") && what.contains(field), "{what}");
        }
    }

    #[test]
    fn a_session_that_only_saves_a_card_has_no_amount() {
        let mut value = pack();
        value["mode"] = json!("setup");
        value["amount_total"] = Value::Null;
        value["currency"] = Value::Null;
        assert_eq!(Session::from_value(&value).unwrap().amount_total, 0);
    }

    #[test]
    fn a_time_out_of_range_is_unreadable() {
        let mut value = pack();
        value["expires_at"] = json!(i64::MAX);
        let what = Session::from_value(&value).unwrap_err().what;
        assert_eq!(what, format!("session: expires_at: {} is out of range", i64::MAX));
    }
}
