//! The ledger is readable by its owner only, page by page.

mod kind;
mod verified;

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::harness::{Actor, TestApp, facts};

const PAGE: &str = "query ($first: Int, $after: String, $last: Int, $before: String, $changeType: ChangeType) { \
    ledger(first: $first, after: $after, last: $last, before: $before, changeType: $changeType) { \
    edges { cursor } nodes { version } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

fn versions(page: &Value) -> Vec<i64> {
    page["nodes"].as_array().unwrap().iter().map(|node| node["version"].as_i64().unwrap()).collect()
}

/// A user with seven entries: a grant and six exports.
async fn with_history(app: &TestApp) -> Actor {
    let ada = app.signs_up("ada").await;
    ada.subscribes("CORE").await;
    for number in 0..6 {
        ada.exports(&format!("run-{number}"), &format!("key-{number}")).await;
    }
    ada
}

facts! {
    async fn a_ledger_is_read_newest_first_page_by_page(app: TestApp) {
        let ada = with_history(&app).await;
        let first = ada.gets(PAGE, json!({ "first": 3 })).await;
        assert_eq!(versions(&first), [7, 6, 5]);
        assert_eq!((&first["pageInfo"]["hasNextPage"], &first["pageInfo"]["hasPreviousPage"]), (&json!(true), &json!(false)));
        // An entry posted meanwhile moves no page.
        ada.exports("run-late", "key-late").await;
        let second = ada.gets(PAGE, json!({ "first": 3, "after": first["pageInfo"]["endCursor"] })).await;
        assert_eq!(versions(&second), [4, 3, 2]);
        let last = ada.gets(PAGE, json!({ "first": 3, "after": second["pageInfo"]["endCursor"] })).await;
        assert_eq!(versions(&last), [1]);
        assert_eq!(last["pageInfo"]["hasNextPage"], false);
    }

    async fn a_ledger_is_read_from_its_oldest_end_too(app: TestApp) {
        let ada = with_history(&app).await;
        let oldest = ada.gets(PAGE, json!({ "last": 2 })).await;
        assert_eq!(versions(&oldest), [2, 1]);
        assert_eq!(oldest["pageInfo"]["hasPreviousPage"], true);
        let before = ada.gets(PAGE, json!({ "last": 2, "before": oldest["pageInfo"]["startCursor"] })).await;
        assert_eq!(versions(&before), [4, 3]);
    }

    async fn a_ledger_can_be_narrowed_to_one_kind(app: TestApp) {
        let ada = with_history(&app).await;
        assert_eq!(versions(&ada.gets(PAGE, json!({ "changeType": "GRANT" })).await), [1]);
        assert_eq!(versions(&ada.gets(PAGE, json!({ "changeType": "PURCHASE" })).await), [0; 0]);
    }

    async fn a_page_of_more_than_a_hundred_is_refused(app: TestApp) {
        let ada = app.signs_up("ada").await;
        for odd in [
            json!({ "first": 101 }), json!({ "last": 101 }), json!({ "first": -1 }), json!({ "first": 1, "last": 1 }),
            json!({ "after": "odd" }), json!({ "before": "" }),
        ] {
            assert_eq!(ada.is_refused(PAGE, odd.clone()).await, "BAD_USER_INPUT", "{odd}");
        }
        assert_eq!(versions(&ada.gets(PAGE, json!({ "first": 100 })).await), [0; 0]);
        assert_eq!(versions(&ada.gets(PAGE, json!({ "first": 0 })).await), [0; 0]);
    }

    async fn a_user_sees_only_their_own_entries(app: TestApp) {
        with_history(&app).await;
        let bob = app.signs_up("bob").await;
        assert_eq!(versions(&bob.gets(PAGE, json!({})).await), [0; 0]);
        assert_eq!(app.visitor().is_refused(PAGE, json!({})).await, "UNAUTHENTICATED");
    }

    async fn an_entry_can_neither_be_changed_nor_removed(app: TestApp) {
        with_history(&app).await;
        let app = app.inside().await;
        for tampering in ["UPDATE credits_ledger SET credits_delta = 1000", "DELETE FROM credits_ledger"] {
            let error = app.database.write().execute_unprepared(tampering).await.unwrap_err();
            assert!(error.to_string().contains("append-only"), "{error}");
        }
    }
}
