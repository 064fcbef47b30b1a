//! The hosted page of a checkout session: `/pay/{session}`.

use std::sync::Arc;

use askama::Template;
use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header::LOCATION},
    response::{IntoResponse as _, Response},
};
use serde_json::Value;
use url::Url;

use super::{
    form_fields::Fields,
    frame::{Line, amount, challenge, message, missing, money, respond, web_url},
    notice::{Piece, pieces},
};
use crate::{
    billing::{
        checkout::{self, Refusal},
        promotion,
    },
    resources::card::CARDS,
    store::{
        Store,
        decline::{AUTHENTICATION_FAILED, Decline},
        kind::Kind,
        work::{Cause, text},
    },
};

/// The placeholder in `success_url`, and its percent-encoded form, which URL libraries produce.
const PLACEHOLDERS: [&str; 2] = ["{CHECKOUT_SESSION_ID}", "%7BCHECKOUT_SESSION_ID%7D"];

#[derive(Template)]
#[template(path = "pay.html")]
struct Page<'a> {
    path: String,
    title: String,
    lines: Vec<Line>,
    /// The discount and the tax.
    sums: Vec<Line>,
    /// Empty where nothing is sold.
    total: String,
    accepts_codes: bool,
    /// The promotion code that was applied; empty without one.
    code: String,
    /// The promotion code that was refused, and the reason.
    refused: (&'a str, &'a str),
    notice: Vec<Piece>,
    problem: String,
    number: String,
    button: String,
    /// The payment method is saved for later charges.
    is_saved: bool,
    cancel_url: Option<String>,
}

/// `GET /pay/{session}`.
pub(crate) async fn show(State(store): State<Arc<Store>>, Path(id): Path<String>) -> Response {
    let Some(session) = store.find(Kind::Session, &id) else {
        return missing("No such checkout session");
    };
    // An expired session is marked as such within a second; until then its page may still be shown, but it cannot be paid.
    if session["status"] == "open" { form(&store, &session, StatusCode::OK, &Failure::None) } else { closed(&session) }
}

/// `POST /pay/{session}` with the form field `card_number`, or with an `action` and a `promotion_code`.
pub(crate) async fn pay(State(store): State<Arc<Store>>, Path(id): Path<String>, body: Bytes) -> Response {
    let fields = Fields::read(&body);
    let number = fields.get("card_number");
    let session = store.find(Kind::Session, &id).unwrap_or_default();
    if session["status"] == "open" {
        if !fields.get("action").is_empty() {
            return change_code(&store, &session, &fields);
        }
        if let Some(page) = challenge(number, fields.get("authentication"), &[]) {
            return page;
        }
        if fields.get("authentication") == "fail" {
            let failure = Failure::Declined { number, decline: AUTHENTICATION_FAILED };
            return form(&store, &session, StatusCode::PAYMENT_REQUIRED, &failure);
        }
    }
    let paid = store.work(Cause::default(), |work| checkout::pay(work, &id, number));
    match paid {
        Ok(session) => to_success(&session),
        Err(Refusal::NoSuchSession) => missing("No such checkout session"),
        Err(Refusal::Closed) => closed(&session),
        Err(Refusal::Declined(decline)) => {
            form(&store, &session, StatusCode::PAYMENT_REQUIRED, &Failure::Declined { number, decline })
        }
    }
}

/// Applies a promotion code, or removes the one that was applied.
fn change_code(store: &Store, session: &Value, fields: &Fields) -> Response {
    let (id, code) = (text(session, "id"), fields.get("promotion_code"));
    let changed = store.work(Cause::default(), |work| {
        if fields.get("action") == "apply" {
            return promotion::apply(work, &id, code);
        }
        promotion::remove(work, &id);
        Ok(())
    });
    match changed {
        Ok(()) => (StatusCode::SEE_OTHER, [(LOCATION, format!("/pay/{id}"))]).into_response(),
        Err(reason) => form(store, session, StatusCode::CONFLICT, &Failure::Code { code, reason }),
    }
}

fn to_success(session: &Value) -> Response {
    let url = success_url(session);
    let location = HeaderValue::from_str(&url).ok();
    // A URL with characters that a header cannot contain is sent percent-encoded.
    let location = location.or_else(|| HeaderValue::from_str(Url::parse(&url).ok()?.as_str()).ok());
    match location {
        Some(location) => (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response(),
        None => closed(session),
    }
}

fn success_url(session: &Value) -> String {
    let id = text(session, "id");
    PLACEHOLDERS.iter().fold(text(session, "success_url"), |url, placeholder| url.replace(placeholder, &id))
}

/// A failure that the page reports.
enum Failure<'a> {
    None,
    /// The payment was declined.
    Declined {
        number: &'a str,
        decline: Decline,
    },
    /// The promotion code cannot be used.
    Code {
        code: &'a str,
        reason: &'static str,
    },
}

fn form(store: &Store, session: &Value, status: StatusCode, failure: &Failure<'_>) -> Response {
    let saves = session["mode"] == "setup";
    let total = if saves { String::new() } else { amount(session, "amount_total") };
    let id = text(session, "id");
    let (lines, code, percent, keeps) = store.view(|state| {
        let order = state.orders.get(&id);
        let code = order.and_then(|order| state.find(Kind::PromotionCode, order.promotion_code.as_deref()?));
        let code = code.map(|code| text(code, "code")).unwrap_or_default();
        let keeps = order.is_some_and(|order| order.saves_method);
        (order.map(|order| order.lines.clone()).unwrap_or_default(), code, state.tax.percent, keeps)
    });
    let (title, button) = if session["mode"] == "subscription" {
        (format!("Subscribe for {total}{}", interval(&lines[0])), format!("Subscribe for {total}"))
    } else if saves {
        ("Save a payment method".to_owned(), "Save".to_owned())
    } else {
        (format!("Pay {total}"), format!("Pay {total}"))
    };
    let (problem, number) = match failure {
        Failure::Declined { number, decline } => (format!("{} Try another number.", decline.message), *number),
        Failure::None | Failure::Code { .. } => (String::new(), CARDS[0].number),
    };
    let page = Page {
        path: format!("/pay/{id}"),
        title,
        lines: lines.iter().map(line).collect(),
        sums: sums(session, &code, percent),
        total,
        accepts_codes: session["allow_promotion_codes"] == true,
        code,
        refused: if let Failure::Code { code, reason } = failure { (*code, *reason) } else { ("", "") },
        notice: pieces(session["custom_text"]["submit"]["message"].as_str().unwrap_or_default()),
        problem,
        number: number.to_owned(),
        button,
        is_saved: saves || keeps,
        cancel_url: web_url(&session["cancel_url"]),
    };
    respond(status, &page)
}

fn line(line: &Value) -> Line {
    let quantity = line["quantity"].as_i64().unwrap_or(1);
    Line {
        description: format!("{quantity} × {}", text(line, "description")),
        amount: format!("{}{}", amount(line, "amount_subtotal"), interval(line)),
    }
}

/// Returns the sums between the lines and the total: the discount and the tax.
fn sums(session: &Value, code: &str, percent: u8) -> Vec<Line> {
    let (details, currency) = (&session["total_details"], text(session, "currency"));
    let number = |object: &Value, field: &str| object[field].as_i64().unwrap_or_default();
    let (off, tax) = (number(details, "amount_discount"), number(details, "amount_tax"));
    let mut sums = Vec::new();
    let mut add = |description: String, amount: i64| sums.push(Line { description, amount: money(amount, &currency) });
    if off != 0 {
        add(if code.is_empty() { "Discount".to_owned() } else { format!("Discount {code}") }, -off);
    }
    if session["automatic_tax"]["enabled"] == true {
        let included = number(session, "amount_total") == number(session, "amount_subtotal") - off;
        let included = if included && tax != 0 { ", included" } else { "" };
        add(format!("Tax ({percent} %{included})"), tax);
    }
    sums
}

/// Returns ` a month` for a monthly price, ` every 3 months` for a quarterly one, and nothing for a one-time price.
fn interval(line: &Value) -> String {
    let recurring = &line["price"]["recurring"];
    match (recurring["interval"].as_str(), recurring["interval_count"].as_i64()) {
        (None, _) => String::new(),
        (Some(interval), None | Some(1)) => format!(" a {interval}"),
        (Some(interval), Some(count)) => format!(" every {count} {interval}s"),
    }
}

/// Renders the page of a session that is not open: 409 if it is complete, and 410 if it has expired.
fn closed(session: &Value) -> Response {
    if session["status"] != "complete" {
        let link = web_url(&session["cancel_url"]).map(|url| (url, "Go back"));
        let text = "You were not charged. Return to the shop and start again.";
        return message(StatusCode::GONE, "This checkout session has expired", text, link);
    }
    let link = web_url(&success_url(session).into()).map(|url| (url, "Continue"));
    let text = if session["mode"] == "setup" {
        "The payment method is already saved."
    } else {
        "It is already paid and cannot be paid again."
    };
    message(StatusCode::CONFLICT, "This checkout session is complete", text, link)
}
