//! Prorations: credit for the unused time of the old price, and the new price for the same time, to the second. The credit
//! has the discounts that were given for what it credits, and the new price those that the subscription has now
//! (docs.stripe.com, "Prorations").

use serde_json::{Value, json};

use crate::{
    resources::{
        discount::{self, Off},
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
    let amount = share(full_amount(item), item, at);
    let charged = charged(work, subscription, item);
    let mut discounts = charged.map(|line| unused(work, line, item, at)).unwrap_or_default();
    for off in &mut discounts {
        off.amount = -off.amount;
    }
    let line = Line {
        subscription,
        item,
        amount: -amount,
        description: format!("Unused time on {name} after {}", calendar::day(at)),
        period: rest(item, at),
        proration_of: Some(
            charged
                .map_or(Value::Null, |line| json!({ "invoice": line["invoice"], "invoice_line_items": [line["id"]] })),
        ),
        discounts,
    };
    invoice_line::render(work, &line)
}

fn debit(work: &Work<'_>, subscription: &Value, item: &Value, at: i64) -> Value {
    let name = price::product_name(work.state, &item["price"]);
    let line = Line {
        subscription,
        item,
        amount: share(full_amount(item), item, at),
        description: format!("Remaining time on {name} after {}", calendar::day(at)),
        period: rest(item, at),
        proration_of: Some(Value::Null),
        discounts: discounted(work, &discount::current(work, subscription), item, at),
    };
    invoice_line::render(work, &line)
}

fn rest(item: &Value, at: i64) -> Period {
    Period { start: at, end: item["current_period_end"].as_i64().unwrap_or_default() }
}

/// Returns the part of an amount for the rest of the period, rounded half up.
fn share(amount: i64, item: &Value, at: i64) -> i64 {
    let moment = |field: &str| i128::from(item[field].as_i64().unwrap_or_default());
    let (start, end) = (moment("current_period_start"), moment("current_period_end"));
    let length = (end - start).max(1);
    let rest = (end - i128::from(at)).clamp(0, length);
    part(amount, rest, length)
}

fn part(amount: i64, of: i128, whole: i128) -> i64 {
    let share = (2 * i128::from(amount) * of + whole) / (2 * whole);
    i64::try_from(share).unwrap_or(i64::MAX)
}

/// Returns the discounts of the rest of the period.
fn discounted(work: &Work<'_>, discounts: &[Value], item: &Value, at: i64) -> Vec<Off> {
    let mut off = discount::off(work, discounts, full_amount(item));
    for off in &mut off {
        off.amount = share(off.amount, item, at);
    }
    off
}

/// Returns the discounts of the unused part of what a line has charged: no more is credited than was paid. A proration that
/// includes its discounts names them without their amounts.
fn unused(work: &Work<'_>, charged: &Value, item: &Value, at: i64) -> Vec<Off> {
    let amount = charged["amount"].as_i64().unwrap_or_default();
    let mut off = Off::of_line(charged);
    if charged["discountable"] == false && off.iter().all(|off| off.amount == 0) {
        let named: Vec<Value> =
            off.iter().map(|off| work.get(Kind::Discount, off.discount.as_str().unwrap_or_default())).collect();
        return discounted(work, &named, item, at);
    }
    let credited = share(full_amount(item), item, at);
    for off in &mut off {
        off.amount = part(off.amount, credited.into(), amount.max(1).into());
    }
    off
}

/// Returns the newest invoice line that charged an item. The invoice of a pending update has charged nothing yet.
fn charged<'a>(work: &'a Work<'_>, subscription: &Value, item: &Value) -> Option<&'a Value> {
    let pending = if subscription["pending_update"].is_null() { &Value::Null } else { &subscription["latest_invoice"] };
    let own = |invoice: &&Value| {
        let of = &invoice["parent"]["subscription_details"]["subscription"];
        *of == subscription["id"] && invoice["status"] != "void" && invoice["id"] != *pending
    };
    let charges = |line: &&Value| {
        let parent = &line["parent"]["subscription_item_details"];
        let is_credit = !parent["proration_details"]["credited_items"].is_null();
        let is_free = line["amount"] == 0 && line["discounts"].as_array().is_none_or(Vec::is_empty);
        parent["subscription_item"] == item["id"] && !is_credit && !is_free
    };
    let invoices = work.state.all(Kind::Invoice).rev().filter(own);
    let mut lines =
        invoices.flat_map(|invoice| invoice_line::of_invoice(work.state, invoice["id"].as_str().unwrap_or_default()));
    lines.find(charges)
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
        });
        let rest_at = |at| share(1499, &item, at);
        assert_eq!([0, 1000, 2999, 9999].map(rest_at), [1499, 999, 0, 0]);
    }
}
