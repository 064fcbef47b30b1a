//! The checkout of a credit pack.

use serde_json::{Value, json};

use super::{Version, event, fresh, reference};
use crate::harness::signature::now;

/// A credit pack on its way through checkout.
#[derive(Clone, Debug)]
pub(crate) struct Pack {
    pub(crate) version: Version,
    /// `true` to expand references.
    pub(crate) expanded: bool,
    pub(crate) customer: String,
    pub(crate) session: String,
    pub(crate) intent: String,
    pub(crate) credits: i64,
    pub(crate) amount: i64,
    pub(crate) at: i64,
}

impl Pack {
    /// A pack of 25 credits.
    pub(crate) fn new(customer: &str) -> Self {
        Self {
            version: Version::Endive,
            expanded: false,
            customer: customer.to_owned(),
            session: format!("cs_test_{}", fresh()),
            intent: format!("pi_test{}", fresh()),
            credits: 25,
            amount: 500,
            at: now(),
        }
    }

    /// The checkout is complete, its money there or not.
    pub(crate) fn completed(&self, payment_status: &str) -> Value {
        event(self.version, "checkout.session.completed", self.at, self.object(payment_status))
    }

    /// The money came later.
    pub(crate) fn arrived(&self) -> Value {
        event(self.version, "checkout.session.async_payment_succeeded", self.at + 60, self.object("paid"))
    }

    /// The money never came.
    pub(crate) fn failed(&self) -> Value {
        event(self.version, "checkout.session.async_payment_failed", self.at + 60, self.object("unpaid"))
    }

    fn object(&self, payment_status: &str) -> Value {
        self.version.session(json!({
            "id": self.session,
            "object": "checkout.session",
            "amount_total": self.amount,
            "created": self.at,
            "currency": "usd",
            "customer": reference(self.expanded, "customer", &self.customer),
            "expires_at": self.at + 24 * 60 * 60,
            "livemode": false,
            "metadata": { "user_id": "1", "credits": self.credits.to_string(), "purchase_type": "one_time" },
            "mode": "payment",
            "payment_intent": reference(self.expanded, "payment_intent", &self.intent),
            "payment_status": payment_status,
            "status": "complete",
            "subscription": null,
            "url": null,
        }))
    }
}
