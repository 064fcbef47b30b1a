//! Mail: one for each alert, to emails that were verified.

use patch_hive::config::{Config, Mail};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::{Customer, PATIENCE};
use crate::{
    account::mail::{VERIFY, with_mail},
    harness::{Backend, app::run_with},
    subscription::newest,
};

const REQUEST_VERIFICATION: &str = "mutation { requestEmailVerification { email } }";

#[tokio::test(flavor = "multi_thread")]
async fn each_alert_is_mailed_once_to_a_verified_email() {
    with_mail(async |app, mut server| {
        let ada = Customer::with_threshold(&app, "ada", 12, 10).await;
        ada.exports().await;
        ada.receives(1).await;
        ada.adjusts(1).await;
        ada.user.gets(REQUEST_VERIFICATION, json!({})).await;
        // The mail about the first alert would have come before.
        let (page, token) = server.next_link().await;
        assert_eq!(page, "/verify-email");
        app.visitor().gets(VERIFY, json!({ "input": { "token": token } })).await;
        ada.exports().await;
        let mail = server.next_to("ada@patchhive.example").await;
        assert!(mail.contains("Your Patch-Hive credits are low"), "{mail}");
        assert!(mail.contains("7 credits are available, fewer than 10."), "{mail}");
        assert!(mail.contains("https://pages.example/account"), "{mail}");
        ada.user.subscribes("CORE").await;
        let id = newest(&app).await["id"].as_str().unwrap().to_owned();
        app.sandbox().fail_next_payments(&id, 1).unwrap();
        app.sandbox().renew(&id).await.unwrap();
        app.settles().await;
        let mail = server.next_to("ada@patchhive.example").await;
        assert!(
            mail.contains("A payment for your plan Core failed or needs your confirmation."),
            "no second mail about the credits: {mail}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_cannot_be_sent_is_left_to_the_queue_and_delays_no_alert() {
    let nowhere = |config: &mut Config| {
        config.mail =
            Mail::Smtp { url: "smtp://127.0.0.1:1".to_owned().into(), from: "no-reply@pages.example".to_owned() };
        "https://pages.example/".clone_into(&mut config.public_url);
    };
    run_with(Backend::Sqlite, nowhere, async |app| {
        let ada = Customer::with_threshold(&app, "ada", 12, 10).await;
        let inside = app.inside().await;
        let verified = entity::user::Entity::update_many()
            .col_expr(entity::user::Column::EmailVerifiedAt, sea_orm::sea_query::Expr::value(inside.clock.wall()));
        verified.exec(inside.database.write()).await.unwrap();
        let mut watcher = ada.watches(Some(&json!("alert_0"))).await;
        ada.exports().await;
        assert_eq!(watcher.pushed().await["available"], 9);
        let failed = entity::work::Entity::find()
            .filter(entity::work::Column::Kind.eq(entity::work::Kind::Mail))
            .filter(entity::work::Column::Error.is_not_null());
        let attempted = async {
            while failed.clone().count(inside.database.read()).await.unwrap() == 0 {
                sleep(std::time::Duration::from_millis(50)).await;
            }
        };
        timeout(PATIENCE, attempted).await.expect("the mail was not attempted");
        let failing = ada.admin.gets("{ failedTasks { nodes { kind subject } } }", json!({})).await;
        let subject = failing["nodes"][0]["subject"].as_str().unwrap();
        assert!(subject.starts_with("alert:"), "{failing}");
    })
    .await;
}
