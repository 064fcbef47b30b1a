//! Lines of invoices: amounts and periods (`docs.stripe.com/api/invoice-line-item`).

use serde_json::{Value, json};

use crate::{
    api::list,
    resources::{discount::Off, price},
    store::{
        calendar::Period,
        state::State,
        work::{Work, text},
    },
};

/// The content of a line.
pub(crate) struct Line<'a> {
    pub(crate) subscription: &'a Value,
    pub(crate) item: &'a Value,
    /// The amount in minor units, before discounts; a credit is negative.
    pub(crate) amount: i64,
    pub(crate) description: String,
    pub(crate) period: Period,
    /// For a proration: the invoice and the line that it credits, or null.
    pub(crate) proration_of: Option<Value>,
    /// The discounts of a proration. Those of other lines are computed with their invoice.
    pub(crate) discounts: Vec<Off>,
}

/// Renders the line that charges an item for its current period. The line of a trial costs nothing.
pub(crate) fn of_period(work: &Work<'_>, subscription: &Value, item: &Value) -> Value {
    let product = price::product_name(work.state, &item["price"]);
    let (amount, description) = if subscription["status"] == "trialing" {
        (0, format!("Trial period for {product}"))
    } else {
        let quantity = item["quantity"].as_i64().unwrap_or(1);
        let each = item["price"]["unit_amount"].as_i64().unwrap_or_default();
        let interval = text(&item["price"]["recurring"], "interval");
        let (dollars, cents) = (each / 100, each % 100);
        (full_amount(item), format!("{quantity} × {product} (at ${dollars}.{cents:02} / {interval})"))
    };
    let moment = |field: &str| item[field].as_i64().unwrap_or_default();
    let line = Line {
        subscription,
        item,
        amount,
        description,
        period: Period { start: moment("current_period_start"), end: moment("current_period_end") },
        proration_of: None,
        discounts: Vec::new(),
    };
    render(work, &line)
}

/// Stores all lines of a new invoice, and keeps the first page of them in the invoice.
pub(crate) fn keep(work: &mut Work<'_>, invoice: &mut Value) {
    let id = text(invoice, "id");
    let Value::Array(lines) = invoice["lines"]["data"].take() else { return };
    invoice["lines"] = list::embedded(&url(&id), &lines);
    work.state.invoice_lines.insert(id, lines);
}

/// Returns all lines of a stored invoice.
pub(crate) fn of_invoice<'a>(state: &'a State, invoice: &str) -> &'a [Value] {
    state.invoice_lines.get(invoice).map_or(&[], Vec::as_slice)
}

/// Returns the path of an invoice's lines.
pub(crate) fn url(invoice: &str) -> String {
    format!("/v1/invoices/{invoice}/lines")
}

/// Returns the price of an item for a whole period.
pub(crate) fn full_amount(item: &Value) -> i64 {
    item["quantity"].as_i64().unwrap_or(1) * item["price"]["unit_amount"].as_i64().unwrap_or_default()
}

/// Renders a line that is not on an invoice yet. The discounts of a proration are beside its amount or included in it, as the
/// subscription's billing mode is.
pub(crate) fn render(work: &Work<'_>, line: &Line<'_>) -> Value {
    let itemized = line.subscription["billing_mode"]["flexible"]["proration_discounts"] == "itemized";
    let off: i64 = line.discounts.iter().map(|off| off.amount).sum();
    let amount = if itemized { line.amount } else { line.amount - off };
    let shown = |off: &Off| {
        if itemized { off.render() } else { json!({ "amount": 0, "discount": off.discount }) }
    };
    let (item, quantity) = (line.item, line.item["quantity"].as_i64().unwrap_or(1));
    let invoice_item = line.proration_of.as_ref().map(|_| work.random("ii_", 24));
    json!({
        "id": work.random("il_", 24),
        "object": "line_item",
        "amount": amount,
        "currency": item["price"]["currency"],
        "description": line.description,
        "discount_amounts": line.discounts.iter().map(shown).collect::<Vec<_>>(),
        "discountable": line.proration_of.is_none(),
        "discounts": line.discounts.iter().map(|off| &off.discount).collect::<Vec<_>>(),
        "invoice": null,
        "livemode": false,
        "metadata": line.subscription["metadata"],
        "parent": {
            "invoice_item_details": null,
            "subscription_item_details": {
                "invoice_item": invoice_item,
                "proration": line.proration_of.is_some(),
                "proration_details": { "credited_items": line.proration_of },
                "subscription": line.subscription["id"],
                "subscription_item": item["id"],
            },
            "type": "subscription_item_details",
        },
        "period": { "end": line.period.end, "start": line.period.start },
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": { "price": item["price"]["id"], "product": item["price"]["product"] },
            "type": "price_details",
            "unit_amount_decimal": (amount / quantity.max(1)).to_string(),
        },
        "quantity": quantity,
        "quantity_decimal": quantity.to_string(),
        "subtotal": amount,
        "taxes": [],
    })
}
