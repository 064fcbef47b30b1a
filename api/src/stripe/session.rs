//! Reading Checkout Sessions.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::create::OPERATION;
use super::object::{self, Id, Unreadable, required, required_time};

/// A Checkout Session. Stripe documentation: "The Checkout Session object".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The id, `cs_...`.
    pub id: String,
    /// The customer it was made for.
    pub customer: Option<String>,
    /// The kind of sale.
    pub mode: SessionMode,
    /// Its status; old API versions do not tell it.
    pub status: Option<SessionStatus>,
    /// The status of the payment.
    pub payment_status: PaymentStatus,
    /// The payment, in mode payment; not before the user pays.
    pub payment_intent: Option<String>,
    /// The subscription, in mode subscription; not before the user pays.
    pub subscription: Option<String>,
    /// The total in the smallest unit of the currency (cents); 0 in mode setup, which sells nothing.
    pub amount_total: i64,
    /// The currency, three lower-case letters; empty in mode setup where Stripe names none.
    pub currency: String,
    /// The page to send the user to, while the session is open.
    pub url: Option<String>,
    /// When the session stops being payable.
    pub expires_at: DateTime<Utc>,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// True for real money, false in test mode.
    pub livemode: bool,
    /// The metadata that its creator set.
    pub metadata: BTreeMap<String, String>,
}

/// The kind of sale of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionMode {
    /// A subscription.
    Subscription,
    /// A single payment.
    Payment,
    /// Nothing: it saves a payment method.
    Setup,
    /// A mode Stripe has added since.
    Other(String),
}

/// The status of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionStatus {
    /// It can be paid.
    Open,
    /// It was completed; the payment may still be processing.
    Complete,
    /// It can no longer be paid.
    Expired,
    /// A status Stripe has added since.
    Other(String),
}

/// The status of a session's payment. Stripe documentation: "Fulfill orders".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentStatus {
    /// It was paid.
    Paid,
    /// It was not paid yet: the session is open, or the payment is processing.
    Unpaid,
    /// Nothing is due, as with a voucher for the whole amount.
    NoPaymentRequired,
    /// A state Stripe has added since.
    Other(String),
}

impl From<String> for SessionMode {
    fn from(mode: String) -> Self {
        match mode.as_str() {
            "subscription" => Self::Subscription,
            "payment" => Self::Payment,
            "setup" => Self::Setup,
            _ => Self::Other(mode),
        }
    }
}

impl From<String> for SessionStatus {
    fn from(status: String) -> Self {
        match status.as_str() {
            "open" => Self::Open,
            "complete" => Self::Complete,
            "expired" => Self::Expired,
            _ => Self::Other(status),
        }
    }
}

impl From<String> for PaymentStatus {
    fn from(status: String) -> Self {
        match status.as_str() {
            "paid" => Self::Paid,
            "unpaid" => Self::Unpaid,
            "no_payment_required" => Self::NoPaymentRequired,
            _ => Self::Other(status),
        }
    }
}

impl Session {
    /// The idempotency key of the call that made it, if it was one of ours.
    #[must_use]
    pub fn made_by(&self) -> Option<&str> {
        self.metadata.get(OPERATION).map(String::as_str)
    }

    /// Reads a session in any shape since API version 2020-03-02.
    ///
    /// # Errors
    /// [`Unreadable`] names the field that is missing or odd.
    pub fn from_value(value: &Value) -> Result<Self, Unreadable> {
        object::read::<Wire>("session", value)?.into_session()
    }
}

#[derive(Deserialize)]
struct Wire {
    id: Option<String>,
    customer: Option<Id>,
    mode: Option<String>,
    status: Option<String>,
    payment_status: Option<String>,
    payment_intent: Option<Id>,
    subscription: Option<Id>,
    amount_total: Option<i64>,
    currency: Option<String>,
    url: Option<String>,
    expires_at: Option<i64>,
    created: Option<i64>,
    livemode: Option<bool>,
    metadata: Option<BTreeMap<String, String>>,
}

impl Wire {
    fn into_session(self) -> Result<Session, Unreadable> {
        let mode = SessionMode::from(required("session.mode", self.mode)?);
        let (amount_total, currency) = match mode {
            SessionMode::Setup => (self.amount_total.unwrap_or_default(), self.currency.unwrap_or_default()),
            _ => (
                object::amount("session.amount_total", self.amount_total)?,
                required("session.currency", self.currency)?,
            ),
        };
        Ok(Session {
            id: required("session.id", self.id)?,
            customer: object::id(self.customer),
            mode,
            status: self.status.map(SessionStatus::from),
            payment_status: required("session.payment_status", self.payment_status)?.into(),
            payment_intent: object::id(self.payment_intent),
            subscription: object::id(self.subscription),
            amount_total,
            currency,
            url: self.url,
            expires_at: required_time("session.expires_at", self.expires_at)?,
            created: required_time("session.created", self.created)?,
            livemode: required("session.livemode", self.livemode)?,
            metadata: self.metadata.unwrap_or_default(),
        })
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
        assert_eq!(session.expires_at - session.created, chrono::TimeDelta::days(1));
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
    fn words_that_stripe_adds_later_are_kept() {
        let mut value = pack();
        value["mode"] = json!("barter");
        value["payment_status"] = json!("promised");
        let session = Session::from_value(&value).unwrap();
        assert_eq!(session.mode, SessionMode::Other("barter".to_owned()));
        assert_eq!(session.payment_status, PaymentStatus::Other("promised".to_owned()));
    }

    #[test]
    fn what_a_session_may_lack_may_be_missing_or_null() {
        for field in ["customer", "status", "payment_intent", "subscription", "url", "metadata"] {
            let mut null = pack();
            null[field] = Value::Null;
            assert_eq!(Session::from_value(&null), Session::from_value(&without(field)), "{field}");
            assert!(Session::from_value(&null).is_ok(), "{field}");
        }
    }

    #[test]
    fn what_a_session_must_have_is_named_when_it_is_missing() {
        for field in ["id", "mode", "payment_status", "amount_total", "currency", "expires_at", "created", "livemode"] {
            let what = Session::from_value(&without(field)).unwrap_err().what;
            assert_eq!(what, format!("session.{field} is missing"));
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
        assert!(Session::from_value(&value).unwrap_err().what.contains("session.expires_at is out of range"));
    }
}
