//! The page of a customer portal session: `/portal/{session}`. If the session's configuration offers it, a customer can
//! cancel or keep a subscription, change its card, and see the invoices.

use std::sync::Arc;

use askama::Template;
use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{StatusCode, header::LOCATION},
    response::{IntoResponse as _, Response},
};
use serde_json::Value;

use super::{
    form_fields::Fields,
    frame::{amount, challenge, missing, respond, web_url},
};
use crate::{
    billing::cancellation::Ending,
    calls::actions,
    resources::{
        card::{CARDS, Card},
        portal, price,
        subscription::{has_ended, period_end},
    },
    store::{
        Store, calendar,
        decline::AUTHENTICATION_FAILED,
        kind::Kind,
        problem::{Answer, Problem},
        state::State as Account,
        work::{Cause, Work, text},
    },
};

#[derive(Template)]
#[template(path = "portal.html")]
struct Page<'a> {
    path: String,
    problem: &'a str,
    plans: Vec<Plan>,
    card_number: &'static str,
    /// `None` if the configuration does not offer the history.
    invoices: Option<Vec<Invoice>>,
    return_url: Option<String>,
}

/// A subscription of the customer.
struct Plan {
    id: String,
    name: String,
    state: String,
    /// The card or bank account; empty if there is none.
    method: String,
    /// The button that cancels or keeps the subscription: its action and its label.
    ending: Option<(&'static str, &'static str)>,
    takes_card: bool,
}

/// An invoice of the customer.
struct Invoice {
    id: String,
    number: String,
    state: String,
    total: String,
}

/// `GET /portal/{session}`.
pub(crate) async fn show(State(store): State<Arc<Store>>, Path(id): Path<String>) -> Response {
    render(&store, &id, StatusCode::OK, "")
}

/// `POST /portal/{session}` with `action`, `subscription` and optionally `card_number`.
pub(crate) async fn act(State(store): State<Arc<Store>>, Path(id): Path<String>, body: Bytes) -> Response {
    let fields = Fields::read(&body);
    if fields.get("action") == "card" {
        let again = [("action", "card"), ("subscription", fields.get("subscription"))];
        if let Some(page) = challenge(fields.get("card_number"), fields.get("authentication"), &again) {
            return page;
        }
    }
    let done = store.work(Cause::default(), |work| perform(work, &id, &fields));
    match done {
        Ok(_) => {
            let session = store.find(Kind::PortalSession, &id).unwrap_or_default();
            let elsewhere = web_url(&session["flow"]["after_completion"]["redirect"]["return_url"]);
            let location = elsewhere.unwrap_or_else(|| format!("/portal/{id}"));
            (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response()
        }
        Err(problem) => render(&store, &id, StatusCode::CONFLICT, problem.message()),
    }
}

fn perform(work: &mut Work<'_>, session: &str, fields: &Fields) -> Answer {
    let session = work.state.named(Kind::PortalSession, session)?;
    let subscription = fields.get("subscription");
    let own = work.state.named(Kind::Subscription, subscription)?;
    let (action, feature) = match fields.get("action") {
        "card" => ("card", "payment_method_update"),
        other => (other, "subscription_cancel"),
    };
    if own["customer"] != session["customer"] || !portal::offers(work.state, &session, feature) {
        return Err(Problem::not_now("This portal does not offer that."));
    }
    match action {
        "card" => {
            let number = fields.get("card_number");
            let method = Card::find(number).map_or("card", Card::payment_method_type);
            if !portal::takes(work.state, &session, method) {
                return Err(Problem::not_now("This portal does not accept this payment method."));
            }
            if fields.get("authentication") == "fail" {
                return Err(Problem::declined(AUTHENTICATION_FAILED));
            }
            actions::change_card(work, subscription, number)
        }
        // In flexible billing mode, the portal sets `cancel_at` and not `cancel_at_period_end`.
        "cancel" => actions::announce_end(work, subscription, &Ending::At(period_end(&own))),
        "keep" => actions::announce_end(work, subscription, &Ending::Never),
        _ => Err(Problem::not_now("This portal does not have this action.")),
    }
}

fn render(store: &Store, id: &str, status: StatusCode, problem: &str) -> Response {
    let Some(session) = store.find(Kind::PortalSession, id) else {
        return missing("No such portal session");
    };
    let canceled = &session["flow"]["subscription_cancel"]["subscription"];
    let page = store.view(|state| {
        let own = |kind| state.all(kind).rev().filter(|it| it["customer"] == session["customer"]);
        let shows_invoices = session["flow"].is_null() && portal::offers(state, &session, "invoice_history");
        let invoices = shows_invoices
            .then(|| own(Kind::Invoice).filter(|invoice| invoice["status"] != "draft").map(invoice).collect());
        Page {
            path: format!("/portal/{id}"),
            problem,
            plans: own(Kind::Subscription)
                .filter(|it| canceled.is_null() || it["id"] == *canceled)
                .map(|it| plan(state, &session, it))
                .collect(),
            card_number: CARDS[0].number,
            invoices,
            return_url: web_url(&session["return_url"]),
        }
    });
    respond(status, &page)
}

fn plan(state: &Account, session: &Value, subscription: &Value) -> Plan {
    let price = &subscription["items"]["data"][0]["price"];
    let ended = has_ended(subscription);
    let next = if ended {
        "It has ended.".to_owned()
    } else if let Some(at) = subscription["cancel_at"].as_i64() {
        format!("It ends on {}.", calendar::day(at))
    } else {
        format!("It renews on {}.", calendar::day(period_end(subscription)))
    };
    let ending = if subscription["cancel_at"].is_null() {
        ("cancel", "Cancel at the end of the period")
    } else {
        ("keep", "Keep the subscription")
    };
    // A session with a flow is for one action only.
    let flow = session["flow"]["type"].as_str();
    let offers = |feature: &str, only: &str| {
        !ended && flow.is_none_or(|flow| flow == only) && portal::offers(state, session, feature)
    };
    Plan {
        id: text(subscription, "id"),
        name: format!(
            "{}, {} a {}",
            price::product_name(state, price),
            amount(price, "unit_amount"),
            text(&price["recurring"], "interval")
        ),
        state: format!("Status: {}. {next}", text(subscription, "status")),
        method: method(state, subscription),
        ending: offers("subscription_cancel", "subscription_cancel").then_some(ending),
        takes_card: offers("payment_method_update", "payment_method_update"),
    }
}

fn method(state: &Account, subscription: &Value) -> String {
    let Some(method) = state.find(Kind::PaymentMethod, &text(subscription, "default_payment_method")) else {
        return String::new();
    };
    if method["type"] != "card" {
        return format!("bank account ending in {}", text(&method["us_bank_account"], "last4"));
    }
    let card = &method["card"];
    format!(
        "{} ending in {}, expires {}/{}",
        text(card, "brand"),
        text(card, "last4"),
        card["exp_month"],
        card["exp_year"]
    )
}

fn invoice(invoice: &Value) -> Invoice {
    let day = calendar::day(invoice["created"].as_i64().unwrap_or_default());
    Invoice {
        id: text(invoice, "id"),
        number: text(invoice, "number"),
        state: format!("{day}, {}", text(invoice, "status")),
        total: amount(invoice, "total"),
    }
}
