//! Subscriptions on the dashboard.

use serde_json::Value;

use super::{MAX_ROWS, button, code, row, section as titled, tag};
use crate::{
    calendar,
    card::{CARDS, Card},
    http::html::{escape, money},
    kind::Kind,
    price,
    state::State,
    subscription::{has_ended, period_end},
    work::text,
};

pub(super) fn section(state: &State) -> String {
    let all = state.all(Kind::Subscription).rev().take(MAX_ROWS);
    let rows: Vec<String> = all.map(|it| row(&what(state, it), &buttons(state, it))).collect();
    titled("Subscriptions", &rows, "None yet. Make a checkout session and pay it.")
}

fn what(state: &State, subscription: &Value) -> String {
    let price = &subscription["items"]["data"][0]["price"];
    let name = escape(&price::product_name(state, price));
    let amount = money(price["unit_amount"].as_i64().unwrap_or_default(), &text(price, "currency"));
    let customer = state.find(Kind::Customer, &text(subscription, "customer"));
    let email = customer.map(|customer| escape(&text(customer, "email"))).unwrap_or_default();
    let card = state
        .find(Kind::PaymentMethod, &text(subscription, "default_payment_method"))
        .map(|method| format!("card {}", escape(&text(&method["card"], "last4"))));
    let time = if has_ended(subscription) {
        format!("ended {}", calendar::day(subscription["ended_at"].as_i64().unwrap_or_default()))
    } else if let Some(at) = subscription["cancel_at"].as_i64() {
        format!("ends {}", calendar::day(at))
    } else {
        format!("renews {}", calendar::day(period_end(subscription)))
    };
    let failing = state.failing.get(&text(subscription, "id")).filter(|times| **times > 0);
    let failing = failing.map(|_| "the next payment will fail".to_owned());
    let scheduled = subscription["schedule"].as_str().map(|_| "has a schedule".to_owned());
    let notes: Vec<String> = [Some(time), card, failing, scheduled].into_iter().flatten().collect();
    format!(
        "<strong>{name}</strong> {amount} {} {email}<br><span class=\"quiet\">{}</span> {}",
        tag(&text(subscription, "status")),
        notes.join(", "),
        code(&text(subscription, "id"))
    )
}

fn buttons(state: &State, subscription: &Value) -> String {
    if has_ended(subscription) {
        return String::new();
    }
    let id = text(subscription, "id");
    let mut buttons = button("renew", &id, "Renew now");
    let latest = state.find(Kind::Invoice, &text(subscription, "latest_invoice"));
    if latest.is_some_and(|invoice| invoice["status"] == "open") {
        buttons.push_str(&button("retry", &id, "Retry the payment"));
    }
    buttons.push_str(&button("fail", &id, "Fail the next payment"));
    if subscription["cancel_at"].is_null() {
        buttons.push_str(&button("cancel", &id, "Cancel at period end"));
    } else {
        buttons.push_str(&button("keep", &id, "Keep it"));
    }
    buttons + &card_form(&id)
}

fn card_form(id: &str) -> String {
    let option = |card: &Card| format!(r#"<option value="{0}">{0} {1}</option>"#, card.number, card.note);
    let options: Vec<String> = CARDS.iter().map(option).collect();
    format!(
        r#"<form method="post"><input type="hidden" name="id" value="{}"><select name="number" aria-label="Another card">{}</select> <button name="action" value="card">Change the card</button></form>"#,
        escape(id),
        options.concat()
    )
}
