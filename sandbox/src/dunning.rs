//! What follows when an invoice is paid, or is not: retries, and what the subscription comes to (docs.stripe.com, "Smart
//! Retries" and "Subscription statuses").

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    cancellation, event,
    invoice::{self, Attempt},
    kind::Kind,
    plan_change,
    subscription::has_ended,
    timetable::Due,
    work::{Work, text},
};

const DAY_SECONDS: i64 = 24 * 60 * 60;
/// Days to wait after each failed attempt.
const PAUSES_DAYS: [i64; 3] = [3, 5, 7];
/// Statuses that a payment of the latest invoice ends.
const BEHIND: [&str; 3] = ["past_due", "unpaid", "incomplete"];

/// What a subscription comes to when the last retry of a payment failed; an account's setting at Stripe.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterRetries {
    /// It is canceled.
    #[default]
    Cancel,
    /// It becomes unpaid: invoices are still drafted, and nobody tries to collect them.
    Unpaid,
    /// It stays past due.
    PastDue,
}

/// Tries to collect an open invoice by itself and draws the consequences; answers whether it is paid now.
pub(crate) fn attempt(work: &mut Work<'_>, id: &str, present: bool) -> bool {
    let invoice = work.get(Kind::Invoice, id);
    let tried = invoice["attempt_count"].as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or_default();
    let next_at = PAUSES_DAYS.get(tried).map(|days| work.now + days * DAY_SECONDS);
    let paid = collect(work, &invoice, None, (present, next_at));
    if paid {
        return true;
    }
    match next_at {
        Some(at) => work.state.timetable.add(at, Due::PaymentRetry(id.to_owned())),
        None => give_up(work, &invoice),
    }
    false
}

/// Collects because somebody asked for it. The order of retries stays as it was.
pub(crate) fn attempt_on_request(work: &mut Work<'_>, id: &str, payment_method: Option<String>) -> bool {
    let invoice = work.get(Kind::Invoice, id);
    let next_at = invoice["next_payment_attempt"].as_i64();
    collect(work, &invoice, payment_method, (false, next_at))
}

/// Collects because the customer pays by hand, with a payment method of their choice.
pub(crate) fn attempt_by_customer(work: &mut Work<'_>, id: &str, payment_method: String) -> bool {
    let invoice = work.get(Kind::Invoice, id);
    let next_at = invoice["next_payment_attempt"].as_i64();
    collect(work, &invoice, Some(payment_method), (true, next_at))
}

fn collect(
    work: &mut Work<'_>,
    invoice: &Value,
    payment_method: Option<String>,
    (present, next_at): (bool, Option<i64>),
) -> bool {
    let subscription = work.get(Kind::Subscription, &invoice::subscription_of(invoice));
    let attempt = Attempt {
        present,
        payment_method: payment_method.unwrap_or_else(|| text(&subscription, "default_payment_method")),
        next_at,
    };
    let paid = invoice::collect(work, &text(invoice, "id"), &attempt);
    if subscription["latest_invoice"] != invoice["id"] || has_ended(&subscription) {
        return paid;
    }
    let id = text(&subscription, "id");
    if !subscription["pending_update"].is_null() {
        if paid {
            plan_change::apply_pending(work, &id);
        }
    } else if paid && BEHIND.contains(&text(&subscription, "status").as_str()) {
        set_status(work, &id, "active");
    } else if !paid && subscription["status"] == "active" {
        set_status(work, &id, "past_due");
    }
    paid
}

fn set_status(work: &mut Work<'_>, id: &str, status: &str) {
    let change = work.change(Kind::Subscription, id, |subscription| {
        subscription["status"] = status.into();
    });
    event::emit_change(work, "customer.subscription.updated", &change);
}

/// The last retry failed.
fn give_up(work: &mut Work<'_>, invoice: &Value) {
    let id = invoice::subscription_of(invoice);
    if has_ended(&work.get(Kind::Subscription, &id)) {
        return;
    }
    match work.state.after_retries {
        AfterRetries::Cancel => drop(cancellation::end(work, &id, "payment_failed")),
        AfterRetries::Unpaid => set_status(work, &id, "unpaid"),
        AfterRetries::PastDue => {}
    }
}

/// The time of a retry has come. A payment in between, or the subscription's end, has made it pointless.
pub(crate) fn retry(work: &mut Work<'_>, id: &str) {
    let invoice = work.get(Kind::Invoice, id);
    let due = invoice["next_payment_attempt"].as_i64().is_some_and(|at| at <= work.now);
    if due && invoice["status"] == "open" && invoice["auto_advance"] == true {
        attempt(work, id, false);
    }
}
