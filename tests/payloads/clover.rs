//! 2025-12-15.clover: as basil, with a billing mode and subtotals.

use serde_json::{Value, json};

use super::{Plan, Price, basil};

pub(super) fn subscription(plan: &Plan, status: &str) -> Value {
    let mut subscription = basil::subscription(plan, status);
    subscription["billing_mode"] = json!({ "flexible": { "proration_discounts": "included" }, "type": "flexible" });
    subscription
}

pub(super) fn invoice(plan: &Plan, reason: &str, lines: &[Price]) -> Value {
    let mut invoice = basil::invoice(plan, reason, lines);
    for line in invoice["lines"]["data"].as_array_mut().unwrap() {
        line["subtotal"] = line["amount"].clone();
    }
    invoice
}

pub(super) fn session(mut session: Value) -> Value {
    session["adaptive_pricing"] = json!({ "enabled": true });
    session["branding_settings"] = json!({ "display_name": "Patch-Hive" });
    session["payment_method_types"] = json!(["card", "link"]);
    session
}
