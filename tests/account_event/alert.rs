//! Each alert is an event, after the events of what it is about.

use entity::user::Role;
use patch_hive::billing::alert::follow;
use serde_json::{Value, json};

use super::{BANK, grants, receiver::Receiver, registers};
use crate::{
    alert::{ALERTS, SET, below},
    harness::{Actor, TestApp, facts},
};

/// A user's alerts, oldest first.
async fn alerts(user: &Actor) -> Vec<Value> {
    let mut alerts = user.gets(ALERTS, json!({ "first": 100 })).await["nodes"].as_array().unwrap().clone();
    alerts.reverse();
    alerts
}

facts! {
    async fn each_crossing_is_one_event_after_its_entry(app: TestApp) {
        let (admin, receiver) = (app.signs_up_as("admin", Role::Admin).await, Receiver::start().await);
        registers(&admin, &receiver, &["BALANCE_CHANGED", "ALERT_RAISED"]).await;
        let ada = app.signs_up("ada").await;
        grants(&admin, &ada, 12, "first").await;
        ada.gets(SET, below(10)).await;
        ada.exports("run-1", "one").await;
        follow(&app.inside().await, ada.row().await).await.unwrap();
        ada.exports("run-2", "two").await;
        grants(&admin, &ada, 6, "second").await;
        ada.exports("run-3", "three").await;
        follow(&app.inside().await, ada.row().await).await.unwrap();
        let events = receiver.accepts(7).await;
        let kinds: Vec<_> = events.iter().map(|event| (event.kind(), event.version())).collect();
        assert_eq!(kinds, [
            ("balance.changed", 1), ("balance.changed", 2), ("alert.raised", 2), ("balance.changed", 3),
            ("balance.changed", 4), ("balance.changed", 5), ("alert.raised", 5),
        ]);
        for (event, alert) in [&events[2], &events[6]].into_iter().zip(alerts(&ada).await) {
            let data = &event.body["data"];
            assert_eq!((&data["alertId"], &event.body["timestamp"]), (&alert["id"], &alert["createdAt"]));
            assert_eq!((&data["balance"], &data["currency"]), (&json!(9), &Value::Null));
            for field in ["kind", "below", "available", "balanceVersion", "tier", "endsAt", "amount"] {
                assert_eq!(data[field], alert[field], "{field} of {event:?}");
            }
        }
    }

    async fn a_failed_payment_is_an_event_unless_its_alert_is_off(app: TestApp) {
        let (admin, receiver) = (app.signs_up_as("admin", Role::Admin).await, Receiver::start().await);
        registers(&admin, &receiver, &["ALERT_RAISED"]).await;
        let (ada, bob) = (app.signs_up("ada").await, app.signs_up("bob").await);
        bob.gets(SET, json!({ "input": { "kind": "PAYMENT_FAILED", "enabled": false } })).await;
        for user in [&bob, &ada] {
            let debit = user.opens_purchase(27).await;
            user.pays(&debit, BANK).await;
            app.settles().await;
            app.sandbox().settle_delayed(debit["id"].as_str().unwrap(), false).unwrap();
            app.settles().await;
        }
        let events = receiver.accepts(1).await;
        assert_eq!((events.len(), events[0].user()), (1, format!("user_{}", ada.row().await)));
        let data = &events[0].body["data"];
        assert_eq!((&data["kind"], &data["amount"], &data["currency"]), (&json!("PAYMENT_FAILED"), &json!(540), &json!("USD")));
        assert_eq!((&data["tier"], &data["below"]), (&Value::Null, &Value::Null));
        assert_eq!(data["alertId"], alerts(&ada).await[0]["id"]);
    }
}
