//! The dashboard at `/`: what there is, and buttons for what may happen to it. Every button is a form of its own, so that the
//! page needs no scripts.

mod events;
mod payments;
mod subscriptions;

use std::{sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    extract::State,
    http::{StatusCode, header::LOCATION},
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};

use super::{
    form_fields::Fields,
    html::{escape, wide_page},
};
use crate::{
    calendar,
    cancellation::Ending,
    delayed_payment,
    dispute::{Outcome, Stage},
    kind::Kind,
    on_request, passing,
    problem::Problem,
    refund,
    state::State as Remembered,
    store::Store,
    work::{Cause, Work, text},
};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// `GET /`.
pub(super) async fn show(State(store): State<Arc<Store>>) -> Response {
    render(&store, StatusCode::OK, "")
}

/// `POST /` with `action` and the `id` of what it is about.
pub(super) async fn act(State(store): State<Arc<Store>>, body: Bytes) -> Response {
    let fields = Fields::read(&body);
    let done = match fields.get("action") {
        "advance" => pass(&store, fields.get("id")).await,
        "renew" => on_request::renew(&store, fields.get("id")).await.map(drop),
        action => store.work(Cause::default(), |work| perform(work, action, &fields)),
    };
    match done {
        Ok(()) => (StatusCode::SEE_OTHER, [(LOCATION, "/")]).into_response(),
        Err(problem) => render(&store, StatusCode::CONFLICT, problem.message()),
    }
}

async fn pass(store: &Store, span: &str) -> Result<(), Problem> {
    match span {
        "hour" => passing::advance(store, HOUR).await,
        "day" => passing::advance(store, DAY).await,
        "month" => {
            let month = json!({ "interval": "month" });
            passing::advance_to(store, calendar::end_of(store.clock.now(), &month, 1)).await
        }
        _ => return Err(unknown()),
    };
    Ok(())
}

fn unknown() -> Problem {
    Problem::not_now("The dashboard does not know that.")
}

fn perform(work: &mut Work<'_>, action: &str, fields: &Fields) -> Result<(), Problem> {
    let id = fields.get("id");
    let done = match action {
        "fail" => on_request::fail_next_payments(work, id, 1),
        "retry" => on_request::retry_payment(work, id),
        "card" => on_request::change_card(work, id, fields.get("number")),
        "cancel" => on_request::announce_end(work, id, &Ending::AtPeriodEnd),
        "keep" => on_request::announce_end(work, id, &Ending::Never),
        "refund" => on_request::refund(work, id, None),
        "refund_half" => half(work, id),
        "refund_arrives" => refund::settle(work, id, true),
        "refund_fails" => refund::settle(work, id, false),
        "inquiry" => on_request::dispute(work, id, Stage::Inquiry, None),
        "chargeback" => on_request::dispute(work, id, Stage::Chargeback, None),
        "won" => on_request::proceed(work, id, Outcome::Won),
        "lost" => on_request::proceed(work, id, Outcome::Lost),
        "escalated" => on_request::proceed(work, id, Outcome::Escalated),
        "warning_closed" => on_request::proceed(work, id, Outcome::WarningClosed),
        "money_arrives" | "money_fails" => delayed_payment::settle(work, id, action == "money_arrives"),
        "deliver" => return on_request::deliver_again(work, id),
        _ => Err(unknown()),
    };
    done.map(drop)
}

/// Refunds half of what is left of a charge.
fn half(work: &mut Work<'_>, id: &str) -> Result<Value, Problem> {
    let charge = work.state.named(Kind::Charge, id)?;
    let number = |field: &str| charge[field].as_i64().unwrap_or_default();
    let left = number("amount_captured") - number("amount_refunded");
    on_request::refund(work, id, Some((left / 2).max(1)))
}

fn render(store: &Store, status: StatusCode, problem: &str) -> Response {
    let now = store.clock.now();
    let ahead = store.clock.offset_seconds();
    let problem = if problem.is_empty() {
        String::new()
    } else {
        format!(r#"<p class="error" role="alert">{}</p>"#, escape(problem))
    };
    let main = store.read(|state| {
        [
            "<h1>Sandbox dashboard</h1>".to_owned(),
            problem.clone(),
            clock(now, ahead),
            subscriptions::section(state),
            payments::checkouts(state),
            payments::section(state),
            customers(state),
            events::section(state),
            events::deliveries(state),
        ]
        .concat()
    });
    wide_page(status, "Sandbox dashboard", &main)
}

fn clock(now: i64, ahead_seconds: i64) -> String {
    let buttons: String = ["hour", "day", "month"]
        .iter()
        .map(|span| button("advance", span, &format!("Advance {} {span}", if *span == "hour" { "an" } else { "a" })))
        .collect();
    let ahead = match ahead_seconds / 86_400 {
        0 => String::new(),
        1 => ", a day ahead".to_owned(),
        days => format!(", {days} days ahead"),
    };
    section("Business time", &[row(&format!("<strong>{}</strong>{ahead}", calendar::minute(now)), &buttons)], "")
}

fn customers(state: &Remembered) -> String {
    let rows: Vec<String> = state
        .all(Kind::Customer)
        .rev()
        .take(MAX_ROWS)
        .map(|customer| {
            let name = match (text(customer, "email"), customer["deleted"] == true) {
                (_, true) => "deleted".to_owned(),
                (email, _) if email.is_empty() => "no email".to_owned(),
                (email, _) => escape(&email),
            };
            row(&format!("{name} {}", code(&text(customer, "id"))), "")
        })
        .collect();
    section("Customers", &rows, "Nobody yet.")
}

/// Rows of a section at most; older ones are left to the API.
const MAX_ROWS: usize = 30;

fn section(title: &str, rows: &[String], none: &str) -> String {
    let content = if rows.is_empty() {
        format!(r#"<p class="quiet">{none}</p>"#)
    } else {
        format!(r#"<ul class="rows">{}</ul>"#, rows.concat())
    };
    format!("<section><h2>{title}</h2>{content}</section>")
}

/// Both parts are HTML already.
fn row(what: &str, buttons: &str) -> String {
    format!(r#"<li><div class="what">{what}</div><div class="actions">{buttons}</div></li>"#)
}

fn code(id: &str) -> String {
    format!("<code>{}</code>", escape(id))
}

fn tag(word: &str) -> String {
    format!(r#"<span class="tag tag-{0}">{0}</span>"#, escape(word))
}

fn button(action: &str, id: &str, label: &str) -> String {
    format!(
        r#"<form method="post"><input type="hidden" name="id" value="{}"><button name="action" value="{action}">{label}</button></form>"#,
        escape(id)
    )
}
