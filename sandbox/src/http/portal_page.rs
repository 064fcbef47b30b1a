//! The page of a customer portal session: `/portal/{session}`. A customer sees the subscriptions, ends or keeps one, and
//! changes its card, as far as the session's configuration offers it.

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
    html::{escape, is_web, money, page},
};
use crate::{
    calendar,
    call::Answer,
    cancellation::Ending,
    card::{CARDS, Card},
    kind::Kind,
    on_request, portal, price,
    problem::Problem,
    state::State as Remembered,
    store::Store,
    subscription::{has_ended, period_end},
    work::{Cause, Work, text},
};

/// `GET /portal/{session}`.
pub(super) async fn show(State(store): State<Arc<Store>>, Path(id): Path<String>) -> Response {
    render(&store, &id, StatusCode::OK, "")
}

/// `POST /portal/{session}` with `action`, `subscription` and perhaps `card_number`.
pub(super) async fn act(State(store): State<Arc<Store>>, Path(id): Path<String>, body: Bytes) -> Response {
    let fields = Fields::read(&body);
    let done = store.work(Cause::default(), |work| perform(work, &id, &fields));
    match done {
        Ok(_) => (StatusCode::SEE_OTHER, [(LOCATION, format!("/portal/{id}"))]).into_response(),
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
                return Err(Problem::not_now("This portal does not take that payment method."));
            }
            on_request::change_card(work, subscription, number)
        }
        // Subscriptions are in flexible billing mode, where the portal writes the date alone.
        "cancel" => on_request::announce_end(work, subscription, &Ending::At(period_end(&own))),
        "keep" => on_request::announce_end(work, subscription, &Ending::Never),
        _ => Err(Problem::not_now("This portal does not know that.")),
    }
}

fn render(store: &Store, id: &str, status: StatusCode, problem: &str) -> Response {
    let Some(session) = store.find(Kind::PortalSession, id) else {
        let main = "<section><h1>No such portal session</h1><p>The link may be mistyped, or from another sandbox.</p></section>";
        return page(StatusCode::NOT_FOUND, "No such portal session", main);
    };
    let subscriptions = store.read(|state| {
        let own = state.all(Kind::Subscription).filter(|it| it["customer"] == session["customer"]);
        own.rev().map(|it| subscription(state, &session, it)).collect::<String>()
    });
    let subscriptions = if subscriptions.is_empty() {
        "<section><p>There is no subscription.</p></section>".to_owned()
    } else {
        subscriptions
    };
    let problem = if problem.is_empty() {
        String::new()
    } else {
        format!(r#"<p class="error" role="alert">{}</p>"#, escape(problem))
    };
    let back = match session["return_url"].as_str().filter(|url| is_web(url)) {
        Some(url) => format!(r#"<p class="quiet"><a href="{}">Go back</a></p>"#, escape(url)),
        None => String::new(),
    };
    let main = format!("<h1>Your subscriptions</h1>{problem}{subscriptions}{back}");
    page(status, "Your subscriptions", &main)
}

fn subscription(state: &Remembered, session: &Value, subscription: &Value) -> String {
    let price = &subscription["items"]["data"][0]["price"];
    let name = escape(&price::product_name(state, price));
    let amount = money(price["unit_amount"].as_i64().unwrap_or_default(), &text(price, "currency"));
    let interval = escape(&text(&price["recurring"], "interval"));
    let status = escape(&text(subscription, "status"));
    let next = if has_ended(subscription) {
        "It has ended.".to_owned()
    } else if let Some(at) = subscription["cancel_at"].as_i64() {
        format!("It ends on {}.", calendar::day(at))
    } else {
        format!("It renews on {}.", calendar::day(period_end(subscription)))
    };
    let forms = if has_ended(subscription) { String::new() } else { forms(state, session, subscription) };
    format!("<section><h2>{name}, {amount} a {interval}</h2><p>{status}. {next}</p>{forms}</section>")
}

fn forms(state: &Remembered, session: &Value, subscription: &Value) -> String {
    let id = escape(&text(subscription, "id"));
    let ending = portal::offers(state, session, "subscription_cancel").then(|| {
        let (action, label) = if subscription["cancel_at"].is_null() {
            ("cancel", "Cancel at the end of the period")
        } else {
            ("keep", "Keep the subscription")
        };
        format!(
            r#"<form method="post"><input type="hidden" name="subscription" value="{id}"><button name="action" value="{action}">{label}</button></form>"#
        )
    });
    let card = portal::offers(state, session, "payment_method_update").then(|| {
        let number = CARDS[0].number;
        format!(
            r#"<form method="post"><input type="hidden" name="subscription" value="{id}"><label for="card-{id}">Card number</label><input id="card-{id}" name="card_number" value="{number}" inputmode="numeric" autocomplete="off" required><button name="action" value="card">Change the card</button></form>"#
        )
    });
    ending.unwrap_or_default() + &card.unwrap_or_default()
}
