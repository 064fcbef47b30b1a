//! What Stripe says, in our words, and how it is read from events.

use super::{Said, Trouble};
use crate::stripe::{Charge, Dispute, Event, Invoice, InvoicePayment, Refund, Schedule, Session, Subscription};

/// Every type of event that is read, and no other: what an endpoint has to be sent, and what reconciliation asks for.
pub const EVENTS: [&str; 30] = [
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
    "customer.deleted",
    "customer.subscription.created",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.pending_update_applied",
    "customer.subscription.pending_update_expired",
    "customer.subscription.resumed",
    "customer.subscription.updated",
    "invoice.paid",
    "invoice.payment_succeeded",
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

/// Something that Stripe said.
#[derive(Clone, Debug)]
pub enum Fact {
    /// A customer was made for a user.
    Customer {
        /// The user.
        user_id: i64,
        /// `cus_...`.
        customer: String,
    },
    /// A customer (`cus_...`) was deleted, and its subscriptions with it.
    CustomerDeleted(String),
    /// A checkout of a pack was completed, or its money came later, or never.
    Session {
        /// The checkout.
        session: Session,
        /// The money will never come.
        failed: bool,
    },
    /// A checkout was opened. Nothing is booked for it.
    Opened,
    /// A subscription is as described.
    Subscription {
        /// The subscription.
        subscription: Subscription,
        /// How we know, and when it was so.
        said: Said,
    },
    /// A schedule is as described.
    Schedule {
        /// The schedule.
        schedule: Schedule,
        /// How we know, and when it was so.
        said: Said,
    },
    /// An invoice is paid.
    Invoice(Invoice),
    /// This is the payment of that invoice.
    InvoicePayment(InvoicePayment),
    /// So much of a charge was refunded so far.
    Charge(Charge),
    /// A refund is as described.
    Refund(Refund),
    /// A dispute is as described.
    Dispute {
        /// The dispute.
        dispute: Dispute,
        /// When it was so. Unix time, by Stripe's clock.
        at: i64,
        /// What just became of the money, where that is what is told.
        moved: Option<Moved>,
    },
}

/// What becomes of disputed money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// The bank took it.
    Withdrawn,
    /// It is ours again.
    Reinstated,
}

impl Fact {
    /// Reads what an event says; `None` when its type means nothing to us.
    ///
    /// # Errors
    /// [`Trouble::Odd`] when its object cannot be read.
    pub(super) fn read(event: &Event) -> Result<Option<Self>, Trouble> {
        let object = &event.object;
        Ok(Some(match event.kind.as_str() {
            "checkout.session.completed" | "checkout.session.async_payment_succeeded" => {
                Self::Session { session: Session::from_value(object)?, failed: false }
            }
            "checkout.session.async_payment_failed" => {
                Self::Session { session: Session::from_value(object)?, failed: true }
            }
            "subscription_schedule.aborted"
            | "subscription_schedule.canceled"
            | "subscription_schedule.completed"
            | "subscription_schedule.created"
            | "subscription_schedule.released"
            | "subscription_schedule.updated" => {
                Self::Schedule { schedule: Schedule::from_value(object)?, said: said(event) }
            }
            "customer.deleted" => Self::CustomerDeleted(deleted(event)?),
            // Each carries the state, and whatever made it known is as good as another.
            "customer.subscription.created"
            | "customer.subscription.deleted"
            | "customer.subscription.paused"
            | "customer.subscription.pending_update_applied"
            | "customer.subscription.pending_update_expired"
            | "customer.subscription.resumed"
            | "customer.subscription.updated" => Self::subscription(event)?,
            "invoice.paid" | "invoice.payment_succeeded" => Self::Invoice(Invoice::from_value(object)?),
            "invoice_payment.paid" => Self::InvoicePayment(InvoicePayment::from_value(object)?),
            "charge.refunded" => Self::Charge(Charge::from_value(object)?),
            "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated" => {
                Self::Refund(Refund::from_value(object)?)
            }
            "charge.dispute.created" | "charge.dispute.updated" | "charge.dispute.closed" => {
                Self::dispute(event, None)?
            }
            "charge.dispute.funds_withdrawn" => Self::dispute(event, Some(Moved::Withdrawn))?,
            "charge.dispute.funds_reinstated" => Self::dispute(event, Some(Moved::Reinstated))?,
            _ => return Ok(None),
        }))
    }

    fn subscription(event: &Event) -> Result<Self, Trouble> {
        Ok(Self::Subscription { subscription: Subscription::from_value(&event.object)?, said: said(event) })
    }

    fn dispute(event: &Event, moved: Option<Moved>) -> Result<Self, Trouble> {
        Ok(Self::Dispute { dispute: Dispute::from_value(&event.object)?, at: event.created, moved })
    }

    /// What it makes known, by Stripe's ids: others may have waited for that.
    pub(super) fn makes_known(&self) -> Vec<String> {
        match self {
            Self::Session { session, .. } => session.payment_intent.iter().cloned().collect(),
            Self::Invoice(invoice) => invoice.id.iter().chain(&invoice.payment_intent).cloned().collect(),
            Self::InvoicePayment(link) => link.payment_intent.iter().cloned().collect(),
            Self::Charge(charge) => charge.payment_intent.iter().cloned().collect(),
            _ => Vec::new(),
        }
    }
}

fn said(event: &Event) -> Said {
    Said::Event {
        created: event.kind.ends_with(".created"),
        at: event.created,
        previous: event.previous_attributes.clone(),
        key: event.idempotency_key.clone(),
    }
}

fn deleted(event: &Event) -> Result<String, Trouble> {
    let id = event.object["id"].as_str().map(ToOwned::to_owned);
    id.ok_or_else(|| Trouble::Odd("customer.id is missing".to_owned()))
}

/// The name that events of a type are counted by. Whoever configures an endpoint at Stripe may send any other type.
pub(super) fn counted_as(kind: &str) -> &'static str {
    EVENTS.into_iter().find(|known| *known == kind).unwrap_or("other")
}

/// Why a type of event that we know is of no use.
pub(super) fn needless(kind: &str) -> &'static str {
    match kind {
        "checkout.session.expired" => "nothing was booked for the checkout, and nothing is when it expires",
        "invoice.payment_failed"
        | "invoice.payment_action_required"
        | "invoice.voided"
        | "invoice.marked_uncollectible"
        | "invoice.overdue" => "what an unpaid invoice comes to is told by its subscription's events",
        _ => "of a type that means nothing to us",
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
            "cancel_at_period_end": false, "current_period_start": 1, "current_period_end": 2, "amount": 1,
            "amount_refunded": 1, "invoice": "in_1", "phases": [],
        })
    }

    fn read(kind: &str) -> Option<Fact> {
        let event = json!({
            "id": "evt_1", "object": "event", "type": kind, "created": 1, "livemode": false,
            "data": { "object": anything() },
        });
        Fact::read(&Event::from_value(&event).unwrap()).unwrap()
    }

    #[test]
    fn every_listed_type_is_read() {
        for kind in EVENTS {
            assert!(read(kind).is_some(), "{kind}");
        }
    }

    #[test]
    fn what_is_read_is_listed() {
        let source = include_str!("fact.rs");
        let start = source.find("match event.kind.as_str()").unwrap();
        let reading = &source[start..start + source[start..].find("_ => return").unwrap()];
        let mut named: Vec<_> = reading.split('"').skip(1).step_by(2).collect();
        named.sort_unstable();
        assert_eq!(named, EVENTS);
    }

    #[test]
    fn other_types_say_nothing_and_some_of_them_for_a_known_reason() {
        for kind in ["checkout.session.expired", "invoice.voided", "invoice.payment_failed", "invoice.created"] {
            assert!(read(kind).is_none(), "{kind}");
        }
        assert_ne!(needless("checkout.session.expired"), needless("invoice.created"));
    }
}
