//! The rows of the dashboard, by section.

use serde_json::Value;

use super::section::{Row, Section, View};
use crate::{
    http::pages::frame::amount,
    resources::{
        invoice, price,
        subscription::{has_ended, period_end},
    },
    store::{calendar, kind::Kind, state::State, work::text},
};

/// Renders all sections, in their order on the page.
pub(super) fn sections(state: &State, view: &View) -> Vec<Section> {
    let newest = |kind| state.all(kind).rev();
    let waiting = newest(Kind::Session).filter(|session| session["status"] == "open" || is_processing(state, session));
    let subscriptions = ("subscriptions", "Subscriptions", "None yet. Create a checkout session and pay it.");
    vec![
        view.section(subscriptions, state, newest(Kind::Subscription), |it| vec![subscription(state, it)]),
        view.section(("checkouts", "Pending checkouts", "None."), state, waiting, |it| vec![checkout(it)]),
        view.section(("payments", "Payments", "None yet."), state, newest(Kind::Charge), |it| payment(state, it)),
        view.section(("invoices", "Invoices", "None yet."), state, newest(Kind::Invoice), |it| vec![bill(state, it)]),
        view.section(("customers", "Customers", "None yet."), state, newest(Kind::Customer), |it| vec![customer(it)]),
        view.section(("cards", "Saved payment methods", "None."), state, saved(state), |it| vec![method(state, it)]),
        view.section(("events", "Events", "None yet."), state, newest(Kind::Event), |it| vec![event(it)]),
        deliveries(state),
    ]
}

fn moment(object: &Value, field: &str) -> i64 {
    object[field].as_i64().unwrap_or_default()
}

fn email(state: &State, object: &Value) -> String {
    state.find(Kind::Customer, &text(object, "customer")).map_or_else(String::new, |customer| text(customer, "email"))
}

fn subscription(state: &State, subscription: &Value) -> Row {
    let price = &subscription["items"]["data"][0]["price"];
    let id = text(subscription, "id");
    let time = if has_ended(subscription) {
        format!("ended {}", calendar::day(moment(subscription, "ended_at")))
    } else if let Some(at) = subscription["cancel_at"].as_i64() {
        format!("ends {}", calendar::day(at))
    } else {
        format!("renews {}", calendar::day(period_end(subscription)))
    };
    let method = state.find(Kind::PaymentMethod, &text(subscription, "default_payment_method"));
    let method = method.map(|method| {
        let kind = text(method, "type");
        format!("{} {}", if kind == "card" { "card" } else { "bank account" }, text(&method[kind.as_str()], "last4"))
    });
    let failing = state.failing.get(&id).filter(|times| **times > 0).map(|_| "the next payment will fail".to_owned());
    let scheduled = subscription["schedule"].as_str().map(|_| "has a schedule".to_owned());
    let notes: Vec<String> = [Some(time), method, failing, scheduled].into_iter().flatten().collect();
    let mut row = Row {
        id,
        title: price::product_name(state, price),
        tag: text(subscription, "status"),
        text: format!(
            "{} a {} {}",
            amount(price, "unit_amount"),
            text(&price["recurring"], "interval"),
            email(state, subscription)
        ),
        note: notes.join(", "),
        ..Row::default()
    };
    if !has_ended(subscription) {
        row.takes_card = true;
        let latest = text(subscription, "latest_invoice");
        let is_open = state.find(Kind::Invoice, &latest).is_some_and(|invoice| invoice["status"] == "open");
        let ending =
            if subscription["cancel_at"].is_null() { ("cancel", "Cancel at period end") } else { ("keep", "Keep it") };
        row.buttons.push(("renew", "Renew now"));
        if is_open && !invoice::is_processing(state, &latest) {
            row.buttons.push(("retry", "Retry the payment"));
        }
        row.buttons.extend([("fail", "Fail the next payment"), ending]);
    }
    row
}

/// Returns `true` while the payment of a session is in processing.
fn is_processing(state: &State, session: &Value) -> bool {
    let intent = state.find(Kind::PaymentIntent, &text(session, "payment_intent"));
    intent.is_some_and(|intent| intent["status"] == "processing")
}

fn checkout(session: &Value) -> Row {
    let id = text(session, "id");
    let open = session["status"] == "open";
    Row {
        title: if session["mode"] == "setup" { "Nothing".to_owned() } else { amount(session, "amount_total") },
        tag: text(session, "mode"),
        text: text(session, "customer_email"),
        note: calendar::minute(moment(session, "created")),
        links: if open { vec![(format!("/pay/{id}"), "Open page")] } else { Vec::new() },
        buttons: if open { Vec::new() } else { DELAYED.to_vec() },
        id,
        ..Row::default()
    }
}

/// Buttons of a payment in processing.
const DELAYED: [(&str, &str); 2] = [("succeeds", "The payment succeeds"), ("bounces", "The payment fails")];

fn bill(state: &State, invoice: &Value) -> Row {
    let id = text(invoice, "id");
    let processing = invoice["status"] == "open" && invoice::is_processing(state, &id);
    let number = text(invoice, "number");
    Row {
        title: amount(invoice, "total"),
        tag: if processing { "processing".to_owned() } else { text(invoice, "status") },
        text: format!("{number} {}", email(state, invoice)),
        note: calendar::minute(moment(invoice, "created")),
        links: if number.is_empty() { Vec::new() } else { vec![(format!("/invoice/{id}?back=/"), "Open page")] },
        buttons: if processing { DELAYED.to_vec() } else { Vec::new() },
        id,
        ..Row::default()
    }
}

/// Renders a payment, with its refunds and disputes below.
fn payment(state: &State, charge: &Value) -> Vec<Row> {
    let refunded = match charge["amount_refunded"].as_i64() {
        None | Some(0) => String::new(),
        Some(_) => format!(", {} refunded", amount(charge, "amount_refunded")),
    };
    let mut row = Row {
        id: text(charge, "id"),
        title: amount(charge, "amount"),
        tag: text(charge, "status"),
        text: format!("{}{refunded} {}", charge["description"].as_str().unwrap_or("Payment"), email(state, charge)),
        note: calendar::minute(moment(charge, "created")),
        ..Row::default()
    };
    if charge["status"] == "succeeded" {
        if charge["refunded"] != true {
            row.buttons.extend([("refund", "Refund"), ("refund_half", "Refund half")]);
        }
        if charge["disputed"] != true {
            row.buttons.extend([("inquiry", "Dispute: inquiry"), ("chargeback", "Dispute: chargeback")]);
        }
    }
    let of_charge = |it: &&Value| it["charge"] == charge["id"];
    let refunds = state.all(Kind::Refund).filter(of_charge).map(refund);
    let disputes = state.all(Kind::Dispute).filter(of_charge).map(dispute);
    std::iter::once(row).chain(refunds).chain(disputes).collect()
}

fn refund(refund: &Value) -> Row {
    let buttons: &[(&str, &str)] = match refund["status"].as_str() {
        Some("pending") => &[("refund_arrives", "The refund succeeds"), ("refund_fails", "The refund fails")],
        Some("succeeded") => &[("refund_fails", "The refund fails")],
        _ => &[],
    };
    child("Refund", refund, buttons)
}

fn dispute(dispute: &Value) -> Row {
    let buttons: &[(&str, &str)] = match dispute["status"].as_str() {
        Some("needs_response" | "under_review") => &[("won", "Win it"), ("lost", "Lose it")],
        Some("warning_needs_response" | "warning_under_review") => {
            &[("warning_closed", "Close the inquiry"), ("escalated", "Make it a chargeback")]
        }
        _ => &[],
    };
    child("Dispute", dispute, buttons)
}

fn child(name: &str, object: &Value, buttons: &[(&'static str, &'static str)]) -> Row {
    Row {
        id: text(object, "id"),
        title: format!("{name} of {}", amount(object, "amount")),
        tag: text(object, "status"),
        is_child: true,
        buttons: buttons.to_vec(),
        ..Row::default()
    }
}

fn customer(customer: &Value) -> Row {
    let title = match (text(customer, "email"), customer["deleted"] == true) {
        (_, true) => "Deleted".to_owned(),
        (email, _) if email.is_empty() => "No email".to_owned(),
        (email, _) => email,
    };
    let id = text(customer, "id");
    let links = vec![(format!("/object/{id}"), "Data")];
    Row { id, title, text: text(customer, "name"), links, ..Row::default() }
}

/// Returns the payment methods that customers have saved, newest first.
fn saved(state: &State) -> impl Iterator<Item = &Value> {
    state.all(Kind::PaymentMethod).rev().filter(|method| !method["customer"].is_null())
}

fn method(state: &State, method: &Value) -> Row {
    let (id, kind) = (text(method, "id"), text(method, "type"));
    let customer = state.find(Kind::Customer, &text(method, "customer"));
    let is_default =
        customer.is_some_and(|customer| customer["invoice_settings"]["default_payment_method"] == method["id"]);
    let name = if kind == "card" { text(&method["card"], "brand") } else { "bank account".to_owned() };
    Row {
        title: format!("{name} {}", text(&method[kind.as_str()], "last4")),
        tag: if is_default { "default".to_owned() } else { String::new() },
        text: email(state, method),
        note: calendar::minute(moment(method, "created")),
        links: vec![(format!("/object/{id}"), "Data")],
        buttons: vec![("detach", "Detach")],
        id,
        ..Row::default()
    }
}

fn event(event: &Value) -> Row {
    let undelivered = event["pending_webhooks"].as_i64().is_some_and(|waiting| waiting > 0);
    Row {
        id: text(event, "id"),
        title: text(event, "type"),
        tag: if undelivered { "undelivered".to_owned() } else { String::new() },
        note: calendar::minute(moment(event, "created")),
        links: vec![(format!("/object/{}", text(event, "id")), "Data")],
        buttons: vec![("deliver", "Deliver again")],
        ..Row::default()
    }
}

/// Renders the latest delivery attempts, newest first, in wall time.
fn deliveries(state: &State) -> Section {
    let row = |logged: &crate::store::outbox::DeliveryAttempt| Row {
        id: logged.event.clone(),
        title: state.find(Kind::Event, &logged.event).map(|event| text(event, "type")).unwrap_or_default(),
        tag: logged.outcome.clone(),
        note: format!("{} to {}", calendar::minute(logged.at_ms / 1000), logged.url),
        ..Row::default()
    };
    let rows = state.outbox.logged().rev().take(30).map(row).collect();
    Section { name: "deliveries", title: "Deliveries", none: "None yet.", rows, count: 0, newer: None, older: None }
}
