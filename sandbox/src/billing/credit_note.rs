//! Credit notes: corrections of final invoices (docs.stripe.com/invoicing/integration/programmatic-credit-notes).
//!
//! A note on an open invoice lowers the amount that remains to be paid. A note on a paid invoice returns money: as a
//! refund, as credit on the customer's balance, or outside of Stripe.

use serde_json::{Map, Value, json};

use crate::{
    api::list,
    billing::dunning,
    resources::{
        customer, event, invoice, invoice_payment,
        payment_intent::{self, Progress},
        refund,
    },
    store::{
        kind::Kind,
        problem::{Answer, Problem},
        work::{Change, Work, text},
    },
};

/// The request for a credit note. All amounts are in minor units.
pub(crate) struct Order {
    pub(crate) invoice: Value,
    /// The lines of the note; at least one.
    pub(crate) lines: Vec<Line>,
    /// The amount of a new refund.
    pub(crate) refund: i64,
    /// Existing refunds, each with the amount of it that the note covers.
    pub(crate) refunds: Vec<(String, i64)>,
    /// The amount that is credited to the customer's balance.
    pub(crate) balance: i64,
    /// The amount that is returned outside of Stripe.
    pub(crate) out_of_band: i64,
    pub(crate) reason: Option<String>,
    pub(crate) memo: Option<String>,
    pub(crate) metadata: Map<String, Value>,
}

/// A line of a credit note.
pub(crate) struct Line {
    pub(crate) amount: i64,
    pub(crate) description: Option<String>,
    /// The id of the credited line of the invoice; `None` for a custom line.
    pub(crate) credited: Option<String>,
    pub(crate) quantity: Option<i64>,
}

impl Order {
    fn total(&self) -> i64 {
        self.lines.iter().map(|line| line.amount).sum()
    }

    fn returned(&self) -> i64 {
        let linked: i64 = self.refunds.iter().map(|(_, amount)| amount).sum();
        self.refund + linked + self.balance + self.out_of_band
    }
}

/// Issues a credit note: makes its refund, credits the balance, and updates the invoice.
pub(crate) fn issue(work: &mut Work<'_>, order: &Order) -> Answer {
    check(order)?;
    let paid = order.invoice["status"] == "paid";
    let mut refunds = order.refunds.clone();
    if order.refund > 0 {
        refunds.push((refund(work, order)?, order.refund));
    }
    let mut note = render(work, order, &refunds);
    if order.balance > 0 {
        customer::change_balance(work, &text(&order.invoice, "customer"), -order.balance);
        note["customer_balance_transaction"] = work.random("cbtxn_", 24).into();
    }
    work.put(Kind::CreditNote, note.clone());
    event::emit(work, "credit_note.created", &note);
    apply(work, &note, if paid { "post" } else { "pre" }, order.total());
    Ok(note)
}

fn check(order: &Order) -> Result<(), Problem> {
    let (total, returned) = (order.total(), order.returned());
    let number = |field: &str| order.invoice[field].as_i64().unwrap_or_default();
    let credited = number("pre_payment_credit_notes_amount") + number("post_payment_credit_notes_amount");
    let open = order.invoice["status"] == "open";
    let left = if open { number("amount_remaining") } else { number("total") - credited };
    if !open && order.invoice["status"] != "paid" {
        let message = "You can only create credit notes for open or paid invoices.";
        return Err(Problem::invalid_parameter("invoice", message));
    }
    if total <= 0 {
        return Err(Problem::invalid_parameter("amount", "The amount of a credit note must be positive."));
    }
    if total > left {
        let message =
            format!("The amount of this credit note ({total}) is greater than what can be credited ({left}).");
        return Err(Problem::invalid_parameter("amount", message));
    }
    let expected = if open { 0 } else { total };
    if returned != expected {
        let message = format!(
            "The refund, credit and out of band amounts ({returned}) must add up to the amount to return ({expected})."
        );
        return Err(Problem::malformed(message));
    }
    Ok(())
}

fn refund(work: &mut Work<'_>, order: &Order) -> Result<String, Problem> {
    let payment = invoice_payment::of_invoice(work.state, &text(&order.invoice, "id")).next_back();
    let intent = payment.map(|payment| text(&payment["payment"], "payment_intent")).unwrap_or_default();
    let refund = refund::Order {
        charge: refund::charge_of(work, "invoice", &intent)?,
        amount: Some(order.refund),
        reason: None,
        metadata: Map::new(),
    };
    Ok(text(&refund::give_back(work, &refund)?, "id"))
}

fn render(work: &Work<'_>, order: &Order, refunds: &[(String, i64)]) -> Value {
    let id = work.new_id(Kind::CreditNote);
    let (invoice, total) = (&order.invoice, order.total());
    let paid = invoice["status"] == "paid";
    let earlier = work.state.all(Kind::CreditNote).filter(|note| note["invoice"] == invoice["id"]).count();
    let lines: Vec<Value> = order.lines.iter().map(|line| render_line(work, line)).collect();
    let refund = |(id, amount): &(String, i64)| json!({ "amount_refunded": amount, "payment_record_refund": null, "refund": id, "type": "refund" });
    json!({
        "id": id,
        "object": "credit_note",
        "amount": total,
        "amount_shipping": 0,
        "created": work.now,
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "customer_account": null,
        "customer_balance_transaction": null,
        "discount_amount": 0,
        "discount_amounts": [],
        "effective_at": work.now,
        "invoice": invoice["id"],
        "lines": list::whole(&lines_url(&id), &lines),
        "livemode": false,
        "memo": order.memo,
        "metadata": order.metadata,
        "number": format!("{}-CN-{:02}", text(invoice, "number"), earlier + 1),
        "out_of_band_amount": if order.out_of_band > 0 { order.out_of_band.into() } else { Value::Null },
        "pdf": format!("{}/invoice/{}", work.state.base_url, text(invoice, "id")),
        "post_payment_amount": if paid { total } else { 0 },
        "pre_payment_amount": if paid { 0 } else { total },
        "pretax_credit_amounts": [],
        "reason": order.reason,
        "refunds": refunds.iter().map(refund).collect::<Value>(),
        "shipping_cost": null,
        "status": "issued",
        "subtotal": total,
        "subtotal_excluding_tax": total,
        "total": total,
        "total_excluding_tax": total,
        "total_taxes": [],
        "type": if paid { "post_payment" } else { "pre_payment" },
        "voided_at": null,
    })
}

/// Returns the path of a credit note's lines.
pub(crate) fn lines_url(note: &str) -> String {
    format!("/v1/credit_notes/{note}/lines")
}

fn render_line(work: &Work<'_>, line: &Line) -> Value {
    let quantity = line.quantity.unwrap_or(1).max(1);
    json!({
        "id": work.random("cnli_", 24),
        "object": "credit_note_line_item",
        "amount": line.amount,
        "description": line.description,
        "discount_amount": 0,
        "discount_amounts": [],
        "invoice_line_item": line.credited,
        "livemode": false,
        "metadata": {},
        "pretax_credit_amounts": [],
        "quantity": line.quantity,
        "tax_rates": [],
        "taxes": [],
        "type": if line.credited.is_some() { "invoice_line_item" } else { "custom_line_item" },
        "unit_amount": line.amount / quantity,
        "unit_amount_decimal": (line.amount / quantity).to_string(),
    })
}

/// Applies the amount of a credit note to its invoice. A voided note is applied with a negative amount.
fn apply(work: &mut Work<'_>, note: &Value, when: &str, amount: i64) {
    let id = text(note, "invoice");
    let field = format!("{when}_payment_credit_notes_amount");
    let change = work.change(Kind::Invoice, &id, |invoice| {
        let lower = |field: &str, by: i64| Value::from(invoice[field].as_i64().unwrap_or_default() - by);
        let sum = lower(&field, -amount);
        if when == "pre" {
            let (due, remaining) = (lower("amount_due", amount), lower("amount_remaining", amount));
            invoice["amount_due"] = due;
            invoice["amount_remaining"] = remaining;
        }
        invoice[field] = sum;
    });
    event::emit_change(work, "invoice.updated", &change);
    if when == "pre" {
        let remaining = change.after["amount_remaining"].as_i64().unwrap_or_default();
        lower_payment(work, &id, remaining);
        if remaining == 0 {
            invoice::mark_paid(work, &id);
            dunning::follow(work, &change.after, Progress::Paid);
        }
    }
}

/// Lowers the payment of an open invoice to the remaining amount.
fn lower_payment(work: &mut Work<'_>, invoice: &str, remaining: i64) {
    let Some(payment) = invoice_payment::of_invoice(work.state, invoice).next_back().cloned() else {
        return;
    };
    let intent = text(&payment["payment"], "payment_intent");
    if remaining == 0 {
        payment_intent::cancel(work, &intent);
        invoice_payment::cancel(work, &text(&payment, "id"));
        return;
    }
    work.change(Kind::InvoicePayment, &text(&payment, "id"), |payment| payment["amount_requested"] = remaining.into());
    work.change(Kind::PaymentIntent, &intent, |intent| intent["amount"] = remaining.into());
}

/// Voids a credit note. Its invoice must still be open.
pub(crate) fn void(work: &mut Work<'_>, id: &str) -> Answer {
    let note = work.state.named(Kind::CreditNote, id)?;
    let invoice = work.get(Kind::Invoice, &text(&note, "invoice"));
    if note["status"] != "issued" || note["type"] != "pre_payment" || invoice["status"] != "open" {
        return Err(Problem::not_now("You can only void an issued credit note on an open invoice."));
    }
    let now = work.now;
    let Change { after: note, .. } = work.change(Kind::CreditNote, id, |note| {
        note["status"] = "void".into();
        note["voided_at"] = now.into();
    });
    event::emit(work, "credit_note.voided", &note);
    apply(work, &note, "pre", -note["amount"].as_i64().unwrap_or_default());
    Ok(note)
}
