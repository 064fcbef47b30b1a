//! Facts, and how events state them.

use serde_json::Value;

use super::{
    context::{ApplyError, NO_PAYMENT},
    object::Object,
    top_up::TopUpReport,
};
use crate::{
    database::Account,
    stripe::{Event, Invoice, InvoicePayment, Session, Unreadable, id_of, payment_of},
};

/// Reads the object of an event.
type Reader = fn(&Value) -> Result<Fact, IgnoredReason>;

/// The readers of all types of events that are read, in the order of their names.
const READERS: [(&str, Reader); 37] = [
    ("charge.dispute.closed", payment),
    ("charge.dispute.created", payment),
    ("charge.dispute.funds_reinstated", payment),
    ("charge.dispute.funds_withdrawn", payment),
    ("charge.dispute.updated", payment),
    ("charge.refund.updated", payment),
    ("charge.refunded", payment),
    ("checkout.session.async_payment_failed", failed_session),
    ("checkout.session.async_payment_succeeded", session),
    ("checkout.session.completed", session),
    ("credit_note.created", credit_note),
    ("credit_note.updated", credit_note),
    ("credit_note.voided", credit_note),
    ("customer.deleted", |customer| Ok(Fact::CustomerDeleted(own_id(customer)?))),
    ("customer.subscription.created", subscription),
    ("customer.subscription.deleted", subscription),
    ("customer.subscription.paused", subscription),
    ("customer.subscription.pending_update_applied", subscription),
    ("customer.subscription.pending_update_expired", subscription),
    ("customer.subscription.resumed", subscription),
    ("customer.subscription.updated", subscription),
    ("invoice.marked_uncollectible", unpaid_invoice),
    ("invoice.paid", |invoice| Ok(Fact::Invoice(Invoice::from_value(invoice)?))),
    ("invoice.payment_action_required", unpaid_invoice),
    ("invoice.payment_failed", unpaid_invoice),
    ("invoice.payment_succeeded", |invoice| Ok(Fact::Invoice(Invoice::from_value(invoice)?))),
    ("invoice.voided", unpaid_invoice),
    ("invoice_payment.paid", |payment| Ok(Fact::InvoicePayment(InvoicePayment::from_value(payment)?))),
    ("refund.created", payment),
    ("refund.failed", payment),
    ("refund.updated", payment),
    ("subscription_schedule.aborted", schedule),
    ("subscription_schedule.canceled", schedule),
    ("subscription_schedule.completed", schedule),
    ("subscription_schedule.created", schedule),
    ("subscription_schedule.released", schedule),
    ("subscription_schedule.updated", schedule),
];

/// Exactly the types of events that are read: an endpoint has to send these, and reconciliation requests them.
pub const EVENTS: &[&str] = &{
    let mut names = [""; READERS.len()];
    let mut n = 0;
    while n < names.len() {
        names[n] = READERS[n].0;
        n += 1;
    }
    names
};

fn own_id(object: &Value) -> Result<String, IgnoredReason> {
    id_of(object).ok_or(IgnoredReason::Reason("the object has no id"))
}

fn session(session: &Value) -> Result<Fact, IgnoredReason> {
    Ok(Fact::Session { session: Session::from_value(session)?, failed: false })
}

fn failed_session(session: &Value) -> Result<Fact, IgnoredReason> {
    Ok(Fact::Session { session: Session::from_value(session)?, failed: true })
}

fn subscription(subscription: &Value) -> Result<Fact, IgnoredReason> {
    Ok(Fact::Changed(Object::Subscription(own_id(subscription)?)))
}

fn unpaid_invoice(invoice: &Value) -> Result<Fact, IgnoredReason> {
    let invoice = Invoice::from_value(invoice)?;
    if let (Some(_), Some(id)) = (invoice.top_up(), &invoice.id) {
        return Ok(Fact::Changed(Object::Invoice(id.clone())));
    }
    let subscription =
        invoice.subscription.ok_or(IgnoredReason::Reason("not an invoice of a subscription or a top-up"))?;
    Ok(Fact::Changed(Object::Subscription(subscription)))
}

fn schedule(schedule: &Value) -> Result<Fact, IgnoredReason> {
    let subscription = id_of(&schedule["subscription"]).or_else(|| id_of(&schedule["released_subscription"]));
    let subscription = subscription.ok_or(IgnoredReason::Reason("a schedule without a subscription"))?;
    Ok(Fact::Changed(Object::Subscription(subscription)))
}

fn credit_note(note: &Value) -> Result<Fact, IgnoredReason> {
    let invoice = id_of(&note["invoice"]).ok_or(IgnoredReason::Reason("a credit note without an invoice"))?;
    Ok(Fact::Changed(Object::Invoice(invoice)))
}

fn payment(object: &Value) -> Result<Fact, IgnoredReason> {
    let payment = payment_of(object).ok_or(IgnoredReason::Reason(NO_PAYMENT))?;
    Ok(Fact::Changed(Object::Payment(payment)))
}

/// A fact that Stripe reported.
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
    /// A subscription (`sub_...`) that cost nothing was ended, because the user had another one.
    Undone(String),
    /// The state of an automatic top-up.
    TopUp(Box<TopUpReport>),
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
            Self::TopUp(report) => Some(Account::User(report.user_id)),
            Self::InvoicePayment(_) | Self::Undone(_) | Self::Changed(_) => None,
        }
    }

    /// Reads what an event reports.
    ///
    /// # Errors
    /// [`IgnoredReason`] when that does not concern us or cannot be read.
    pub(super) fn read(event: &Event) -> Result<Self, IgnoredReason> {
        match READERS.iter().find(|(kind, _)| *kind == event.kind) {
            Some((_, read)) => read(&event.object),
            None => Err(IgnoredReason::Reason(ignored_reason(&event.kind))),
        }
    }
}

/// The reason why an event states no fact.
#[derive(Debug)]
pub(super) enum IgnoredReason {
    /// It does not concern us.
    Reason(&'static str),
    /// Its object cannot be read.
    Unreadable(Unreadable),
}

impl From<Unreadable> for IgnoredReason {
    fn from(error: Unreadable) -> Self {
        Self::Unreadable(error)
    }
}

impl IgnoredReason {
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
    use serde_json::json;

    use super::*;

    /// An object that can be read as any kind of fact.
    fn anything() -> Value {
        json!({
            "id": "some_1", "customer": "cus_1", "livemode": false, "created": 1, "currency": "usd", "mode": "payment",
            "payment_status": "paid", "amount_total": 1, "expires_at": 2, "status": "active", "amount_paid": 1,
            "invoice": "in_1", "subscription": "sub_1", "payment_intent": "pi_1",
        })
    }

    fn read(kind: &str) -> Result<Fact, IgnoredReason> {
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
    fn other_types_are_ignored_and_some_of_them_for_a_known_reason() {
        let reason = |kind| read(kind).unwrap_err().reason().unwrap();
        assert_ne!(reason("checkout.session.expired"), reason("invoice.created"));
    }
}
