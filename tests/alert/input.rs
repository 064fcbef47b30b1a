//! Settings: their defaults, and input that is not valid.

use serde_json::{Value, json};

use super::{ALERTS, Customer, SET, SETTINGS, WATCH_ALERTS, alerts, below, switch};
use crate::harness::{TestApp, facts};

/// The settings of a user, by kind.
fn settings(low_balance: (bool, Option<i64>), expiring_plan: bool, payment_failed: bool) -> Value {
    json!([
        { "kind": "LOW_BALANCE", "enabled": low_balance.0, "below": low_balance.1 },
        { "kind": "EXPIRING_PLAN", "enabled": expiring_plan, "below": null },
        { "kind": "PAYMENT_FAILED", "enabled": payment_failed, "below": null },
    ])
}

facts! {
    async fn a_new_user_is_alerted_of_plans_and_payments_and_sets_the_threshold(app: TestApp) {
        let (ada, bob) = (app.signs_up("ada").await, app.signs_up("bob").await);
        assert_eq!(ada.gets(SETTINGS, json!({})).await, settings((false, None), true, true));
        let set = ada.gets(SET, below(10)).await;
        assert_eq!(set, json!({ "kind": "LOW_BALANCE", "enabled": true, "below": 10 }));
        ada.gets(SET, switch("PAYMENT_FAILED", false)).await;
        assert_eq!(ada.gets(SETTINGS, json!({})).await, settings((true, Some(10)), true, false));
        ada.gets(SET, switch("LOW_BALANCE", false)).await;
        ada.gets(SET, switch("PAYMENT_FAILED", true)).await;
        assert_eq!(ada.gets(SETTINGS, json!({})).await, settings((false, Some(10)), true, true), "the threshold is kept");
        assert_eq!(bob.gets(SETTINGS, json!({})).await, settings((false, None), true, true), "another user's");
    }

    async fn a_threshold_is_a_sensible_number_of_credits(app: TestApp) {
        let ada = app.signs_up("ada").await;
        for odd in [0, -1, 1_000_001, i64::from(i32::MAX), i64::from(i32::MIN)] {
            let answer = ada.asks_with(SET, below(odd)).await;
            let error = &answer["errors"][0]["extensions"];
            assert_eq!((&error["code"], &error["field"]), (&json!("BAD_USER_INPUT"), &json!("input.below")), "{odd}");
        }
        for good in [1, 1_000_000] {
            assert_eq!(ada.gets(SET, below(good)).await["below"], good);
        }
        for input in [
            json!({ "kind": "LOW_BALANCE" }),
            json!({ "kind": "PAYMENT_FAILED", "below": 5 }),
            json!({ "kind": "EXPIRING_PLAN", "below": 5, "enabled": false }),
        ] {
            assert_eq!(ada.is_refused(SET, json!({ "input": input })).await, "BAD_USER_INPUT", "{input}");
        }
        for input in [
            json!({ "kind": "HIGH_BALANCE", "below": 5 }),
            json!({ "kind": "LOW_BALANCE", "below": 2_147_483_648_i64 }),
            json!({ "kind": "LOW_BALANCE", "below": 1.5 }),
            json!({ "below": 5 }),
        ] {
            let code = ada.is_refused(SET, json!({ "input": input })).await;
            assert!(code.starts_with("BAD_"), "{input}: {code}");
        }
        assert_eq!(ada.gets(SETTINGS, json!({})).await[0]["below"], 1_000_000, "the last valid one");
    }

    async fn alerts_and_settings_are_private(app: TestApp) {
        let ada = Customer::with_threshold(&app, "ada", 12, 10).await;
        ada.exports().await;
        assert_eq!(ada.crossings().await, [2]);
        let bob = app.signs_up("bob").await;
        assert_eq!(alerts(&bob).await, [Value::Null; 0]);
        for (document, variables) in [(ALERTS, json!({})), (SETTINGS, json!({})), (SET, below(5))] {
            assert_eq!(app.visitor().is_refused(document, variables).await, "UNAUTHENTICATED");
        }
        let id = ada.alerts().await[0]["id"].clone();
        let node = "query ($id: ID!) { node(id: $id) { __typename id ... on Alert { available } } }";
        let own = ada.user.gets(node, json!({ "id": id })).await;
        assert_eq!(own, json!({ "__typename": "Alert", "id": id, "available": 9 }));
        assert_eq!(bob.gets(node, json!({ "id": id })).await, Value::Null);
        assert_eq!(ada.admin.gets(node, json!({ "id": id })).await["id"], id, "an operator's");
        let mut socket = bob.connects().await;
        socket.subscribes("alerts", WATCH_ALERTS, json!({ "after": "alert_0" })).await;
        socket.stays_silent().await;
    }

    async fn a_place_that_is_no_alert_is_refused(app: TestApp) {
        let ada = app.signs_up("ada").await;
        for odd in ["balance_1", "alert_", "alert_x", "", "first"] {
            let mut socket = ada.connects().await;
            socket.subscribes("alerts", WATCH_ALERTS, json!({ "after": odd })).await;
            let message = socket.next().await;
            assert!(message.to_string().contains("NOT_FOUND"), "{odd}: {message}");
        }
        let answer = ada.asks("{ viewer { alerts(first: 101) { nodes { id } } } }").await;
        assert_eq!(answer["errors"][0]["extensions"]["field"], "first");
    }
}
