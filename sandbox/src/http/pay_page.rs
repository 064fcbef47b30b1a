//! The hosted page of a checkout session: `/pay/{session}`.

use std::sync::Arc;

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
    html::{escape, is_web, money, page},
};
use crate::{
    card::{CARDS, Decline},
    checkout::{self, Refusal},
    kind::Kind,
    store::Store,
    work::{Cause, text},
};

/// What Stripe replaces in `success_url`, and the same as a URL library may have encoded it.
const PLACEHOLDERS: [&str; 2] = ["{CHECKOUT_SESSION_ID}", "%7BCHECKOUT_SESSION_ID%7D"];

/// `GET /pay/{session}`.
pub(super) async fn show(State(store): State<Arc<Store>>, Path(id): Path<String>) -> Response {
    let Some(session) = store.find(Kind::Session, &id) else {
        return unknown();
    };
    // An expired session is marked as such within a second; until then the page may still be shown, but not paid.
    if session["status"] == "open" { form(&store, &session, StatusCode::OK, None) } else { closed(&session) }
}

/// `POST /pay/{session}` with the form field `card_number`.
pub(super) async fn pay(State(store): State<Arc<Store>>, Path(id): Path<String>, body: Bytes) -> Response {
    let fields = Fields::read(&body);
    let number = fields.get("card_number");
    let paid = store.work(Cause::default(), |work| checkout::pay(work, &id, number));
    let session = store.find(Kind::Session, &id).unwrap_or_default();
    match paid {
        Ok(session) => to_success(&session),
        Err(Refusal::NoSuchSession) => unknown(),
        Err(Refusal::Closed) => closed(&session),
        Err(Refusal::Declined(decline)) => {
            form(&store, &session, StatusCode::PAYMENT_REQUIRED, Some(Failure { number, decline }))
        }
    }
}

fn to_success(session: &Value) -> Response {
    let url = success_url(session);
    let location = HeaderValue::from_str(&url).ok();
    // A URL with characters that no header carries is sent in its encoded form.
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

/// A payment that was declined a moment ago.
#[derive(Clone, Copy)]
struct Failure<'a> {
    number: &'a str,
    decline: Decline,
}

fn form(store: &Store, session: &Value, status: StatusCode, failure: Option<Failure<'_>>) -> Response {
    let (number, error, described_by) = match failure {
        None => (CARDS[0].number, String::new(), "numbers"),
        Some(Failure { number, decline }) => {
            let message = format!(
                r#"<p class="error" id="error" role="alert">{} Try another number.</p>"#,
                escape(decline.message)
            );
            (number, message, "error numbers")
        }
    };
    let is_subscription = session["mode"] == "subscription";
    let amount = money(session["amount_total"].as_i64().unwrap_or_default(), &text(session, "currency"));
    let (title, button) = if is_subscription {
        (format!("Subscribe for {amount} a month"), format!("Subscribe for {amount}"))
    } else {
        (format!("Pay {amount}"), format!("Pay {amount}"))
    };
    let main = format!(
        r#"<section aria-labelledby="order">
<h1 id="order">{title}</h1>
{order}
</section>
<section>
{error}<form method="post">
<label for="card_number">Card or bank account number</label>
<input id="card_number" name="card_number" value="{number}" inputmode="numeric" autocomplete="off" spellcheck="false" required aria-describedby="{described_by}">
<button type="submit">{button}</button>
</form>
{cancel}
</section>
<section id="numbers">
<h2>Test numbers</h2>
{numbers}
</section>"#,
        order = order(store, session, &amount),
        number = escape(number),
        cancel = cancel_link(session),
        numbers = numbers(),
    );
    page(status, &title, &main)
}

fn order(store: &Store, session: &Value, total: &str) -> String {
    let lines = store.read(|state| state.orders.get(&text(session, "id")).map(|order| order.lines.clone()));
    let row = |line: &Value| {
        let each = if line["price"]["type"] == "recurring" { " a month" } else { "" };
        let amount = money(line["amount_total"].as_i64().unwrap_or_default(), &text(line, "currency"));
        let (quantity, description) = (line["quantity"].as_i64().unwrap_or(1), escape(&text(line, "description")));
        format!(r#"<tr><th scope="row">{quantity} × {description}</th><td class="amount">{amount}{each}</td></tr>"#)
    };
    let rows: String = lines.unwrap_or_default().iter().map(row).collect();
    format!(
        r#"<table>{rows}<tr class="total"><th scope="row">Total due today</th><td class="amount">{total}</td></tr></table>"#
    )
}

fn numbers() -> String {
    let row =
        |(number, note): (&str, &str)| format!(r#"<tr><th scope="row"><code>{number}</code></th><td>{note}</td></tr>"#);
    let rows: String = CARDS.iter().map(|card| row((card.number, card.note))).collect();
    format!("<table>{rows}</table>")
}

fn cancel_link(session: &Value) -> String {
    match session["cancel_url"].as_str().filter(|url| is_web(url)) {
        Some(url) => format!(r#"<p class="quiet"><a href="{}">Cancel and go back</a></p>"#, escape(url)),
        None => String::new(),
    }
}

fn unknown() -> Response {
    let main =
        "<section><h1>No such checkout session</h1><p>The link may be mistyped, or from another sandbox.</p></section>";
    page(StatusCode::NOT_FOUND, "No such checkout session", main)
}

/// 409 once it is paid, 410 once it has expired.
fn closed(session: &Value) -> Response {
    if session["status"] != "complete" {
        let main = format!(
            "<section><h1>This checkout session has expired</h1><p>Nothing was charged. Start again from the shop.</p>{}</section>",
            cancel_link(session)
        );
        return page(StatusCode::GONE, "Expired", &main);
    }
    let url = success_url(session);
    let link = if is_web(&url) { format!(r#"<p><a href="{}">Continue</a></p>"#, escape(&url)) } else { String::new() };
    let main = format!(
        "<section><h1>This checkout session is complete</h1><p>It was paid before and cannot be paid again.</p>{link}</section>"
    );
    page(StatusCode::CONFLICT, "Complete", &main)
}
