//! Operators list, replay and prune the inbox of webhooks.

mod pruned;
mod replayed;

use entity::user::Role;
use serde_json::{Value, json};

use crate::{
    harness::{Actor, TestApp, facts},
    webhook::{
        accepts, known_user,
        payloads::{CORE, Pack, Plan, Price, fresh, retold},
    },
};

const PAGE: &str = "query ($first: Int, $after: String, $status: WebhookEventStatus, $type: String) { \
    webhookEvents(first: $first, after: $after, status: $status, type: $type) { nodes { id type status created \
    receivedAt appliedAt attempts error waitsFor } edges { cursor node { id } } pageInfo { hasNextPage \
    hasPreviousPage endCursor } } }";

const REPLAY: &str = "mutation ($id: ID!) { replayWebhookEvent(input: { id: $id }) { id type status appliedAt attempts \
    error } }";

/// A price that this gateway does not sell.
const UNKNOWN: Price = ("price_of_last_year", 399);

async fn lists(admin: &Actor, variables: Value) -> Vec<Value> {
    admin.gets(PAGE, variables).await["nodes"].as_array().unwrap().clone()
}

fn ids(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["id"].as_str().unwrap()).collect()
}

/// Replays an event, and returns it with its new status.
async fn replays(admin: &Actor, event: &Value) -> Value {
    admin.gets(REPLAY, json!({ "id": event["id"] })).await
}

facts! {
    async fn only_an_admin_sees_and_replays_webhooks(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let service = app.signs_up_as("exporter", Role::Service).await;
        let event = Pack::new(&customer).completed("paid");
        accepts(&app, [&event]).await;
        for (document, variables) in [(PAGE, json!({})), (REPLAY, json!({ "id": event["id"] }))] {
            for actor in [&ada, &service] {
                assert_eq!(actor.is_refused(document, variables.clone()).await, "FORBIDDEN");
            }
            assert_eq!(app.visitor().is_refused(document, variables).await, "UNAUTHENTICATED");
        }
    }

    async fn the_inbox_shows_the_status_of_each_webhook(app: TestApp) {
        let (_, customer) = known_user(&app, "ada").await;
        app.settles().await;
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let applied = Pack::new(&customer).completed("paid");
        let ignored = retold(&applied, "moon.landed");
        let failed = Plan::new(&customer, UNKNOWN).paid("subscription_create");
        accepts(&app, [&applied, &ignored, &failed]).await;

        let shown = lists(&admin, json!({ "first": 3 })).await;
        assert_eq!(ids(&shown), ids(&[failed.clone(), ignored.clone(), applied.clone()]));
        let parts = |event: &Value| [&event["status"], &event["attempts"], &event["type"]].map(Value::clone);
        assert_eq!(parts(&shown[0]), [json!("FAILED"), json!(1), json!("invoice.paid")]);
        assert_eq!(parts(&shown[1]), [json!("IGNORED"), json!(1), json!("moon.landed")]);
        assert_eq!(parts(&shown[2]), [json!("APPLIED"), json!(1), json!("checkout.session.completed")]);
        assert!(shown[0]["error"].as_str().unwrap().contains(UNKNOWN.0), "{}", shown[0]);
        assert!(shown[1]["error"].is_string() && shown[1]["appliedAt"].is_null(), "{}", shown[1]);
        assert!(shown[2]["error"].is_null() && shown[2]["appliedAt"].is_string(), "{}", shown[2]);
        assert!(shown.iter().all(|event| event["receivedAt"].is_string() && event["waitsFor"].is_null()));

        for (filter, expected) in [
            (json!({ "status": "FAILED" }), vec![&failed]),
            (json!({ "type": "moon.landed" }), vec![&ignored]),
            (json!({ "status": "APPLIED", "type": "checkout.session.completed" }), vec![&applied]),
            (json!({ "status": "WAITING" }), vec![]),
            (json!({ "status": "APPLIED", "type": "moon.landed" }), vec![]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|event| event["id"].as_str().unwrap()).collect();
            assert_eq!(ids(&lists(&admin, filter).await), expected);
        }
    }

    async fn webhooks_come_in_pages_the_last_first(app: TestApp) {
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let events: Vec<_> = (0..5).map(|_| Plan::new(&format!("cus_{}", fresh()), CORE).deleted()).collect();
        accepts(&app, &events).await;
        let newest: Vec<_> = events.iter().rev().map(|event| event["id"].as_str().unwrap()).collect();

        let (mut read, mut after) = (Vec::new(), Value::Null);
        for (size, next, previous) in [(2, true, false), (2, true, true), (1, false, true)] {
            let page = admin.gets(PAGE, json!({ "first": 2, "after": after })).await;
            assert_eq!(page["nodes"].as_array().unwrap().len(), size);
            let info = &page["pageInfo"];
            assert_eq!([&info["hasNextPage"], &info["hasPreviousPage"]], [&json!(next), &json!(previous)]);
            read.extend(page["nodes"].as_array().unwrap().iter().map(|event| event["id"].clone()));
            after = info["endCursor"].clone();
        }
        assert_eq!(read, newest);
        assert_eq!(lists(&admin, json!({ "after": after })).await, Vec::<Value>::new());
    }

    async fn invalid_queries_of_webhooks_are_refused(app: TestApp) {
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let users = admin.gets("{ users { pageInfo { endCursor } } }", json!({})).await;
        for odd in [
            json!({ "first": 101 }),
            json!({ "first": -1 }),
            json!({ "after": "nonsense" }),
            json!({ "after": users["pageInfo"]["endCursor"] }),
            // A cursor of our own making, whose id no database can hold.
            json!({ "after": "WyIyMDI2LTAxLTAxVDAwOjAwOjAwWiIsIlx1MDAwMCJd" }),
            json!({ "type": "" }),
            json!({ "type": "a\u{0}b" }),
            json!({ "type": "x".repeat(256) }),
        ] {
            assert_eq!(admin.is_refused(PAGE, odd.clone()).await, "BAD_USER_INPUT", "{odd}");
        }
        for (id, code) in [("evt_none", "NOT_FOUND"), ("", "BAD_USER_INPUT"), ("\u{0}", "BAD_USER_INPUT")] {
            assert_eq!(admin.is_refused(REPLAY, json!({ "id": id })).await, code, "{id:?}");
        }
    }
}
