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
    frame::{Line, amount, challenge, message, missing, respond, web_url},
};
use crate::{
    billing::checkout::{self, Refusal},
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
struct Page {
    title: String,
    lines: Vec<Line>,
    total: String,
    problem: String,
    number: String,
    button: String,
    cancel_url: Option<String>,
}

/// `GET /pay/{session}`.
pub(crate) async fn show(State(store): State<Arc<Store>>, Path(id): Path<String>) -> Response {
    let Some(session) = store.find(Kind::Session, &id) else {
        return missing("No such checkout session");
    };
    // An expired session is marked as such within a second; until then its page may still be shown, but it cannot be paid.
    if session["status"] == "open" { form(&store, &session, StatusCode::OK, None) } else { closed(&session) }
}

/// `POST /pay/{session}` with the form field `card_number`.
pub(crate) async fn pay(State(store): State<Arc<Store>>, Path(id): Path<String>, body: Bytes) -> Response {
    let fields = Fields::read(&body);
    let number = fields.get("card_number");
    let session = store.find(Kind::Session, &id).unwrap_or_default();
    if session["status"] == "open" {
        if let Some(page) = challenge(number, fields.get("authentication")) {
            return page;
        }
        if fields.get("authentication") == "fail" {
            let failure = Failure { number, decline: AUTHENTICATION_FAILED };
            return form(&store, &session, StatusCode::PAYMENT_REQUIRED, Some(failure));
        }
    }
    let paid = store.work(Cause::default(), |work| checkout::pay(work, &id, number));
    match paid {
        Ok(session) => to_success(&session),
        Err(Refusal::NoSuchSession) => missing("No such checkout session"),
        Err(Refusal::Closed) => closed(&session),
        Err(Refusal::Declined(decline)) => {
            form(&store, &session, StatusCode::PAYMENT_REQUIRED, Some(Failure { number, decline }))
        }
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

/// A declined payment, which the page reports.
#[derive(Clone, Copy)]
struct Failure<'a> {
    number: &'a str,
    decline: Decline,
}

fn form(store: &Store, session: &Value, status: StatusCode, failure: Option<Failure<'_>>) -> Response {
    let total = amount(session, "amount_total");
    let lines = store.view(|state| state.orders.get(&text(session, "id")).map(|order| order.lines.clone()));
    let lines = lines.unwrap_or_default();
    let (title, button) = if session["mode"] == "subscription" {
        (format!("Subscribe for {total}{}", interval(&lines[0])), format!("Subscribe for {total}"))
    } else {
        (format!("Pay {total}"), format!("Pay {total}"))
    };
    let page = Page {
        title,
        lines: lines.iter().map(line).collect(),
        total,
        problem: failure.map(|failure| format!("{} Try another number.", failure.decline.message)).unwrap_or_default(),
        number: failure.map_or(CARDS[0].number, |failure| failure.number).to_owned(),
        button,
        cancel_url: web_url(&session["cancel_url"]),
    };
    respond(status, &page)
}

fn line(line: &Value) -> Line {
    let quantity = line["quantity"].as_i64().unwrap_or(1);
    Line {
        description: format!("{quantity} × {}", text(line, "description")),
        amount: format!("{}{}", amount(line, "amount_total"), interval(line)),
    }
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
    let text = "It is already paid and cannot be paid again.";
    message(StatusCode::CONFLICT, "This checkout session is complete", text, link)
}
