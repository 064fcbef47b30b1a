//! 2026-09-30.endive: as clover, with schedules and the reasons of a status.

use serde_json::{Value, json};

use super::{Plan, Price, clover};

pub(super) fn subscription(plan: &Plan, status: &str) -> Value {
    let mut subscription = clover::subscription(plan, status);
    subscription["billing_schedules"] = json!([]);
    subscription["status_details"] = json!({ "type": status });
    subscription
}

pub(super) fn invoice(plan: &Plan, reason: &str, lines: &[Price]) -> Value {
    let mut invoice = clover::invoice(plan, reason, lines);
    invoice["status_details"] = json!({ "type": "paid" });
    invoice
}

pub(super) fn session(session: Value) -> Value {
    let mut session = clover::session(session);
    session["ui_mode"] = "hosted_page".into();
    session
}
