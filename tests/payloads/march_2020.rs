//! 2020-03-02: the period is on the subscription, and an invoice and its lines name the subscription themselves.

use serde_json::{Value, json};

use super::{Plan, Price, full, is_share, list, reference};

pub(super) fn subscription(plan: &Plan, status: &str) -> Value {
    let mut subscription = plan.subscription(status);
    let item = json!({
        "id": "si_test",
        "object": "subscription_item",
        "created": plan.start,
        "plan": old_plan(plan.price),
        "price": plan.price_object(plan.price),
        "quantity": 1,
        "subscription": plan.id,
    });
    subscription["current_period_start"] = plan.start.into();
    subscription["current_period_end"] = plan.end.into();
    subscription["items"] = list(&[item]);
    subscription["plan"] = old_plan(plan.price);
    subscription["quantity"] = 1.into();
    subscription
}

pub(super) fn invoice(plan: &Plan, reason: &str, lines: &[Price]) -> Value {
    let mut invoice = plan.invoice(reason, lines);
    let lines: Vec<_> = lines.iter().map(|price| line(plan, *price)).collect();
    invoice["lines"] = list(&lines);
    invoice["paid"] = true.into();
    let payment = invoice["id"].as_str().unwrap().replace("in_", "pi_");
    invoice["payment_intent"] = reference(plan.expanded, "payment_intent", &payment);
    invoice["subscription"] = reference(plan.expanded, "subscription", &plan.id);
    invoice
}

fn line(plan: &Plan, price: Price) -> Value {
    let mut line = plan.line(price);
    line["plan"] = old_plan((price.0, full(price)));
    line["price"] = plan.price_object((price.0, full(price)));
    line["proration"] = is_share(price).into();
    line["subscription"] = reference(plan.expanded, "subscription", &plan.id);
    line["subscription_item"] = "si_test".into();
    line["type"] = "subscription".into();
    line
}

fn old_plan((id, amount): Price) -> Value {
    json!({ "id": id, "object": "plan", "amount": amount, "currency": "usd", "interval": "month" })
}

pub(super) fn session(mut session: Value) -> Value {
    session["display_items"] = json!([]);
    session["payment_method_types"] = json!(["card"]);
    session
}
