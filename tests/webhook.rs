//! Webhooks are accepted, stored and applied once, in any order of arrival.

mod authenticity;
mod body;
mod faults;
mod fences;
mod foreign;
mod lines;
mod order;
#[path = "payloads/mod.rs"]
pub(crate) mod payloads;
mod periods;
mod permutations;
mod recorded;
mod repeats;
mod reversals;
mod shapes;
pub(crate) mod unsettled;

use entity::event;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::{
    checkout::customer_of,
    harness::{Actor, TestApp},
};

/// Creates a user with a customer at Stripe.
pub(crate) async fn known_user(app: &TestApp, name: &str) -> (Actor, String) {
    let user = app.signs_up(name).await;
    let checkout = user.opens_purchase(1).await;
    let customer = customer_of(app, &checkout).await;
    (user, customer)
}

/// The events in the inbox that the sandbox did not send.
pub(crate) async fn inbox(app: &TestApp) -> Vec<event::Model> {
    let sent: Vec<_> = app.sandbox().events().into_iter().map(|event| event["id"].clone()).collect();
    let stored = event::Entity::find().all(app.inside().await.database.read()).await.unwrap();
    stored.into_iter().filter(|event| !sent.contains(&event.event_id.as_str().into())).collect()
}

/// The stored row of an event.
pub(crate) async fn stored(app: &TestApp, event: &Value) -> Option<event::Model> {
    let id = event["id"].as_str().unwrap();
    event::Entity::find_by_id(id).one(app.inside().await.database.read()).await.unwrap()
}

/// Sends events one after the other, each of which is accepted.
pub(crate) async fn accepts<'a>(app: &TestApp, events: impl IntoIterator<Item = &'a Value>) {
    for event in events {
        let (status, answer) = app.receives(event).await;
        assert_eq!(status, 200, "{answer}: {event}");
        app.has_looked().await;
    }
}

/// The type and credits of a user's entries, the oldest first.
pub(crate) async fn entries_of(user: &Actor) -> Vec<(String, i64)> {
    let ledger = user.gets("{ ledger(first: 100) { nodes { changeType creditsDelta } } }", json!({})).await;
    let entry =
        |entry: &Value| (entry["changeType"].as_str().unwrap().to_owned(), entry["creditsDelta"].as_i64().unwrap());
    ledger["nodes"].as_array().unwrap().iter().rev().map(entry).collect()
}

pub(crate) fn grant(credits: i64) -> (String, i64) {
    ("GRANT".to_owned(), credits)
}

fn refund(credits: i64) -> (String, i64) {
    ("REFUND".to_owned(), credits)
}

pub(crate) fn purchase(credits: i64) -> (String, i64) {
    ("PURCHASE".to_owned(), credits)
}
