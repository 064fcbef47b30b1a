//! Checkouts, payments, refunds and disputes on the dashboard.

use serde_json::Value;

use super::{MAX_ROWS, button, code, row, section as titled, tag};
use crate::{
    calendar,
    http::html::{escape, money},
    kind::Kind,
    state::State,
    work::text,
};

/// Sessions that wait for somebody: to be paid, or for money that is on its way.
pub(super) fn checkouts(state: &State) -> String {
    let waiting = |session: &&Value| {
        session["status"] == "open" || session["status"] == "complete" && is_processing(state, session)
    };
    let all = state.all(Kind::Session).rev().filter(waiting).take(MAX_ROWS);
    let rows: Vec<String> = all
        .map(|session| {
            let id = text(session, "id");
            let what = format!(
                "<strong>{}</strong> {} {}",
                amount(session, "amount_total"),
                tag(&text(session, "mode")),
                code(&id[..id.len().min(24)])
            );
            if session["status"] == "open" {
                return row(&what, &format!(r#"<a href="/pay/{}">Open its page</a>"#, escape(&id)));
            }
            let buttons =
                button("money_arrives", &id, "The money arrives") + &button("money_fails", &id, "The payment fails");
            row(&what, &buttons)
        })
        .collect();
    titled("Checkouts that wait", &rows, "None.")
}

fn is_processing(state: &State, session: &Value) -> bool {
    let intent = state.find(Kind::PaymentIntent, &text(session, "payment_intent"));
    intent.is_some_and(|intent| intent["status"] == "processing")
}

pub(super) fn section(state: &State) -> String {
    let mut rows = Vec::new();
    for charge in state.all(Kind::Charge).rev().take(MAX_ROWS) {
        rows.push(row(&what(state, charge), &buttons(charge)));
        let of_charge = |it: &&Value| it["charge"] == charge["id"];
        rows.extend(state.all(Kind::Refund).filter(of_charge).map(refund));
        rows.extend(state.all(Kind::Dispute).filter(of_charge).map(dispute));
    }
    titled("Payments", &rows, "None yet.")
}

fn what(state: &State, charge: &Value) -> String {
    let customer = state.find(Kind::Customer, &text(charge, "customer"));
    let email = customer.map(|customer| escape(&text(customer, "email"))).unwrap_or_default();
    let refunded = match charge["amount_refunded"].as_i64() {
        None | Some(0) => String::new(),
        Some(_) => format!(", {} refunded", amount(charge, "amount_refunded")),
    };
    let description = charge["description"].as_str().unwrap_or("Payment");
    format!(
        "<strong>{}</strong> {} {}{refunded} {email}<br><span class=\"quiet\">{}</span> {}",
        amount(charge, "amount"),
        tag(&text(charge, "status")),
        escape(description),
        calendar::minute(charge["created"].as_i64().unwrap_or_default()),
        code(&text(charge, "id"))
    )
}

fn buttons(charge: &Value) -> String {
    let id = text(charge, "id");
    let mut buttons = String::new();
    if charge["status"] != "succeeded" {
        return buttons;
    }
    if charge["refunded"] != true {
        buttons.push_str(&button("refund", &id, "Refund"));
        buttons.push_str(&button("refund_half", &id, "Refund half"));
    }
    if charge["disputed"] != true {
        buttons.push_str(&button("inquiry", &id, "Dispute: inquiry"));
        buttons.push_str(&button("chargeback", &id, "Dispute: chargeback"));
    }
    buttons
}

fn refund(refund: &Value) -> String {
    let id = text(refund, "id");
    let status = text(refund, "status");
    let buttons = match status.as_str() {
        "pending" => button("refund_arrives", &id, "It arrives") + &button("refund_fails", &id, "It fails"),
        "succeeded" => button("refund_fails", &id, "It fails after all"),
        _ => String::new(),
    };
    let what = format!("↳ Refund of {} {} {}", amount(refund, "amount"), tag(&status), code(&id));
    row(&what, &buttons)
}

fn dispute(dispute: &Value) -> String {
    let id = text(dispute, "id");
    let status = text(dispute, "status");
    let outcomes: &[(&str, &str)] = match status.as_str() {
        "needs_response" | "under_review" => &[("won", "Win it"), ("lost", "Lose it")],
        "warning_needs_response" | "warning_under_review" => {
            &[("warning_closed", "Close the inquiry"), ("escalated", "It becomes a chargeback")]
        }
        _ => &[],
    };
    let buttons: String = outcomes.iter().map(|(action, label)| button(action, &id, label)).collect();
    let what = format!("↳ Dispute over {} {} {}", amount(dispute, "amount"), tag(&status), code(&id));
    row(&what, &buttons)
}

fn amount(object: &Value, field: &str) -> String {
    money(object[field].as_i64().unwrap_or_default(), &text(object, "currency"))
}
