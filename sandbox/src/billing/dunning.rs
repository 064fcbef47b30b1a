//! Dunning: retries of failed payments, and the status of a subscription that follows from them (docs.stripe.com, "Smart
//! Retries" and "Subscription statuses").

use serde_json::Value;

use crate::{
    billing::{cancellation, pending_update},
    resources::{
        event,
        invoice::{self, Attempt},
        payment_intent::{self, Progress},
        subscription::has_ended,
    },
    store::{
        calendar::DAY_SECONDS,
        kind::Kind,
        settings::AfterRetries,
        timers::Timer,
        work::{Work, text},
    },
};

/// Days to wait after each failed attempt.
const PAUSES_DAYS: [i64; 3] = [3, 5, 7];

/// Statuses that become `active` when the latest invoice is paid.
const BEHIND: [&str; 3] = ["past_due", "unpaid", "incomplete"];

/// Tries to collect an open invoice automatically and applies the consequences to its subscription.
pub(crate) fn attempt(work: &mut Work<'_>, id: &str, present: bool) -> Progress {
    let invoice = work.get(Kind::Invoice, id);
    let next_at = next_attempt(work, &invoice, 0);
    let attempt = Attempt { present, payment_method: invoice::payment_method(work, &invoice), next_at };
    let progress = collect(work, &invoice, &attempt);
    if progress == Progress::Failed {
        schedule_retry(work, &invoice, next_at);
    }
    progress
}

/// Returns the time of the next attempt, if the current one fails. `skipped` is 1 if the invoice already counts the
/// current attempt, and 0 otherwise. An invoice that does not advance automatically is not tried again.
fn next_attempt(work: &Work<'_>, invoice: &Value, skipped: usize) -> Option<i64> {
    if invoice["auto_advance"] == false {
        return None;
    }
    let tried = invoice["attempt_count"].as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or_default();
    PAUSES_DAYS.get(tried.saturating_sub(skipped)).map(|days| work.now + days * DAY_SECONDS)
}

fn schedule_retry(work: &mut Work<'_>, invoice: &Value, next_at: Option<i64>) {
    match next_at {
        Some(at) => work.state.timers.add(at, Timer::PaymentRetry(text(invoice, "id"))),
        None => give_up(work, invoice),
    }
}

/// Records the bank's decision on a payment that was in processing.
pub(crate) fn settle(work: &mut Work<'_>, id: &str, succeeded: bool) {
    let invoice = work.get(Kind::Invoice, id);
    let next_at = next_attempt(work, &invoice, 1);
    let progress = if succeeded { Progress::Paid } else { Progress::Failed };
    invoice::record(work, id, progress, next_at);
    follow(work, &invoice, progress);
    if progress == Progress::Failed {
        schedule_retry(work, &invoice, next_at);
    }
}

/// Collects an invoice on request. The schedule of retries does not change.
pub(crate) fn attempt_on_request(work: &mut Work<'_>, id: &str, payment_method: Option<String>) -> Progress {
    let invoice = work.get(Kind::Invoice, id);
    let payment_method = payment_method.unwrap_or_else(|| invoice::payment_method(work, &invoice));
    let attempt = Attempt { present: false, payment_method, next_at: invoice["next_payment_attempt"].as_i64() };
    collect(work, &invoice, &attempt)
}

/// Collects an invoice that the customer pays on its page, with a payment method of their choice.
pub(crate) fn attempt_by_customer(work: &mut Work<'_>, id: &str, payment_method: String) -> Progress {
    let invoice = work.get(Kind::Invoice, id);
    let attempt = Attempt { present: true, payment_method, next_at: invoice["next_payment_attempt"].as_i64() };
    collect(work, &invoice, &attempt)
}

/// Records that the customer did not pass the authentication of an open invoice's payment. The schedule of retries does not
/// change.
pub(crate) fn authentication_failed(work: &mut Work<'_>, id: &str) {
    let invoice = work.get(Kind::Invoice, id);
    let intent = payment_intent::of_invoice(work.state, id);
    payment_intent::fail_authentication(work, &text(&intent, "id"));
    invoice::record(work, id, Progress::Failed, invoice["next_payment_attempt"].as_i64());
    follow(work, &invoice, Progress::Failed);
}

fn collect(work: &mut Work<'_>, invoice: &Value, attempt: &Attempt) -> Progress {
    let progress = invoice::collect(work, &text(invoice, "id"), attempt);
    follow(work, invoice, progress);
    progress
}

/// Updates a subscription after an attempt to pay its latest invoice.
pub(crate) fn follow(work: &mut Work<'_>, invoice: &Value, progress: Progress) {
    let subscription = work.get(Kind::Subscription, &invoice::subscription_of(invoice));
    if subscription["latest_invoice"] != invoice["id"] || has_ended(&subscription) {
        return;
    }
    let (id, status) = (text(&subscription, "id"), text(&subscription, "status"));
    match progress {
        Progress::Paid if !subscription["pending_update"].is_null() => pending_update::apply(work, &id),
        Progress::Paid if BEHIND.contains(&status.as_str()) => set_status(work, &id, "active"),
        Progress::Failed if subscription["pending_update"].is_null() && status == "active" => {
            set_status(work, &id, "past_due");
        }
        _ => {}
    }
}

fn set_status(work: &mut Work<'_>, id: &str, status: &str) {
    let change = work.change(Kind::Subscription, id, |subscription| {
        subscription["status"] = status.into();
    });
    event::emit_change(work, "customer.subscription.updated", &change);
}

/// Cancels a subscription or changes its status after the last retry failed, as the account's settings require.
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

/// Retries a payment at its time, unless the invoice was paid in between or its subscription has ended.
pub(crate) fn retry(work: &mut Work<'_>, id: &str) {
    let invoice = work.get(Kind::Invoice, id);
    let due = invoice["next_payment_attempt"].as_i64().is_some_and(|at| at <= work.now);
    let open = invoice["status"] == "open" && !invoice::is_processing(work.state, id);
    if due && open && invoice["auto_advance"] == true {
        attempt(work, id, false);
    }
}
