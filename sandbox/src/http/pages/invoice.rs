//! The hosted page of an invoice: `/invoice/{invoice}`, where a customer can pay an open invoice, and its PDF.

use std::sync::Arc;

use askama::Template;
use axum::{
    body::Bytes,
    extract::{Path, Query, State},
    http::{
        StatusCode,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION},
    },
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use serde_json::Value;

use super::{
    form_fields::Fields,
    frame::{Line, amount, challenge, missing, respond},
};
use crate::{
    billing::dunning,
    http::pdf::{self, Row},
    resources::{
        card::{CARDS, Card},
        invoice, invoice_line,
        payment_intent::{self, Progress},
    },
    store::{
        Store, calendar,
        decline::{AUTHENTICATION_FAILED, INCORRECT_NUMBER},
        kind::Kind,
        problem::{Answer, Problem},
        work::{Cause, Work, text},
    },
};

/// The page that a visitor came from.
#[derive(Deserialize)]
pub(crate) struct Origin {
    #[serde(default)]
    back: String,
}

#[derive(Template)]
#[template(path = "invoice.html")]
struct Page<'a> {
    id: &'a str,
    number: String,
    state: String,
    lines: Vec<Line>,
    sums: Vec<Line>,
    due: String,
    payable: bool,
    problem: &'a str,
    card_number: &'static str,
    back: Option<&'a str>,
}

/// `GET /invoice/{invoice}`.
pub(crate) async fn show(
    State(store): State<Arc<Store>>,
    Path(id): Path<String>,
    Query(origin): Query<Origin>,
) -> Response {
    render(&store, &id, StatusCode::OK, "", &origin)
}

/// `POST /invoice/{invoice}` with the form field `card_number`.
pub(crate) async fn pay(
    State(store): State<Arc<Store>>,
    Path(id): Path<String>,
    Query(origin): Query<Origin>,
    body: Bytes,
) -> Response {
    let fields = Fields::read(&body);
    if let Some(page) = challenge(fields.get("card_number"), fields.get("authentication")) {
        return page;
    }
    match store.work(Cause::default(), |work| charge(work, &id, &fields)) {
        Ok(_) => {
            let back = if is_own(&origin.back) { format!("?back={}", origin.back) } else { String::new() };
            (StatusCode::SEE_OTHER, [(LOCATION, format!("/invoice/{id}{back}"))]).into_response()
        }
        Err(problem) => render(&store, &id, StatusCode::PAYMENT_REQUIRED, problem.message(), &origin),
    }
}

/// Returns `true` for a page of the sandbox: other pages are not linked.
fn is_own(path: &str) -> bool {
    path == "/" || path.starts_with("/portal/")
}

fn charge(work: &mut Work<'_>, id: &str, fields: &Fields) -> Answer {
    let invoice = work.state.named(Kind::Invoice, id)?;
    if invoice["status"] != "open" {
        return Err(Problem::not_now("This invoice can no longer be paid."));
    }
    if invoice::is_processing(work.state, id) {
        return Err(Problem::not_now("A payment of this invoice is in processing."));
    }
    let card = Card::find(fields.get("card_number")).ok_or_else(|| Problem::declined(INCORRECT_NUMBER))?;
    if fields.get("authentication") == "fail" {
        return Err(Problem::declined(AUTHENTICATION_FAILED));
    }
    let method = card.save(work, &invoice["customer"]);
    if dunning::attempt_by_customer(work, id, method) == Progress::Failed {
        return Err(Problem::declined(payment_intent::last_decline(work, id)));
    }
    Ok(work.get(Kind::Invoice, id))
}

fn render(store: &Store, id: &str, status: StatusCode, problem: &str, origin: &Origin) -> Response {
    let Some(invoice) = store.find(Kind::Invoice, id).filter(|invoice| invoice["status"] != "draft") else {
        return missing("No such invoice");
    };
    let processing = store.view(|state| invoice::is_processing(state, id));
    let page = Page {
        id,
        number: text(&invoice, "number"),
        state: state(&invoice, processing),
        lines: lines(store, id),
        sums: sums(&invoice),
        due: amount(&invoice, "amount_remaining"),
        payable: invoice["status"] == "open" && !processing,
        problem,
        card_number: CARDS[0].number,
        back: is_own(&origin.back).then_some(&origin.back),
    };
    respond(status, &page)
}

fn lines(store: &Store, id: &str) -> Vec<Line> {
    let line = |line: &Value| Line { description: text(line, "description"), amount: amount(line, "amount") };
    store.view(|state| invoice_line::of_invoice(state, id).iter().map(line).collect())
}

/// Returns the sums below the lines: the total, and the sums that differ from it.
fn sums(invoice: &Value) -> Vec<Line> {
    let number = |field: &str| invoice[field].as_i64().unwrap_or_default();
    let mut sums = Vec::new();
    let mut add = |description: &str, field: &str| {
        sums.push(Line { description: description.to_owned(), amount: amount(invoice, field) });
    };
    if number("subtotal") != number("total") {
        add("Subtotal", "subtotal");
    }
    add("Total", "total");
    if number("pre_payment_credit_notes_amount") + number("post_payment_credit_notes_amount") != 0 {
        let field = if number("pre_payment_credit_notes_amount") != 0 { "pre" } else { "post" };
        add("Credited", &format!("{field}_payment_credit_notes_amount"));
    }
    if number("amount_due") != number("total") {
        add("Amount due", "amount_due");
    }
    sums
}

fn state(invoice: &Value, processing: bool) -> String {
    let moment = |field: &str| calendar::day(invoice["status_transitions"][field].as_i64().unwrap_or_default());
    match invoice["status"].as_str() {
        Some("paid") => format!("Paid on {}.", moment("paid_at")),
        Some("void") => format!("Voided on {}.", moment("voided_at")),
        Some("uncollectible") => "This invoice is no longer collected.".to_owned(),
        _ if processing => "The payment is in processing. This takes a few days.".to_owned(),
        _ => format!("Open since {}.", moment("finalized_at")),
    }
}

/// `GET /invoice/{invoice}/pdf`.
pub(crate) async fn download(State(store): State<Arc<Store>>, Path(id): Path<String>) -> Response {
    let Some(invoice) = store.find(Kind::Invoice, &id).filter(|invoice| invoice["status"] != "draft") else {
        return missing("No such invoice");
    };
    let number = text(&invoice, "number");
    let head = [
        format!("Invoice {number}"),
        format!("To {}", text(&invoice, "customer_email")),
        state(&invoice, false),
        String::new(),
    ]
    .map(|left| Row { left, right: String::new() });
    let table = lines(&store, &id).into_iter().chain(sums(&invoice));
    let table = table.map(|line| Row { left: line.description, right: line.amount });
    let rows: Vec<_> = head.into_iter().chain(table).collect();
    let name = format!("inline; filename=\"invoice-{number}.pdf\"");
    ([(CONTENT_TYPE, "application/pdf".to_owned()), (CONTENT_DISPOSITION, name)], pdf::render(&rows)).into_response()
}
