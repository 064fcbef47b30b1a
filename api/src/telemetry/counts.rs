//! What is counted, by the names that Prometheus knows it by.

use std::time::Duration;

use chrono::TimeDelta;
use entity::ledger_entry::ChangeType;
use metrics::{Gauge, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

const OPERATIONS: &str = "patch_hive_graphql_operations_total";
const OPERATION_SECONDS: &str = "patch_hive_graphql_operation_duration_seconds";
const REJECTIONS: &str = "patch_hive_rejections_total";
const SOCKETS: &str = "patch_hive_sockets_open";
const SOCKET_CLOSES: &str = "patch_hive_socket_closes_total";
const SUBSCRIPTIONS: &str = "patch_hive_subscriptions_open";
const PUSHES: &str = "patch_hive_pushes_total";
const PUSH_SECONDS: &str = "patch_hive_push_delay_seconds";
const ENTRIES: &str = "patch_hive_ledger_entries_total";
const WEBHOOKS: &str = "patch_hive_webhook_events_total";
const STRIPE_CALLS: &str = "patch_hive_stripe_calls_total";
const STRIPE_SECONDS: &str = "patch_hive_stripe_call_duration_seconds";
const WORK_AGE: &str = "patch_hive_work_oldest_due_seconds";

/// Something that is open for as long as this lives.
#[must_use]
pub struct Open(Gauge);

impl Open {
    fn count(gauge: Gauge) -> Self {
        gauge.increment(1.0);
        Self(gauge)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

/// Says what each number means, and shows from the start those that have no labels.
pub(super) fn describe() {
    let seconds = Unit::Seconds;
    describe_counter!(
        OPERATIONS,
        "GraphQL operations by type and outcome: ok, error, refused before they ran, or ended by their client before a result"
    );
    describe_histogram!(OPERATION_SECONDS, seconds, "How long queries and mutations took");
    describe_counter!(REJECTIONS, "Requests, documents and sockets that were turned away, by reason");
    describe_gauge!(SOCKETS, "Websockets that are open");
    describe_counter!(SOCKET_CLOSES, "Websockets that ended, by close code; 1006 where the client was gone");
    describe_gauge!(SUBSCRIPTIONS, "GraphQL subscriptions that are open, over websockets and as event streams");
    describe_counter!(PUSHES, "Results that were pushed to subscriptions");
    describe_histogram!(PUSH_SECONDS, seconds, "From the booking of a ledger entry to its having been pushed");
    describe_counter!(
        ENTRIES,
        "Entries written to the ledger by kind, those included whose transaction came to nothing"
    );
    describe_counter!(WEBHOOKS, "Webhook events by type and by what became of them");
    describe_counter!(STRIPE_CALLS, "Attempts to call Stripe by call and outcome");
    describe_histogram!(STRIPE_SECONDS, seconds, "How long an attempt to call Stripe took");
    describe_gauge!(WORK_AGE, Unit::Seconds, "For how long the oldest task of the queue is due that nobody works on");
    gauge!(WORK_AGE).set(0.0);
    gauge!(SOCKETS).set(0.0);
    gauge!(SUBSCRIPTIONS).set(0.0);
    counter!(PUSHES).absolute(0);
}

/// An operation had its first result, or was given up before. `kind` and `outcome` are among a few words.
pub fn operation(kind: &'static str, outcome: &'static str, took: Option<Duration>) {
    counter!(OPERATIONS, "type" => kind, "outcome" => outcome).increment(1);
    if let Some(took) = took {
        histogram!(OPERATION_SECONDS, "type" => kind).record(took);
    }
}

/// Something was turned away. `reason` is one of a few words.
pub fn rejected(reason: &'static str) {
    counter!(REJECTIONS, "reason" => reason).increment(1);
}

/// A websocket is open.
pub fn socket_opened() -> Open {
    Open::count(gauge!(SOCKETS))
}

/// A websocket ended. The codes are those that the gateway sends, and 1006.
pub fn socket_closed(code: u16) {
    counter!(SOCKET_CLOSES, "code" => code.to_string()).increment(1);
}

/// A subscription is open.
pub fn subscription_opened() -> Open {
    Open::count(gauge!(SUBSCRIPTIONS))
}

/// A subscription's result was written to its client, so long after what it tells was booked; `None` for a present state.
pub fn push(delay: Option<Duration>) {
    counter!(PUSHES).increment(1);
    if let Some(delay) = delay {
        histogram!(PUSH_SECONDS).record(delay);
    }
}

/// An entry was written to the ledger.
pub fn booked(kind: ChangeType) {
    let kind = match kind {
        ChangeType::Purchase => "purchase",
        ChangeType::Spend => "spend",
        ChangeType::Grant => "grant",
        ChangeType::Refund => "refund",
    };
    counter!(ENTRIES, "kind" => kind).increment(1);
}

/// A webhook event was dealt with. `kind` and `outcome` are among a few words.
pub fn webhook(kind: &'static str, outcome: &'static str) {
    counter!(WEBHOOKS, "type" => kind, "outcome" => outcome).increment(1);
}

/// An attempt to call Stripe ended.
pub fn stripe_call(call: &'static str, outcome: &'static str, took: Duration) {
    counter!(STRIPE_CALLS, "call" => call, "outcome" => outcome).increment(1);
    histogram!(STRIPE_SECONDS, "call" => call).record(took);
}

/// The oldest task of the queue is due for so long.
pub fn work_age(age: TimeDelta) {
    gauge!(WORK_AGE).set(age.as_seconds_f64());
}
