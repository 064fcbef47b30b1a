//! Calls on credit notes (`docs.stripe.com/api/credit_notes`).

use serde_json::Value;

use crate::{
    api::{call::Call, form::Params, list, metadata},
    billing::credit_note::{self, Line, Order, lines_url},
    resources::{event, invoice_line},
    store::{
        kind::Kind,
        problem::{Answer, Problem},
        work::{Work, text},
    },
};

const REASONS: [&str; 4] = ["duplicate", "fraudulent", "order_change", "product_unsatisfactory"];

/// Parameters of Stripe that are accepted without effect.
const WITHOUT_EFFECT: [&str; 2] = ["effective_at", "email_type"];

/// `POST /v1/credit_notes`.
pub(crate) fn create(call: &mut Call<'_>) -> Answer {
    let order = read(call)?;
    credit_note::issue(&mut call.work, &order)
}

fn read(call: &mut Call<'_>) -> Result<Order, Problem> {
    let params = &mut call.params;
    let invoice = params.required_text("invoice")?;
    let invoice = call.work.state.named_in("invoice", Kind::Invoice, &invoice)?;
    let lines = read_lines(&call.work, params, &invoice)?;
    let amount = |params: &mut Params, name: &str| match params.integer(name)?.unwrap_or_default() {
        amount if amount >= 0 => Ok(amount),
        _ => Err(Problem::invalid_parameter(name, "Amounts must not be negative.")),
    };
    let order = Order {
        lines,
        refund: amount(params, "refund_amount")?,
        refunds: read_refunds(&call.work, params)?,
        balance: amount(params, "credit_amount")?,
        out_of_band: amount(params, "out_of_band_amount")?,
        reason: params.text("reason")?,
        memo: params.text("memo")?,
        metadata: metadata::of_new(params)?,
        invoice,
    };
    if order.reason.as_deref().is_some_and(|reason| !REASONS.contains(&reason)) {
        let message = format!("Invalid reason: must be one of {}", REASONS.join(", "));
        return Err(Problem::invalid_parameter("reason", message));
    }
    params.ignore(&WITHOUT_EFFECT);
    params.finish()?;
    Ok(order)
}

fn read_lines(work: &Work<'_>, params: &mut Params, invoice: &Value) -> Result<Vec<Line>, Problem> {
    let (amount, lines) = (params.integer("amount")?, params.children("lines")?);
    match (amount, lines.is_empty()) {
        (Some(amount), true) => Ok(vec![Line { amount, description: None, credited: None, quantity: None }]),
        (None, false) => lines.into_iter().map(|line| read_line(work, line, invoice)).collect(),
        _ => Err(Problem::malformed("You must pass exactly one of `amount` and `lines`.")),
    }
}

fn read_line(work: &Work<'_>, mut params: Params, invoice: &Value) -> Result<Line, Problem> {
    let kind = params.required_text("type")?;
    let (amount, quantity) = (params.integer("amount")?, params.integer("quantity")?);
    let mut line = Line { amount: 0, description: params.text("description")?, credited: None, quantity };
    let name = params.name_of("amount");
    if kind == "invoice_line_item" {
        let id = params.required_text("invoice_line_item")?;
        let credited = invoice_line::of_invoice(work.state, &text(invoice, "id")).iter().find(|line| line["id"] == *id);
        let credited = credited.ok_or_else(|| Problem::no_such_line(&params.name_of("invoice_line_item"), &id))?;
        let share = |quantity: i64| {
            let whole = credited["quantity"].as_i64().unwrap_or(1).max(1);
            credited["amount"].as_i64().unwrap_or_default() * quantity / whole
        };
        line.amount = amount.or(quantity.map(share)).ok_or_else(|| Problem::missing_parameter(&name))?;
        line.description = line.description.or_else(|| credited["description"].as_str().map(str::to_owned));
        line.credited = Some(id);
    } else if kind == "custom_line_item" {
        let each = params.integer("unit_amount")?;
        line.amount = match (amount, each) {
            (Some(amount), None) => amount,
            (None, Some(each)) => each * quantity.unwrap_or(1),
            _ => return Err(Problem::missing_parameter(&name)),
        };
    } else {
        let message = "Invalid type: must be one of custom_line_item, invoice_line_item";
        return Err(Problem::invalid_parameter(&params.name_of("type"), message));
    }
    params.finish()?;
    Ok(line)
}

fn read_refunds(work: &Work<'_>, params: &mut Params) -> Result<Vec<(String, i64)>, Problem> {
    let mut refunds = Vec::new();
    for mut given in params.children("refunds")? {
        let id = given.required_text("refund")?;
        let refund = work.state.named_in(&given.name_of("refund"), Kind::Refund, &id)?;
        let whole = refund["amount"].as_i64().unwrap_or_default();
        let amount = given.integer("amount_refunded")?.unwrap_or(whole);
        if !(1..=whole).contains(&amount) {
            let message = "The amount must be positive and at most that of the refund.";
            return Err(Problem::invalid_parameter(&given.name_of("amount_refunded"), message));
        }
        given.ignore(&["type"]);
        given.finish()?;
        refunds.push((id, amount));
    }
    Ok(refunds)
}

/// `POST /v1/credit_notes/{id}`.
pub(crate) fn update(call: &mut Call<'_>) -> Answer {
    let id = call.id();
    call.work.state.named(Kind::CreditNote, &id)?;
    let memo = call.params.unsettable("memo")?;
    let metadata = metadata::read(&mut call.params)?;
    call.params.finish()?;
    let change = call.work.change(Kind::CreditNote, &id, |note| {
        if let Some(memo) = memo {
            note["memo"] = if memo.is_empty() { Value::Null } else { memo.into() };
        }
        metadata::apply_to(note, metadata);
    });
    if change.before != change.after {
        event::emit_change(&mut call.work, "credit_note.updated", &change);
    }
    Ok(change.after)
}

/// `POST /v1/credit_notes/{id}/void`.
pub(crate) fn void(call: &mut Call<'_>) -> Answer {
    call.params.finish()?;
    let id = call.id();
    credit_note::void(&mut call.work, &id)
}

/// `GET /v1/credit_notes`.
pub(crate) fn list(call: &mut Call<'_>) -> Answer {
    call.list(Kind::CreditNote, &[("customer", "/customer"), ("invoice", "/invoice")])
}

/// `GET /v1/credit_notes/{id}/lines`.
pub(crate) fn list_lines(call: &mut Call<'_>) -> Answer {
    let id = call.id();
    let note = call.work.state.named(Kind::CreditNote, &id)?;
    let lines = note["lines"]["data"].as_array().map_or(&[][..], Vec::as_slice);
    let page = list::page_of(&mut call.params, &lines_url(&id), lines)?;
    call.params.finish()?;
    Ok(page)
}
