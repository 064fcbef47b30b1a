//! The metrics, with their names in Prometheus.

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
const EVENT_DELIVERIES: &str = "patch_hive_event_deliveries_total";
const WORK_AGE: &str = "patch_hive_work_oldest_due_seconds";

/// Counts something as open until it is dropped.
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

/// Registers the description of each metric, and initializes those without labels.
pub(super) fn describe() {
    let seconds = Unit::Seconds;
    describe_counter!(
        OPERATIONS,
        "GraphQL operations by type and outcome: ok, error, refused before execution, or ended by the client before a result"
    );
    describe_histogram!(OPERATION_SECONDS, seconds, "Duration of queries and mutations");
    describe_counter!(REJECTIONS, "Requests, documents and websockets that were refused, by reason");
    describe_gauge!(SOCKETS, "Open websockets");
    describe_counter!(SOCKET_CLOSES, "Closed websockets by close code; 1006 if the client disappeared");
    describe_gauge!(SUBSCRIPTIONS, "Open GraphQL subscriptions, over websockets and event streams");
    describe_counter!(PUSHES, "Results pushed to subscriptions");
    describe_histogram!(PUSH_SECONDS, seconds, "Time from posting a ledger entry to pushing it");
    describe_counter!(
        ENTRIES,
        "Entries written to the ledger by kind, including those of transactions that were rolled back"
    );
    describe_counter!(WEBHOOKS, "Webhook events by type and outcome");
    describe_counter!(STRIPE_CALLS, "Attempts to call Stripe by call and outcome");
    describe_histogram!(STRIPE_SECONDS, seconds, "Duration of an attempt to call Stripe");
    describe_counter!(
        EVENT_DELIVERIES,
        "Attempts to send events to other services by outcome: delivered, failed and to be repeated, or dead"
    );
    describe_gauge!(WORK_AGE, Unit::Seconds, "Age of the oldest due task in the queue that no replica is working on");
    gauge!(WORK_AGE).set(0.0);
    gauge!(SOCKETS).set(0.0);
    gauge!(SUBSCRIPTIONS).set(0.0);
    counter!(PUSHES).absolute(0);
}

/// Counts an operation at its first result, or when it is dropped before. `kind` and `outcome` have few values.
pub fn operation(kind: &'static str, outcome: &'static str, took: Option<Duration>) {
    counter!(OPERATIONS, "type" => kind, "outcome" => outcome).increment(1);
    if let Some(took) = took {
        histogram!(OPERATION_SECONDS, "type" => kind).record(took);
    }
}

/// Counts a refusal. `reason` has few values.
pub fn rejected(reason: &'static str) {
    counter!(REJECTIONS, "reason" => reason).increment(1);
}

/// Counts an open websocket.
pub fn socket_opened() -> Open {
    Open::count(gauge!(SOCKETS))
}

/// Counts a closed websocket. The codes are those that the gateway sends, and 1006.
pub fn socket_closed(code: u16) {
    counter!(SOCKET_CLOSES, "code" => code.to_string()).increment(1);
}

/// Counts an open subscription.
pub fn subscription_opened() -> Open {
    Open::count(gauge!(SUBSCRIPTIONS))
}

/// Counts a result written to a subscription's client, `delay` after its entry was posted; `None` for a current state.
pub fn push(delay: Option<Duration>) {
    counter!(PUSHES).increment(1);
    if let Some(delay) = delay {
        histogram!(PUSH_SECONDS).record(delay);
    }
}

/// Counts an entry written to the ledger.
pub fn entry_posted(kind: ChangeType) {
    let kind = match kind {
        ChangeType::Purchase => "purchase",
        ChangeType::Spend => "spend",
        ChangeType::Grant => "grant",
        ChangeType::Refund => "refund",
        ChangeType::Hold => "hold",
        ChangeType::Release => "release",
    };
    counter!(ENTRIES, "kind" => kind).increment(1);
}

/// Counts a processed webhook event. `kind` and `outcome` have few values.
pub fn webhook(kind: &'static str, outcome: &'static str) {
    counter!(WEBHOOKS, "type" => kind, "outcome" => outcome).increment(1);
}

/// Counts a finished attempt to call Stripe.
pub fn stripe_call(call: &'static str, outcome: &'static str, took: Duration) {
    counter!(STRIPE_CALLS, "call" => call, "outcome" => outcome).increment(1);
    histogram!(STRIPE_SECONDS, "call" => call).record(took);
}

/// Counts a finished attempt to send an event to another service. `outcome` has few values.
pub fn event_delivery(outcome: &'static str) {
    counter!(EVENT_DELIVERIES, "outcome" => outcome).increment(1);
}

/// Sets the age of the oldest due task of the queue.
pub fn work_age(age: TimeDelta) {
    gauge!(WORK_AGE).set(age.as_seconds_f64());
}
