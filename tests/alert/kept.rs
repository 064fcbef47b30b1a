//! Alerts are part of the stored data: exported, deleted with the account, and after a time.

use std::time::Duration;

use chrono::TimeDelta;
use entity::{alert, alert_setting, work::Kind};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, sea_query::Expr};
use serde_json::{Value, json};

use super::{Customer, SET, alerts, switch};
use crate::{
    harness::{TestApp, facts},
    subscription::newest,
};

/// The numbers of alerts and settings of a user in the database.
async fn stored(app: &TestApp, user_id: i64) -> (u64, u64) {
    let inside = app.inside().await;
    let alerts = alert::Entity::find().filter(alert::Column::UserId.eq(user_id));
    let settings = alert_setting::Entity::find().filter(alert_setting::Column::UserId.eq(user_id));
    let db = inside.database.read();
    (alerts.count(db).await.unwrap(), settings.count(db).await.unwrap())
}

/// Makes the alerts of a user older.
async fn ages(app: &TestApp, user_id: i64, versions: std::ops::RangeInclusive<i64>, days: i64) {
    let inside = app.inside().await;
    let at = inside.clock.wall() - TimeDelta::days(days);
    let old = alert::Entity::update_many().col_expr(alert::Column::CreatedAt, Expr::value(at));
    let old = old.filter(alert::Column::UserId.eq(user_id)).filter(alert::Column::Version.is_in(versions));
    old.exec(inside.database.write()).await.unwrap();
}

facts! {
    async fn the_export_has_the_alerts_and_their_settings(app: TestApp) {
        let ada = Customer::with_threshold(&app, "ada", 12, 10).await;
        ada.exports().await;
        assert_eq!(ada.crossings().await, [2]);
        let export = ada.user.gets("{ exportAccount { records { table row } } }", json!({})).await;
        let records = export["records"].as_array().unwrap();
        let row = |table: &str| &records.iter().find(|record| record["table"] == table).unwrap()["row"];
        assert_eq!((&row("alert_settings")["below"], &row("alert_settings")["kind"]), (&json!(10), &json!("low_balance")));
        assert_eq!((&row("alerts")["available"], &row("alerts")["user_id"]), (&json!(9), &json!(ada.id)));
        assert_eq!(records.last().unwrap()["table"], "credits_ledger");
    }

    async fn a_closed_account_has_neither_alerts_nor_settings_and_receives_none(app: TestApp) {
        let ada = Customer::with_threshold(&app, "ada", 12, 10).await;
        let bob = Customer::with_threshold(&app, "bob", 12, 10).await;
        for customer in [&ada, &bob] {
            customer.exports().await;
            customer.crossings().await;
        }
        ada.user.subscribes("CORE").await;
        let subscription = newest(&app).await["id"].as_str().unwrap().to_owned();
        app.sandbox().fail_next_payments(&subscription, 1).unwrap();
        let close = "mutation ($input: CloseAccountInput!) { closeAccount(input: $input) { closedAt } }";
        ada.user.gets(close, json!({ "input": { "currentPassword": "ada's password" } })).await;
        assert_eq!((stored(&app, ada.id).await, stored(&app, bob.id).await), ((0, 0), (1, 1)));
        app.sandbox().renew(&subscription).await.ok();
        app.settles().await;
        app.works_off(Kind::Customer).await;
        app.settles().await;
        assert_eq!(stored(&app, ada.id).await, (0, 0));
    }

    async fn old_alerts_are_deleted_and_newer_ones_stay(app: TestApp) {
        let ada = Customer::with_threshold(&app, "ada", 10, 10).await;
        for _ in 0..3 {
            ada.adjusts(-1).await;
            ada.adjusts(1).await;
        }
        assert_eq!(ada.crossings().await, [2, 4, 6]);
        ages(&app, ada.id, 2..=4, 91).await;
        ages(&app, ada.id, 6..=6, 89).await;
        app.works_off(Kind::Prune).await;
        assert_eq!(ada.crossings().await, [6]);
        // The books are proved although two crossings have no alert anymore.
        app.proves_its_books().await;
        let mut watcher = ada.watches(Some(&json!("alert_1"))).await;
        assert_eq!(watcher.pushed().await["balanceVersion"], 6, "after an alert that was deleted");
        ada.adjusts(-1).await;
        assert_eq!(watcher.pushed().await["balanceVersion"], 8);
    }

    async fn an_alert_is_not_sent_again_when_its_first_one_was_deleted(app: TestApp) {
        let ada = Customer::signs_up(&app, "ada").await;
        ada.user.subscribes("CORE").await;
        let id = newest(&app).await["id"].as_str().unwrap().to_owned();
        app.sandbox().fail_next_payments(&id, 100).unwrap();
        app.sandbox().renew(&id).await.unwrap();
        app.settles().await;
        assert_eq!(alerts(&ada.user).await.len(), 1);
        ada.user.gets(SET, switch("EXPIRING_PLAN", true)).await;
        let inside = app.inside().await;
        alert::Entity::delete_many().exec(inside.database.write()).await.unwrap();
        app.sandbox().advance(Duration::from_hours(4 * 24)).await;
        app.settles().await;
        assert_eq!(alerts(&ada.user).await, [Value::Null; 0]);
    }
}
