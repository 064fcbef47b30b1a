//! Events in the shapes of older API versions: an endpoint receives them in its own version
//! (docs.stripe.com/changelog, and docs.stripe.com/webhooks/versioning).

use serde_json::{Value, json};

use crate::{
    resources::price,
    store::{kind::Kind, state::State, work::text},
};

/// The version that adds `billing_schedules` to subscriptions.
const DAHLIA_MAY: &str = "2026-05-27";

/// The version that adds `subtotal` and `quantity_decimal` to invoice lines.
const CLOVER_DECEMBER: &str = "2025-12-15";

/// The version that adds the event `invoice_payment.paid`.
const BASIL_MAY: &str = "2025-05-28";

/// The version that moves periods to items, adds `parent` to invoices, and removes `invoice` from charges.
const BASIL: &str = "2025-03-31";

/// Returns `true` for an API version: a date, followed by a name since 2024.
pub(crate) fn is_version(version: &str) -> bool {
    let bytes = version.as_bytes();
    let digits =
        |range: std::ops::Range<usize>| bytes.get(range).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    let has_date = digits(0..4) && digits(5..7) && digits(8..10) && bytes[4] == b'-' && bytes[7] == b'-';
    has_date && (version.len() == 10 || bytes[10] == b'.')
}

fn is_before(version: &str, change: &str) -> bool {
    version < change
}

/// Returns `true` if events of the type exist in the version.
pub(crate) fn has_event(version: &str, kind: &str) -> bool {
    !(is_before(version, BASIL_MAY) && kind.starts_with("invoice_payment."))
}

/// Renders an event in the shape of an API version.
pub(crate) fn render(state: &State, event: &Value, version: &str) -> Value {
    let mut event = event.clone();
    event["api_version"] = version.into();
    let kind = text(&event["data"]["object"], "object");
    older(state, &kind, version, &mut event["data"]["object"]);
    if !event["data"]["previous_attributes"].is_null() {
        older(state, &kind, version, &mut event["data"]["previous_attributes"]);
    }
    event
}

fn older(state: &State, kind: &str, version: &str, object: &mut Value) {
    match kind {
        "subscription" => older_subscription(version, object),
        "invoice" => older_invoice(state, version, object),
        "charge" | "payment_intent" if is_before(version, BASIL) && !object["id"].is_null() => {
            let intent = if kind == "charge" { text(object, "payment_intent") } else { text(object, "id") };
            object["invoice"] = invoice_of(state, &intent);
        }
        _ => {}
    }
}

fn older_subscription(version: &str, subscription: &mut Value) {
    if is_before(version, DAHLIA_MAY) {
        remove(subscription, "billing_schedules");
    }
    if !is_before(version, BASIL) {
        return;
    }
    for field in ["current_period_start", "current_period_end"] {
        let moment = subscription["items"]["data"][0][field].clone();
        if !moment.is_null() {
            subscription[field] = moment;
        }
        for item in subscription["items"]["data"].as_array_mut().into_iter().flatten() {
            remove(item, field);
        }
    }
    remove(subscription, "billing_mode");
}

fn older_invoice(state: &State, version: &str, invoice: &mut Value) {
    for line in invoice["lines"]["data"].as_array_mut().into_iter().flatten() {
        if is_before(version, CLOVER_DECEMBER) {
            remove(line, "subtotal");
            remove(line, "quantity_decimal");
        }
        if is_before(version, BASIL) {
            older_line(state, line);
        }
    }
    if !is_before(version, BASIL) || invoice["id"].is_null() {
        return;
    }
    let id = text(invoice, "id");
    let payment = state.all(Kind::InvoicePayment).rev().find(|payment| payment["invoice"] == *id);
    let intent = payment.map(|payment| payment["payment"]["payment_intent"].clone()).unwrap_or_default();
    let charge = state.find(Kind::PaymentIntent, intent.as_str().unwrap_or_default());
    invoice["charge"] = charge.map(|intent| intent["latest_charge"].clone()).unwrap_or_default();
    invoice["payment_intent"] = intent;
    invoice["paid"] = (invoice["status"] == "paid").into();
    let details = invoice["parent"]["subscription_details"].clone();
    invoice["subscription"] = details["subscription"].clone();
    invoice["subscription_details"] = json!({ "metadata": details["metadata"] });
    remove(invoice, "parent");
}

fn older_line(state: &State, line: &mut Value) {
    let is_item = line["parent"]["type"] == "invoice_item_details";
    let details = if is_item { "invoice_item_details" } else { "subscription_item_details" };
    let parent = line["parent"][details].clone();
    let price_id = text(&line["pricing"]["price_details"], "price");
    let price = state.find(Kind::Price, &price_id).cloned().unwrap_or_default();
    line["plan"] = if price["recurring"].is_null() { Value::Null } else { price::plan(&price) };
    line["price"] = price;
    line["proration"] = parent["proration"].clone();
    line["proration_details"] = parent["proration_details"].clone();
    line["subscription"] = parent["subscription"].clone();
    line["subscription_item"] = parent["subscription_item"].clone();
    line["type"] = if parent["invoice_item"].is_null() { "subscription" } else { "invoiceitem" }.into();
    remove(line, "parent");
    remove(line, "pricing");
}

/// Returns the invoice that a payment intent pays, or null.
fn invoice_of(state: &State, intent: &str) -> Value {
    let mut payments = state.all(Kind::InvoicePayment);
    let payment = payments.find(|payment| payment["payment"]["payment_intent"] == *intent);
    payment.map(|payment| payment["invoice"].clone()).unwrap_or_default()
}

fn remove(object: &mut Value, field: &str) {
    if let Some(fields) = object.as_object_mut() {
        fields.remove(field);
    }
}

/// The API version that objects and events are rendered in.
pub(crate) const API_VERSION: &str = "2026-09-30.endive";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_a_date_with_or_without_a_name() {
        assert!(is_version("2026-09-30.endive") && is_version("2020-03-02"));
        assert!(!is_version("endive") && !is_version("2026-09-3") && !is_version("2026-09-30endive"));
    }

    #[test]
    fn before_basil_a_subscription_carries_its_period_itself() {
        let item = json!({ "current_period_end": 5, "current_period_start": 1, "id": "si_1" });
        let subscription = json!({ "object": "subscription", "billing_schedules": [], "items": { "data": [item] } });
        let event = json!({ "data": { "object": subscription } });
        let state = State::new();
        let basil = render(&state, &event, "2025-04-30.basil");
        assert_eq!(basil["data"]["object"]["items"]["data"][0]["current_period_end"], 5);
        assert_eq!(basil["data"]["object"].get("billing_schedules"), None);
        let acacia = render(&state, &event, "2024-09-30.acacia");
        assert_eq!(acacia["data"]["object"]["current_period_end"], 5);
        assert_eq!(acacia["data"]["object"]["items"]["data"][0].get("current_period_end"), None);
        assert!(
            !has_event("2024-09-30.acacia", "invoice_payment.paid")
                && has_event("2026-09-30.endive", "invoice_payment.paid")
        );
    }
}
