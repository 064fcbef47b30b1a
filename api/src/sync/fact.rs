//! Facts, and how events state them.

use super::{ApplyError, Object};
use crate::{
    database::Account,
    stripe::{Event, Invoice, InvoicePayment, Session, Unreadable, id_of, payment_of},
};

/// Every type of event that is read, and no other: what an endpoint has to send, and what reconciliation requests.
pub const EVENTS: &[&str] = &[
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.updated",
    "charge.refund.updated",
    "charge.refunded",
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "credit_note.created",
    "credit_note.updated",
    "credit_note.voided",
    "customer.deleted",
    "customer.subscription.created",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.pending_update_applied",
    "customer.subscription.pending_update_expired",
    "customer.subscription.resumed",
    "customer.subscription.updated",
    "invoice.marked_uncollectible",
    "invoice.paid",
    "invoice.payment_action_required",
    "invoice.payment_failed",
    "invoice.payment_succeeded",
    "invoice.voided",
    "invoice_payment.paid",
    "refund.created",
    "refund.failed",
    "refund.updated",
    "subscription_schedule.aborted",
    "subscription_schedule.canceled",
    "subscription_schedule.completed",
    "subscription_schedule.created",
    "subscription_schedule.released",
    "subscription_schedule.updated",
];

/// Something that Stripe reported.
#[derive(Clone, Debug)]
pub enum Fact {
    /// A customer was created for a user.
    Customer {
        /// The user's number.
        user_id: i64,
        /// `cus_...`.
        customer: String,
    },
    /// A customer (`cus_...`) was deleted, and its subscriptions with it.
    CustomerDeleted(String),
    /// A checkout was completed, or its money arrived later, or never.
    Session {
        /// The checkout session.
        session: Session,
        /// The money will never arrive.
        failed: bool,
    },
    /// An invoice was paid.
    Invoice(Invoice),
    /// An invoice was paid by this payment.
    InvoicePayment(InvoicePayment),
    /// An object may have changed.
    Changed(Object),
}

impl Fact {
    /// The account that is locked to apply the fact, where the fact names one.
    pub(super) fn account(&self) -> Option<Account> {
        match self {
            Self::Customer { user_id, .. } => Some(Account::User(*user_id)),
            Self::CustomerDeleted(customer) => Some(Account::Customer(customer.clone())),
            Self::Session { session, .. } => session.customer.clone().map(Account::Customer),
            Self::Invoice(invoice) => invoice.customer.clone().map(Account::Customer),
            Self::InvoicePayment(_) | Self::Changed(_) => None,
        }
    }

    /// Reads what an event reports.
    ///
    /// # Errors
    /// [`Ignored`] when that does not concern us or cannot be read.
    pub(super) fn read(event: &Event) -> Result<Self, Ignored> {
        let object = &event.object;
        let own_id = || id_of(object).ok_or(Ignored::Reason("the object has no id"));
        Ok(match event.kind.as_str() {
            "checkout.session.completed" | "checkout.session.async_payment_succeeded" => {
                Self::Session { session: Session::from_value(object)?, failed: false }
            }
            "checkout.session.async_payment_failed" => {
                Self::Session { session: Session::from_value(object)?, failed: true }
            }
            "invoice.paid" | "invoice.payment_succeeded" => Self::Invoice(Invoice::from_value(object)?),
            "invoice_payment.paid" => Self::InvoicePayment(InvoicePayment::from_value(object)?),
            "customer.deleted" => Self::CustomerDeleted(own_id()?),
            "customer.subscription.created"
            | "customer.subscription.deleted"
            | "customer.subscription.paused"
            | "customer.subscription.pending_update_applied"
            | "customer.subscription.pending_update_expired"
            | "customer.subscription.resumed"
            | "customer.subscription.updated" => Self::Changed(Object::Subscription(own_id()?)),
            "invoice.marked_uncollectible"
            | "invoice.payment_action_required"
            | "invoice.payment_failed"
            | "invoice.voided" => Self::Changed(Object::Subscription(
                Invoice::from_value(object)?.subscription.ok_or(Ignored::Reason("not an invoice of a subscription"))?,
            )),
            "subscription_schedule.aborted"
            | "subscription_schedule.canceled"
            | "subscription_schedule.completed"
            | "subscription_schedule.created"
            | "subscription_schedule.released"
            | "subscription_schedule.updated" => Self::Changed(Object::Subscription(
                id_of(&object["subscription"])
                    .or_else(|| id_of(&object["released_subscription"]))
                    .ok_or(Ignored::Reason("a schedule without a subscription"))?,
            )),
            "credit_note.created" | "credit_note.updated" | "credit_note.voided" => Self::Changed(Object::Invoice(
                id_of(&object["invoice"]).ok_or(Ignored::Reason("a credit note without an invoice"))?,
            )),
            "charge.dispute.closed"
            | "charge.dispute.created"
            | "charge.dispute.funds_reinstated"
            | "charge.dispute.funds_withdrawn"
            | "charge.dispute.updated"
            | "charge.refund.updated"
            | "charge.refunded"
            | "refund.created"
            | "refund.failed"
            | "refund.updated" => {
                Self::Changed(Object::Payment(payment_of(object).ok_or(Ignored::Reason(super::NO_PAYMENT))?))
            }
            other => return Err(Ignored::Reason(ignored_reason(other))),
        })
    }
}

/// Why an event states no fact.
#[derive(Debug)]
pub(super) enum Ignored {
    /// It does not concern us.
    Reason(&'static str),
    /// Its object cannot be read.
    Unreadable(Unreadable),
}

impl From<Unreadable> for Ignored {
    fn from(error: Unreadable) -> Self {
        Self::Unreadable(error)
    }
}

impl Ignored {
    /// The reason, or the error.
    pub(super) fn reason(self) -> Result<&'static str, ApplyError> {
        match self {
            Self::Reason(reason) => Ok(reason),
            Self::Unreadable(error) => Err(error.into()),
        }
    }
}

/// The name that events of a type are counted by. An endpoint at Stripe may be configured to send any other type.
pub(super) fn counted_as(kind: &str) -> &'static str {
    EVENTS.iter().copied().find(|known| *known == kind).unwrap_or("other")
}

fn ignored_reason(kind: &str) -> &'static str {
    match kind {
        "checkout.session.expired" => "an expired checkout has no effect",
        _ => "a type of event that has no effect",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// An object that can be read as any kind of fact.
    fn anything() -> Value {
        json!({
            "id": "some_1", "customer": "cus_1", "livemode": false, "created": 1, "currency": "usd", "mode": "payment",
            "payment_status": "paid", "amount_total": 1, "expires_at": 2, "status": "active", "amount_paid": 1,
            "invoice": "in_1", "subscription": "sub_1", "payment_intent": "pi_1",
        })
    }

    fn read(kind: &str) -> Result<Fact, Ignored> {
        let event = json!({
            "id": "evt_1", "object": "event", "type": kind, "created": 1, "livemode": false,
            "data": { "object": anything() },
        });
        Fact::read(&Event::from_value(&event).unwrap())
    }

    #[test]
    fn every_listed_type_is_read() {
        for kind in EVENTS {
            assert!(read(kind).is_ok(), "{kind}");
        }
    }

    #[test]
    fn every_type_that_is_read_is_listed() {
        let source = include_str!("fact.rs");
        let start = source.find("match event.kind.as_str()").unwrap();
        let reading = &source[start..start + source[start..].find("other => return").unwrap()];
        let quoted = reading.split('"').skip(1).step_by(2).filter(|text| text.contains('.'));
        let mut named: Vec<_> = quoted.collect();
        named.sort_unstable();
        assert_eq!(named, EVENTS);
    }

    #[test]
    fn other_types_are_ignored_and_some_of_them_for_a_known_reason() {
        let reason = |kind| read(kind).unwrap_err().reason().unwrap();
        assert_ne!(reason("checkout.session.expired"), reason("invoice.created"));
    }
}
