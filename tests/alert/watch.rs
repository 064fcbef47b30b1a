//! The subscription: every later alert, in order, once, and soon.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Customer, WATCH_ALERTS};
use crate::harness::{TestApp, facts};

/// The time within which a watcher receives an alert.
const SOON: Duration = Duration::from_secs(3);

facts! {
    async fn a_watcher_receives_an_alert_soon_after_the_charge(app: TestApp) {
        let ada = Customer::with_threshold(&app, "ada", 12, 10).await;
        let mut watcher = ada.watches(None).await;
        watcher.stays_silent().await;
        ada.exports().await;
        let alert = tokio::time::timeout(SOON, watcher.pushed()).await.expect("the alert came late");
        assert_eq!((&alert["kind"], &alert["available"]), (&json!("LOW_BALANCE"), &json!(9)));
        ada.exports().await;
        watcher.stays_silent_for(Duration::from_millis(1500)).await;
    }

    async fn a_client_that_reconnects_receives_each_later_alert_once(app: TestApp) {
        let ada = Customer::with_threshold(&app, "ada", 10, 10).await;
        let crosses = async || {
            ada.adjusts(-1).await;
            ada.adjusts(1).await;
        };
        let mut watcher = ada.watches(None).await;
        watcher.stays_silent().await;
        crosses().await;
        let first = watcher.pushed().await;
        watcher.leaves().await;
        for _ in 0..4 {
            crosses().await;
        }
        let mut watcher = ada.watches(Some(&first["id"])).await;
        crosses().await;
        let mut versions = Vec::new();
        for _ in 0..5 {
            versions.push(watcher.pushed().await["balanceVersion"].as_i64().unwrap());
        }
        assert_eq!(versions, [4, 6, 8, 10, 12]);
        watcher.stays_silent().await;
        let mut from_the_first = ada.watches(Some(&json!("alert_0"))).await;
        assert_eq!(from_the_first.pushed().await, first);
        let mut from_now = ada.watches(None).await;
        from_now.stays_silent().await;
        let mut ahead = ada.watches(Some(&json!("alert_999999999"))).await;
        ahead.stays_silent().await;
        crosses().await;
        for watcher in [&mut from_now, &mut ahead] {
            assert_eq!(watcher.pushed().await["balanceVersion"], 14);
        }
    }

    async fn more_alerts_than_are_read_at_once_arrive_in_order(app: TestApp) {
        let ada = Customer::with_threshold(&app, "ada", 10, 10).await;
        for _ in 0..110 {
            ada.adjusts(-1).await;
            ada.adjusts(1).await;
        }
        let mut watcher = ada.watches(Some(&json!("alert_0"))).await;
        for crossing in 1..=110 {
            assert_eq!(watcher.pushed().await["balanceVersion"], 2 * crossing);
        }
        watcher.stays_silent().await;
    }

    async fn an_alert_survives_a_restart_before_it_was_found(app: TestApp) {
        let ada = Customer::with_threshold(&app, "ada", 12, 10).await;
        for expected in [1, 2, 3] {
            ada.exports().await;
            app.restarts().await;
            let alerts = ada.receives(expected).await;
            assert_eq!(alerts[0]["available"], 9);
            ada.adjusts(3).await;
        }
        let mut watcher = ada.watches(Some(&json!("alert_0"))).await;
        for _ in 0..3 {
            assert_eq!(watcher.pushed().await["kind"], "LOW_BALANCE");
        }
        watcher.stays_silent().await;
    }

    async fn a_visitor_watches_nothing(app: TestApp) {
        let mut socket = app.visitor().connects().await;
        socket.subscribes("alerts", WATCH_ALERTS, json!({})).await;
        let message: Value = socket.next().await;
        assert!(message.to_string().contains("UNAUTHENTICATED"), "{message}");
    }
}
