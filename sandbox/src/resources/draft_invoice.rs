//! Lines that are added to a draft invoice after its creation.

use serde_json::Value;

use crate::{
    api::list,
    resources::{
        event, invoice_line,
        tax::{self, Taxes},
    },
    store::{kind::Kind, work::Work},
};

/// Adds a line to a draft, and computes its amounts again.
pub(crate) fn add(work: &mut Work<'_>, id: &str, mut line: Value) {
    line["invoice"] = id.into();
    let invoice = work.get(Kind::Invoice, id);
    let mut lines = invoice_line::of_invoice(work.state, id).to_vec();
    lines.push(line);
    let is_taxed = invoice["automatic_tax"]["enabled"] == true;
    let taxes = if is_taxed { tax::add_to(work, &mut lines) } else { Taxes::default() };
    let sum = |lines: &[Value], field: &str| lines.iter().filter_map(|line| line[field].as_i64()).sum::<i64>();
    let subtotal = sum(&lines, "amount");
    let off = invoice["total_discount_amounts"].as_array().map_or(0, |amounts| sum(amounts, "amount"));
    let total = subtotal - off + taxes.exclusive;
    let embedded = list::embedded(&invoice_line::url(id), &lines);
    work.state.invoice_lines.insert(id.to_owned(), lines);
    let change = work.change(Kind::Invoice, id, |invoice| {
        let due = (total + invoice["starting_balance"].as_i64().unwrap_or_default()).max(0);
        invoice["amount_due"] = due.into();
        invoice["amount_remaining"] = due.into();
        invoice["lines"] = embedded;
        invoice["subtotal"] = subtotal.into();
        invoice["subtotal_excluding_tax"] = (subtotal - taxes.inclusive).into();
        invoice["total"] = total.into();
        invoice["total_excluding_tax"] = (total - taxes.inclusive - taxes.exclusive).into();
        if is_taxed {
            invoice["total_taxes"] = tax::totals(taxes, total);
        }
    });
    event::emit_change(work, "invoice.updated", &change);
}
