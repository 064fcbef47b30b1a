//! The hosted page of an invoice: `/invoice/{invoice}`, where a customer can pay an open invoice, and its PDF.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    http::{
        StatusCode,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION},
    },
    response::{IntoResponse as _, Response},
};
use serde_json::Value;
use url::Url;

use super::{
    form_fields::Fields,
    frame::{Line, amount, challenge, missing, money, respond, web_url},
    visit::{Origin, Visit},
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
        state::State as Account,
        work::{Cause, Work, text},
    },
};

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
    /// The page on which the customer confirms the last payment, and the end of the card's number.
    confirmation: Option<(String, String)>,
    back: Option<&'a str>,
    /// The page of the merchant.
    merchant: Option<String>,
}

/// `GET /invoice/{invoice}`.
pub(crate) async fn show(visit: Visit) -> Response {
    render(&visit, StatusCode::OK, "")
}

/// `POST /invoice/{invoice}` with the form field `card_number`.
pub(crate) async fn pay(visit: Visit) -> Response {
    let Visit { store, id, origin, fields } = &visit;
    if let Some(page) = challenge(fields.get("card_number"), fields.get("authentication"), &[]) {
        return page;
    }
    match store.work(Cause::default(), |work| charge(work, id, fields)) {
        Ok(_) => (StatusCode::SEE_OTHER, [(LOCATION, origin.lead_to(id))]).into_response(),
        Err(problem) => render(&visit, StatusCode::PAYMENT_REQUIRED, problem.message()),
    }
}

/// Returns the merchant's page that a customer returns to: the one of their newest portal session, or else the site of
/// their newest checkout.
fn merchant(state: &Account, customer: &Value) -> Option<String> {
    let newest = |kind| state.all(kind).rev().filter(|session| session["customer"] == *customer);
    let of_portal = newest(Kind::PortalSession).find_map(|session| web_url(&session["return_url"]));
    let site = || {
        let url = newest(Kind::Session).find_map(|session| web_url(&session["success_url"]))?;
        Some(format!("{}/", Url::parse(&url).ok()?.origin().ascii_serialization()))
    };
    of_portal.or_else(site)
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

fn render(Visit { store, id, origin, .. }: &Visit, status: StatusCode, problem: &str) -> Response {
    let Some(invoice) = store.find(Kind::Invoice, id).filter(|invoice| invoice["status"] != "draft") else {
        return missing("No such invoice");
    };
    let (processing, confirmation, merchant) = store.view(|state| {
        let confirmation = confirmation(state, &invoice, origin);
        (invoice::is_processing(state, id), confirmation, merchant(state, &invoice["customer"]))
    });
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
        confirmation,
        back: origin.own(),
        merchant,
    };
    respond(status, &page)
}

/// Returns the page on which the customer confirms the last payment of an open invoice, and the end of the card's number.
fn confirmation(state: &Account, invoice: &Value, origin: &Origin) -> Option<(String, String)> {
    let intent = payment_intent::of_invoice(state, &text(invoice, "id"));
    if invoice["status"] != "open" || intent["status"] != "requires_action" {
        return None;
    }
    let method = state.find(Kind::PaymentMethod, &text(&intent, "payment_method"))?;
    let page = format!("/authenticate/{}{}", text(&intent, "id"), origin.query());
    Some((page, text(&method["card"], "last4")))
}

fn lines(store: &Store, id: &str) -> Vec<Line> {
    let line = |line: &Value| Line { description: text(line, "description"), amount: amount(line, "amount") };
    store.view(|state| invoice_line::of_invoice(state, id).iter().map(line).collect())
}

/// Returns the sums below the lines: the total, and the sums that differ from it.
fn sums(invoice: &Value) -> Vec<Line> {
    let number = |field: &str| invoice[field].as_i64().unwrap_or_default();
    let mut sums = Vec::new();
    let mut push = |description: &str, amount: String| {
        sums.push(Line { description: description.to_owned(), amount });
    };
    let total_of = |field: &str| -> i64 {
        invoice[field].as_array().into_iter().flatten().filter_map(|entry| entry["amount"].as_i64()).sum()
    };
    let (off, tax) = (total_of("total_discount_amounts"), total_of("total_taxes"));
    if off != 0 || tax != 0 {
        push("Subtotal", amount(invoice, "subtotal"));
    }
    let currency = text(invoice, "currency");
    if off != 0 {
        push("Discount", money(-off, &currency));
    }
    if tax != 0 {
        let included = number("total") == number("subtotal") - off;
        push(if included { "Tax, included" } else { "Tax" }, money(tax, &currency));
    }
    let mut add = |description: &str, field: &str| push(description, amount(invoice, field));
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
