//! Input that is not valid, and holds of others.

use entity::user::Role;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{
    CAPTURE, EXTEND, HOLD, HOLDS, RELEASE, RESERVE, balance, capture, extension, of, reservation, reserves,
    with_credits,
};
use crate::harness::{TestApp, facts};

facts! {
    async fn a_run_key_or_time_that_is_not_valid_is_refused(app: TestApp) {
        let ada = with_credits(&app, "ada", 9).await;
        let long = "k".repeat(256);
        for (run, key) in [("", "key"), ("run", ""), ("run", " "), ("run", &long), (&long, "key"), ("run", "a\u{0}b")] {
            assert_eq!(ada.is_refused(RESERVE, reservation(run, key)).await, "BAD_USER_INPUT", "{run:?} {key:?}");
        }
        for ttl in [0, -1, 86_401, i64::from(i32::MAX)] {
            let mut input = reservation("run", "key");
            input["input"]["ttl"] = json!(ttl);
            let answer = ada.asks_with(RESERVE, input).await;
            let error = &answer["errors"][0]["extensions"];
            assert_eq!((&error["code"], &error["field"]), (&json!("BAD_USER_INPUT"), &json!("input.ttl")), "{ttl}");
        }
        assert_eq!(balance(&ada).await["version"], 1);
        let mut input = reservation("run", "key");
        input["input"]["ttl"] = json!(86_400);
        let hold = ada.gets(RESERVE, input).await;
        assert_eq!(hold["state"], "OPEN");
        for ttl in [0, -1, 86_401] {
            assert_eq!(ada.is_refused(EXTEND, extension(&hold, ttl)).await, "BAD_USER_INPUT", "{ttl}");
        }
    }

    async fn no_more_is_captured_than_is_held_and_not_nothing(app: TestApp) {
        let ada = with_credits(&app, "ada", 9).await;
        let hold = reserves(&ada, "run", "key").await;
        for credits in [0, -1, 4, i64::from(i32::MAX)] {
            let answer = ada.asks_with(CAPTURE, capture(&hold, credits)).await;
            let error = &answer["errors"][0]["extensions"];
            assert_eq!((&error["code"], &error["field"]), (&json!("BAD_USER_INPUT"), &json!("input.credits")), "{credits}");
        }
        assert_eq!(balance(&ada).await["held"], 3);
    }

    async fn holds_that_do_not_exist_are_not_found(app: TestApp) {
        let ada = with_credits(&app, "ada", 9).await;
        let hold = reserves(&ada, "run", "key").await;
        ada.gets(EXTEND, extension(&hold, 3600)).await;
        let entries = ada.gets("{ ledger { nodes { id } } }", json!({})).await;
        // The entry of an extension is of the same type as that of a hold, and none.
        let extension = entries["nodes"][0]["id"].as_str().unwrap().replace("entry", "hold");
        let grant = entries["nodes"][2]["id"].as_str().unwrap().replace("entry", "hold");
        for id in ["", "hold_999", "999", "hold_x", "entry_2", "-1", "99999999999999999999", &extension, &grant] {
            for document in [CAPTURE, EXTEND, RELEASE] {
                assert_eq!(ada.is_refused(document, of(&json!({ "id": id }))).await, "NOT_FOUND", "{id:?}");
            }
            assert_eq!(ada.gets(HOLD, json!({ "id": id })).await, Value::Null, "{id:?}");
        }
        assert_eq!(balance(&ada).await["held"], 3);
    }

    async fn holds_of_others_are_as_missing_as_those_that_do_not_exist(app: TestApp) {
        let (ada, bob) = (with_credits(&app, "ada", 9).await, with_credits(&app, "bob", 9).await);
        let service = app.signs_up_as("exporter", Role::Service).await;
        let hold = reserves(&ada, "run", "key").await;
        let id = json!({ "id": hold["id"] });
        for document in [CAPTURE, EXTEND, RELEASE] {
            assert_eq!(bob.is_refused(document, of(&hold)).await, "NOT_FOUND");
            assert_eq!(app.visitor().is_refused(document, of(&hold)).await, "UNAUTHENTICATED");
        }
        assert_eq!(app.visitor().is_refused(RESERVE, reservation("run", "key")).await, "UNAUTHENTICATED");
        assert_eq!(app.visitor().is_refused(HOLD, id.clone()).await, "UNAUTHENTICATED");
        assert_eq!(bob.gets(HOLD, id.clone()).await, Value::Null);
        assert_eq!(bob.gets(HOLDS, json!({})).await["holds"]["nodes"], json!([]));
        assert_eq!(service.gets(HOLD, id.clone()).await["balance"]["held"], 3);
        let node = "query ($id: ID!) { node(id: $id) { id ... on Hold { state } } }";
        assert_eq!(bob.gets(node, id.clone()).await, Value::Null);
        assert_eq!(ada.gets(node, id.clone()).await, json!({ "id": hold["id"], "state": "OPEN" }));
        assert_eq!(service.gets(RELEASE, of(&hold)).await["state"], "RELEASED");
        assert_eq!(ada.gets(node, id).await, json!({ "id": hold["id"], "state": "RELEASED" }));
    }

    async fn a_user_has_at_most_a_hundred_open_holds(app: TestApp) {
        let (ada, bob) = (with_credits(&app, "ada", 400).await, with_credits(&app, "bob", 9).await);
        let keys: Vec<_> = (0..100).map(|key| key.to_string()).collect();
        let holds = join_all(keys.iter().map(|key| reserves(&ada, "run", key))).await;
        let answer = ada.asks_with(RESERVE, reservation("run", "one more")).await;
        let error = &answer["errors"][0];
        let expected = (&json!("BAD_USER_INPUT"), &json!("LIMIT"), &json!(100));
        assert_eq!((&error["extensions"]["code"], &error["extensions"]["rule"], &error["extensions"]["max"]), expected);
        let message = "You have 100 open reservations. Capture or release some, or wait until they expire.";
        assert_eq!(error["message"], message);
        assert_eq!(reserves(&ada, "run", "7").await["id"], holds[7]["id"], "a repeated request");
        assert_eq!(ada.exports("run", "a charge").await["__typename"], "ExportCharge");
        assert_eq!(reserves(&bob, "run", "key").await["state"], "OPEN", "another user's");
        ada.gets(RELEASE, of(&holds[3])).await;
        let more = join_all(["one more", "and another"].map(|key| ada.asks_with(RESERVE, reservation("run", key)))).await;
        let refused = more.iter().filter(|answer| answer["errors"][0]["extensions"]["rule"] == "LIMIT").count();
        assert_eq!(refused, 1, "{more:?}");
        assert_eq!(balance(&ada).await["held"], 300);
    }
}
