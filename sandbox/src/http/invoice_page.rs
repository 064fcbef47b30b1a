//! The hosted page of an invoice: `/invoice/{invoice}`, where a customer pays one that is open.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{StatusCode, header::LOCATION},
    response::{IntoResponse as _, Response},
};
use serde_json::Value;

use super::{
    form_fields::Fields,
    html::{escape, money, page},
};
use crate::{
    call::Answer,
    card::{CARDS, Card, INCORRECT_NUMBER},
    dunning, invoice,
    kind::Kind,
    payment_intent::{self, Progress},
    problem::Problem,
    store::Store,
    work::{Cause, Work, text},
};

/// `GET /invoice/{invoice}`.
pub(super) async fn show(State(store): State<Arc<Store>>, Path(id): Path<String>) -> Response {
    render(&store, &id, StatusCode::OK, "")
}

/// `POST /invoice/{invoice}` with the form field `card_number`.
pub(super) async fn pay(State(store): State<Arc<Store>>, Path(id): Path<String>, body: Bytes) -> Response {
    let fields = Fields::read(&body);
    let paid = store.work(Cause::default(), |work| charge(work, &id, fields.get("card_number")));
    match paid {
        Ok(_) => (StatusCode::SEE_OTHER, [(LOCATION, format!("/invoice/{id}"))]).into_response(),
        Err(problem) => render(&store, &id, StatusCode::PAYMENT_REQUIRED, problem.message()),
    }
}

fn charge(work: &mut Work<'_>, id: &str, number: &str) -> Answer {
    let invoice = work.state.named(Kind::Invoice, id)?;
    if invoice["status"] != "open" {
        return Err(Problem::not_now("This invoice cannot be paid any more."));
    }
    if invoice::is_processing(work.state, id) {
        return Err(Problem::not_now("A payment of this invoice is still in processing."));
    }
    let card = Card::find(number).ok_or_else(|| Problem::declined(INCORRECT_NUMBER))?;
    let method = card.save(work, &invoice["customer"]);
    if dunning::attempt_by_customer(work, id, method) == Progress::Failed {
        return Err(Problem::declined(payment_intent::last_decline(work, id)));
    }
    Ok(work.get(Kind::Invoice, id))
}

fn render(store: &Store, id: &str, status: StatusCode, problem: &str) -> Response {
    let Some(invoice) = store.find(Kind::Invoice, id).filter(|invoice| invoice["status"] != "draft") else {
        let main =
            "<section><h1>No such invoice</h1><p>The link may be mistyped, or from another sandbox.</p></section>";
        return page(StatusCode::NOT_FOUND, "No such invoice", main);
    };
    let amount = money(invoice["amount_due"].as_i64().unwrap_or_default(), &text(&invoice, "currency"));
    let title = format!("Invoice {}", escape(&text(&invoice, "number")));
    let lines = invoice["lines"]["data"].as_array().into_iter().flatten().map(line).collect::<String>();
    let problem = if problem.is_empty() {
        String::new()
    } else {
        format!(r#"<p class="error" role="alert">{}</p>"#, escape(problem))
    };
    let processing = store.read(|state| invoice::is_processing(state, id));
    let form = if processing {
        format!("<section>{problem}<p>Your payment is in processing.</p></section>")
    } else if invoice["status"] == "open" {
        let number = CARDS[0].number;
        format!(
            r#"<section>{problem}<form method="post"><label for="card_number">Card number</label><input id="card_number" name="card_number" value="{number}" inputmode="numeric" autocomplete="off" required><button type="submit">Pay {amount}</button></form></section>"#
        )
    } else {
        format!("<section>{problem}<p>It is {}.</p></section>", escape(&text(&invoice, "status")))
    };
    let main = format!(
        r#"<section><h1>{title}</h1><table>{lines}<tr class="total"><th scope="row">Total</th><td class="amount">{amount}</td></tr></table></section>{form}"#
    );
    page(status, &title, &main)
}

fn line(line: &Value) -> String {
    let amount = money(line["amount"].as_i64().unwrap_or_default(), &text(line, "currency"));
    format!(r#"<tr><th scope="row">{}</th><td class="amount">{amount}</td></tr>"#, escape(&text(line, "description")))
}
