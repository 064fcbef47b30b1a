//! Prorations: credit for the unused time of the old price, and the new price for the same time, to the second
//! (docs.stripe.com, "Prorations").

use serde_json::{Value, json};

use crate::{
    resources::{
        invoice_item,
        invoice_line::{self, Line, full_amount},
        price,
    },
    store::{
        calendar::{self, Period},
        kind::Kind,
        work::{Work, text},
    },
};

/// Takes the lines that wait for the next invoice of a subscription: prorations, and invoice items of its customer.
pub(crate) fn take_waiting(work: &mut Work<'_>, subscription: &Value, invoice: &str) -> Vec<Value> {
    let mut lines = take_pending(work, &text(subscription, "id"));
    lines.extend(invoice_item::take(work, &subscription["customer"], &subscription["id"], invoice));
    lines
}

/// Returns the proration lines of a change of a subscription's items at a moment of the current period.
pub(crate) fn lines(work: &Work<'_>, subscription: &Value, items: &[Value], at: i64) -> Vec<Value> {
    let old = || subscription["items"]["data"].as_array().into_iter().flatten();
    let same =
        |one: &Value, other: &Value| one["price"]["id"] == other["price"]["id"] && one["quantity"] == other["quantity"];
    let find = |items: &[Value], id: &Value| items.iter().find(|item| item["id"] == *id).cloned();
    let mut lines = Vec::new();
    for item in old() {
        let new = find(items, &item["id"]);
        if new.as_ref().is_none_or(|new| !same(item, new)) {
            lines.push(credit(work, subscription, item, at));
            lines.extend(new.map(|new| debit(work, subscription, &new, at)));
        }
    }
    let added = items.iter().filter(|item| old().all(|known| known["id"] != item["id"]));
    lines.extend(added.map(|item| debit(work, subscription, item, at)));
    lines
}

fn credit(work: &Work<'_>, subscription: &Value, item: &Value, at: i64) -> Value {
    let name = price::product_name(work.state, &item["price"]);
    let line = Line {
        subscription,
        item,
        amount: -share(item, at),
        description: format!("Unused time on {name} after {}", calendar::day(at)),
        period: Period { start: at, end: item["current_period_end"].as_i64().unwrap_or_default() },
        proration_of: Some(credited(work, subscription, item)),
    };
    invoice_line::render(work, &line)
}

fn debit(work: &Work<'_>, subscription: &Value, item: &Value, at: i64) -> Value {
    let name = price::product_name(work.state, &item["price"]);
    let line = Line {
        subscription,
        item,
        amount: share(item, at),
        description: format!("Remaining time on {name} after {}", calendar::day(at)),
        period: Period { start: at, end: item["current_period_end"].as_i64().unwrap_or_default() },
        proration_of: Some(Value::Null),
    };
    invoice_line::render(work, &line)
}

/// Returns the price of the rest of the period, rounded half up.
fn share(item: &Value, at: i64) -> i64 {
    let moment = |field: &str| i128::from(item[field].as_i64().unwrap_or_default());
    let (start, end) = (moment("current_period_start"), moment("current_period_end"));
    let length = (end - start).max(1);
    let rest = (end - i128::from(at)).clamp(0, length);
    let share = (2 * i128::from(full_amount(item)) * rest + length) / (2 * length);
    i64::try_from(share).unwrap_or(i64::MAX)
}

/// Returns the invoice line that charged the credited item, or null.
fn credited(work: &Work<'_>, subscription: &Value, item: &Value) -> Value {
    let charged = |line: &&Value| {
        let parent = &line["parent"]["subscription_item_details"];
        parent["subscription_item"] == item["id"] && line["amount"].as_i64().is_some_and(|amount| amount > 0)
    };
    let invoices = work.state.all(Kind::Invoice).rev();
    let own =
        invoices.filter(|invoice| invoice["parent"]["subscription_details"]["subscription"] == subscription["id"]);
    let mut lines =
        own.flat_map(|invoice| invoice_line::of_invoice(work.state, invoice["id"].as_str().unwrap_or_default()));
    match lines.find(charged) {
        Some(line) => json!({ "invoice": line["invoice"], "invoice_line_items": [line["id"]] }),
        None => Value::Null,
    }
}

/// Keeps prorations for the next invoice.
pub(crate) fn keep(work: &mut Work<'_>, subscription: &Value, lines: Vec<Value>) {
    let pending = &mut work.state.pending_lines;
    pending.entry(text(subscription, "id")).or_default().extend(lines);
}

/// Takes the prorations that wait for the next invoice.
pub(crate) fn take_pending(work: &mut Work<'_>, subscription: &str) -> Vec<Value> {
    work.state.pending_lines.remove(subscription).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_a_period_is_charged_to_the_second() {
        let item = json!({
            "current_period_start": 0,
            "current_period_end": 3000,
            "price": { "unit_amount": 1499 },
            "quantity": 1,
        });
        assert_eq!(share(&item, 0), 1499);
        assert_eq!(share(&item, 1000), 999);
        assert_eq!(share(&item, 2999), 0);
        assert_eq!(share(&item, 9999), 0);
    }
}
