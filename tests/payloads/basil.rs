//! 2025-04-30.basil: the period is on the items, and an invoice and its lines name the subscription below `parent`.

use serde_json::{Value, json};

use super::{Plan, Price, is_share, list, reference};

pub(super) fn subscription(plan: &Plan, status: &str) -> Value {
    let mut subscription = plan.subscription(status);
    let item = json!({
        "id": "si_test",
        "object": "subscription_item",
        "created": plan.start,
        "current_period_end": plan.end,
        "current_period_start": plan.start,
        "discounts": [],
        "metadata": {},
        "price": plan.price_object(plan.price),
        "quantity": 1,
        "subscription": plan.id,
    });
    subscription["items"] = list(&[item]);
    subscription
}

pub(super) fn invoice(plan: &Plan, reason: &str, lines: &[Price]) -> Value {
    let mut invoice = plan.invoice(reason, lines);
    let lines: Vec<_> = lines.iter().map(|price| line(plan, *price)).collect();
    invoice["lines"] = list(&lines);
    invoice["parent"] = json!({
        "quote_details": null,
        "subscription_details": {
            "metadata": { "tier": "CORE" },
            "subscription": reference(plan.expanded, "subscription", &plan.id),
        },
        "type": "subscription_details",
    });
    invoice
}

fn line(plan: &Plan, (price, amount): Price) -> Value {
    let mut line = plan.line((price, amount));
    line["parent"] = json!({
        "invoice_item_details": null,
        "subscription_item_details": {
            "invoice_item": null,
            "proration": is_share((price, amount)),
            "subscription": plan.id,
            "subscription_item": "si_test",
        },
        "type": "subscription_item_details",
    });
    line["pricing"] = json!({
        "price_details": { "price": reference(plan.expanded, "price", price), "product": "prod_test" },
        "type": "price_details",
    });
    line
}
