//! Events go to public addresses by https, and only admins decide where.

use entity::user::Role;
use serde_json::{Value, json};

use super::{CREATE, DELETE, DELIVERIES, ENDPOINTS, EVENTS, REDELIVER, UPDATE};
use crate::harness::{Backend, TestApp, app::run_with, facts};

fn endpoint(url: &str) -> Value {
    json!({ "input": { "url": url, "types": ["BALANCE_CHANGED"] } })
}

async fn refuses_special_targets(app: TestApp) {
    let admin = app.signs_up_as("admin", Role::Admin).await;
    for url in [
        "https://127.0.0.1/",
        "https://localhost/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://2130706433/",
        "https://[64:ff9b::169.254.169.254]/",
        "https://0.0.0.0/",
        "https://100.64.0.1/",
        "http://1.1.1.1/",
        "ftp://1.1.1.1/",
        "events",
        "",
        "https://ada:secret@1.1.1.1/",
        "https://nothing.invalid/",
    ] {
        let answer = admin.asks_with(CREATE, endpoint(url)).await;
        let extensions = &answer["errors"][0]["extensions"];
        assert_eq!(extensions["code"], "BAD_USER_INPUT", "{url}: {answer}");
    }
    let created = admin.gets(CREATE, endpoint("https://1.1.1.1/events")).await;
    assert!(created["secret"].as_str().unwrap().starts_with("whsec_"));
    let odd = admin.gets(CREATE, endpoint(" https://1.1.1.1/ev\tents/\u{0} ")).await;
    assert_eq!(odd["endpoint"]["url"], "https://1.1.1.1/events/");
    let moved = json!({ "input": { "id": created["endpoint"]["id"], "url": "https://192.168.0.1/" } });
    assert_eq!(admin.is_refused(UPDATE, moved).await, "BAD_USER_INPUT");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_is_not_public_is_refused_on_sqlite() {
    run_with(Backend::Sqlite, |config| config.event_targets_special = false, refuses_special_targets).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_is_not_public_is_refused_on_postgres() {
    run_with(Backend::Postgres, |config| config.event_targets_special = false, refuses_special_targets).await;
}

facts! {
    async fn only_admins_handle_endpoints_and_each_change_is_recorded(app: TestApp) {
        let (ada, service) = (app.signs_up("ada").await, app.signs_up_as("exporter", Role::Service).await);
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let url = "http://127.0.0.1:9/events";
        for stranger in [&ada, &service] {
            let named = json!({ "input": { "id": "endpoint_1" } });
            assert_eq!(stranger.is_refused(CREATE, endpoint(url)).await, "FORBIDDEN");
            assert_eq!(stranger.is_refused(UPDATE, named.clone()).await, "FORBIDDEN");
            assert_eq!(stranger.is_refused(DELETE, named).await, "FORBIDDEN");
            let both = json!({ "input": { "eventId": "event_1", "endpointId": "endpoint_1" } });
            assert_eq!(stranger.is_refused(REDELIVER, both).await, "FORBIDDEN");
            for query in [ENDPOINTS, EVENTS, DELIVERIES] {
                assert_eq!(stranger.is_refused(query, json!({})).await, "FORBIDDEN");
            }
        }
        let none = json!({ "input": { "url": url, "types": [] } });
        assert_eq!(admin.is_refused(CREATE, none).await, "BAD_USER_INPUT");
        let created = admin.gets(CREATE, endpoint(url)).await;
        let id = created["endpoint"]["id"].clone();
        let export = admin.gets("{ exportAccount { records { table row } } }", json!({})).await.to_string();
        assert!(export.contains("credit_accounts") && !export.contains(created["secret"].as_str().unwrap()), "{export}");
        let change = json!({ "input": { "id": id, "types": ["HOLD_EXPIRED", "EXPORT_CHARGED"], "description": "exports" } });
        let changed = admin.gets(UPDATE, change).await;
        assert_eq!((&changed["url"], &changed["description"]), (&json!(url), &json!("exports")));
        assert_eq!(changed["types"], json!(["EXPORT_CHARGED", "HOLD_EXPIRED"]));
        admin.gets(DELETE, json!({ "input": { "id": id } })).await;
        assert_eq!(admin.is_refused(DELETE, json!({ "input": { "id": id } })).await, "NOT_FOUND");
        let actions = admin.gets("{ adminActions { nodes { kind eventEndpointId } } }", json!({})).await;
        let kinds = ["DELETE_EVENT_ENDPOINT", "UPDATE_EVENT_ENDPOINT", "CREATE_EVENT_ENDPOINT"];
        assert_eq!(actions["nodes"], json!(kinds.map(|kind| json!({ "kind": kind, "eventEndpointId": id }))));
        for _ in 0..16 {
            admin.gets(CREATE, endpoint(url)).await;
        }
        assert_eq!(admin.is_refused(CREATE, endpoint(url)).await, "BAD_USER_INPUT");
    }
}
