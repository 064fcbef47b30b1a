//! `EXPIRING_PLAN` and `PAYMENT_FAILED`: a canceled plan ends soon, and a payment failed.

use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::work::Kind;
use serde_json::{Value, json};

use super::{SET, alerts, switch};
use crate::{
    harness::{Actor, TestApp, facts},
    subscription::newest,
};

/// The number of a bank account, whose money arrives days later.
const BANK_ACCOUNT: &str = "000123456789";

/// Lets time pass until so many days before the end of the period.
pub(crate) async fn days_before_the_end(app: &TestApp, user: &Actor, days: i64) {
    let end: DateTime<Utc> = user.subscription().await["currentPeriodEnd"].as_str().unwrap().parse().unwrap();
    let now = app.inside().await.clock.now();
    app.sandbox().advance((end - now - chrono::TimeDelta::days(days)).to_std().unwrap()).await;
    app.settles().await;
    app.inside().await.work.wake();
}

/// Lets the queue look at the plans that end, at the time that it is set to.
pub(crate) async fn looks_at_ends(app: &TestApp) {
    patch_hive::jobs::work_off(&app.inside().await, Kind::Alert).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
}

facts! {
    async fn a_canceled_plan_is_alerted_three_days_before_its_end(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        ada.cancels().await;
        app.settles().await;
        let end = ada.subscription().await["currentPeriodEnd"].clone();
        days_before_the_end(&app, &ada, 4).await;
        looks_at_ends(&app).await;
        assert_eq!(alerts(&ada).await, [Value::Null; 0]);
        days_before_the_end(&app, &ada, 2).await;
        looks_at_ends(&app).await;
        let found = alerts(&ada).await;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((&found[0]["kind"], &found[0]["tier"], &found[0]["endsAt"]), (&json!("EXPIRING_PLAN"), &json!("CORE"), &end));
        ada.resumes().await;
        ada.cancels().await;
        app.settles().await;
        looks_at_ends(&app).await;
        assert_eq!(alerts(&ada).await.len(), 1, "one end is alerted once");
    }

    async fn a_plan_that_was_resumed_or_whose_alert_is_off_ends_without_one(app: TestApp) {
        let (ada, bob) = (app.signs_up("ada").await, app.signs_up("bob").await);
        for user in [&ada, &bob] {
            user.subscribes("PRO").await;
            user.cancels().await;
        }
        ada.resumes().await;
        bob.gets(SET, switch("EXPIRING_PLAN", false)).await;
        app.settles().await;
        days_before_the_end(&app, &bob, 1).await;
        looks_at_ends(&app).await;
        assert_eq!((alerts(&ada).await.len(), alerts(&bob).await.len()), (0, 0));
    }

    async fn a_renewal_that_fails_is_alerted_once_however_often_it_is_tried(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let id = newest(&app).await["id"].as_str().unwrap().to_owned();
        app.sandbox().fail_next_payments(&id, 3).unwrap();
        app.sandbox().renew(&id).await.unwrap();
        app.settles().await;
        let found = alerts(&ada).await;
        let expected = (&json!("PAYMENT_FAILED"), &json!("CORE"), &json!({ "amount": 499, "currency": "USD" }));
        assert_eq!((&found[0]["kind"], &found[0]["tier"], &found[0]["amount"]), expected);
        app.sandbox().advance(Duration::from_hours(8 * 24)).await;
        app.settles().await;
        assert_eq!(alerts(&ada).await.len(), 1);
    }

    async fn a_renewal_that_fails_is_not_alerted_where_that_is_off(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.gets(SET, switch("PAYMENT_FAILED", false)).await;
        ada.subscribes("CORE").await;
        let id = newest(&app).await["id"].as_str().unwrap().to_owned();
        app.sandbox().fail_next_payments(&id, 1).unwrap();
        app.sandbox().renew(&id).await.unwrap();
        app.settles().await;
        assert_eq!(ada.subscription().await["status"], "PAST_DUE");
        assert_eq!(alerts(&ada).await, [Value::Null; 0]);
    }

    async fn a_bank_debit_that_fails_is_alerted_and_one_that_arrives_is_not(app: TestApp) {
        let ada = app.signs_up("ada").await;
        for arrives in [true, false] {
            let checkout = ada.opens_purchase(30).await;
            ada.pays(&checkout, BANK_ACCOUNT).await;
            app.settles().await;
            app.sandbox().settle_delayed(checkout["id"].as_str().unwrap(), arrives).unwrap();
            app.settles().await;
        }
        let found = alerts(&ada).await;
        assert_eq!(found.len(), 1, "{found:?}");
        let expected = (&json!("PAYMENT_FAILED"), &Value::Null, &json!({ "amount": 600, "currency": "USD" }));
        assert_eq!((&found[0]["kind"], &found[0]["tier"], &found[0]["amount"]), expected);
    }
}
