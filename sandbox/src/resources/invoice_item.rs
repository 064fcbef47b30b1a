//! Invoice items: charges that wait for the customer's next invoice (`docs.stripe.com/api/invoiceitems`).

use serde_json::{Value, json};

use crate::store::{
    kind::Kind,
    work::{Work, text},
};

/// Renders lines for the items that wait for an invoice of the customer: those of the subscription, and those without one.
pub(crate) fn waiting(work: &Work<'_>, customer: &Value, subscription: &Value) -> Vec<Value> {
    let waits = |item: &&Value| {
        let of = &item["parent"]["subscription_details"]["subscription"];
        let fits = of.is_null() || of == subscription;
        item["customer"] == *customer && item["invoice"].is_null() && item["deleted"] != true && fits
    };
    work.state.all(Kind::InvoiceItem).filter(waits).map(|item| line(work, item)).collect()
}

/// Adds the waiting items to an invoice, and returns their lines.
pub(crate) fn take(work: &mut Work<'_>, customer: &Value, subscription: &Value, invoice: &str) -> Vec<Value> {
    let lines = waiting(work, customer, subscription);
    for line in &lines {
        let item = text(&line["parent"]["invoice_item_details"], "invoice_item");
        work.change(Kind::InvoiceItem, &item, |item| item["invoice"] = invoice.into());
    }
    lines
}

/// Renders the invoice line of a line item of a checkout session.
pub(crate) fn of_purchase(work: &Work<'_>, bought: &Value) -> Value {
    let price = &bought["price"];
    let amount = |field: &str| bought[field].as_i64().unwrap_or_default();
    let item = json!({
        "id": work.new_id(Kind::InvoiceItem),
        "amount": amount("amount_subtotal") - amount("amount_discount"),
        "currency": bought["currency"],
        "description": bought["description"],
        "metadata": {},
        "parent": null,
        "period": { "end": work.now, "start": work.now },
        "pricing": {
            "price_details": { "price": price["id"], "product": price["product"] },
            "type": "price_details",
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
        "quantity": bought["quantity"],
        "quantity_decimal": bought["quantity"].to_string(),
    });
    line(work, &item)
}

/// Renders the invoice line of an item.
pub(crate) fn line(work: &Work<'_>, item: &Value) -> Value {
    json!({
        "id": work.random("il_", 24),
        "object": "line_item",
        "amount": item["amount"],
        "currency": item["currency"],
        "description": item["description"],
        "discount_amounts": [],
        "discountable": true,
        "discounts": [],
        "invoice": null,
        "livemode": false,
        "metadata": item["metadata"],
        "parent": {
            "invoice_item_details": {
                "invoice_item": item["id"],
                "proration": false,
                "proration_details": { "credited_items": null },
                "subscription": item["parent"]["subscription_details"]["subscription"],
            },
            "subscription_item_details": null,
            "type": "invoice_item_details",
        },
        "period": item["period"],
        "pretax_credit_amounts": [],
        "pricing": item["pricing"],
        "quantity": item["quantity"],
        "quantity_decimal": item["quantity_decimal"],
        "subtotal": item["amount"],
        "taxes": [],
    })
}
