//! The part of the story in which credits run low: alerts and automatic top-ups.

use std::time::Duration;

use entity::work::Kind;
use serde_json::{Value, json};

use crate::{
    alert::{ALERTS, SET, SETTINGS, WATCH_ALERTS, below},
    harness::{Actor, TestApp, actor::GOOD_CARD},
    top_up::{DISABLE, RESUME, SET as SET_TOP_UP, STATE, comes_to, saves_card, settings},
};

/// A card that pays nothing once it is saved.
const DECLINES_LATER: &str = "4000000000000341";

/// A threshold that is crossed, by the job and by a watcher, and a plan that ends soon.
pub(super) async fn is_alerted(app: &TestApp, ada: &Actor, admin: &Actor) {
    let user = ada.row().await.to_string();
    let adjusts = async |credits: i64| {
        let key = format!("alert {}", ada.balance().await["version"]);
        let input = json!({ "userId": user, "credits": credits, "reason": "a test", "idempotencyKey": key });
        let document = "mutation ($input: AdjustCreditsInput!) { adjustCredits(input: $input) { version } }";
        admin.gets(document, json!({ "input": input })).await;
    };
    adjusts(100).await;
    ada.gets(SET, below(100)).await;
    ada.gets(SETTINGS, json!({})).await;
    let available = ada.gets("{ balance { available } }", json!({})).await["available"].as_i64().unwrap();
    let mut socket = ada.connects().await;
    for after in [Value::Null, json!("alert_0")] {
        socket.subscribes(&after.to_string(), WATCH_ALERTS, json!({ "after": after })).await;
    }
    for _ in 0..2 {
        adjusts(99 - available).await;
        adjusts(available - 99).await;
    }
    ada.gets(SET, below(50)).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let page = ada.gets(ALERTS, json!({ "first": 1 })).await;
    ada.gets(ALERTS, json!({ "first": 1, "after": page["pageInfo"]["endCursor"] })).await;
    let node = "query ($id: ID!) { node(id: $id) { id } }";
    ada.gets(node, json!({ "id": page["nodes"][0]["id"] })).await;
    ada.cancels().await;
    app.settles().await;
    app.works_off(Kind::Alert).await;
    ada.resumes().await;
    app.works_off(Kind::Alert).await;
    app.settles().await;
}

/// Top-ups that are paid, declined, and reversed, with a watcher.
pub(super) async fn tops_up(app: &TestApp, admin: &Actor) {
    let max = app.signs_up("max").await;
    let mut watcher = max.connects().await;
    watcher.subscribes("top-ups", "subscription { autoTopUpChanged { savedCard { last4 } } }", json!({})).await;
    saves_card(app, &max, GOOD_CARD).await;
    max.gets(SET_TOP_UP, settings(20, 10, 5000)).await;
    comes_to(app, &max, 1, "PAID").await;
    max.exports("run", "low again").await;
    comes_to(app, &max, 2, "PAID").await;
    let list =
        "query ($after: String) { topUps(first: 1, after: $after) { nodes { id state } pageInfo { endCursor } } }";
    let page = max.gets(list, json!({})).await;
    max.gets(list, json!({ "after": page["pageInfo"]["endCursor"] })).await;
    max.gets(STATE, json!({})).await;
    let events = app.sandbox().events();
    let paid = events.iter().rev().find(|event| event["type"] == "payment_intent.succeeded").unwrap();
    app.sandbox().refund(paid["data"]["object"]["id"].as_str().unwrap(), Some(100)).unwrap();
    app.settles().await;
    saves_card(app, &max, DECLINES_LATER).await;
    for number in 0..3 {
        max.exports("run", &format!("paused {number}")).await;
    }
    max.gets(RESUME, json!({})).await;
    comes_to(app, &max, 3, "FAILED").await;
    max.gets(DISABLE, json!({})).await;
    let id = max.row().await.to_string();
    admin
        .gets(
            "query ($id: ID!) { user(id: $id) { autoTopUp { below } topUps { nodes { state } } } }",
            json!({ "id": id }),
        )
        .await;
}
