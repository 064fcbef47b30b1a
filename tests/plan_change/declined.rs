//! Upgrades whose payment is declined, or stands behind another that is still owed.

use serde_json::json;

use super::{asked, of_tier, renews};
use crate::{
    harness::{TestApp, actor::GOOD_CARD, facts},
    subscription::newest,
};

const DECLINES: &str = "4000000000000341";

/// Puts another card behind the newest subscription.
async fn pays_with(app: &TestApp, card: &str) {
    let id = newest(app).await["id"].as_str().unwrap().to_owned();
    app.sandbox().change_card(&id, card).unwrap();
    app.settles().await;
}

facts! {
    async fn a_declined_card_changes_nothing_and_says_why(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        pays_with(&app, DECLINES).await;
        let version = ada.subscription().await["version"].clone();
        insta::assert_json_snapshot!("plan_change_declined", ada.changes_plan("PRO").await, {
            ".invoiceUrl" => "[the invoice's page]",
        });
        app.settles().await;
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("CORE", 25));
        assert_eq!(ada.subscription().await["version"], version);
        // Another card, and it works.
        pays_with(&app, GOOD_CARD).await;
        assert_eq!(ada.changes_plan("PRO").await, of_tier("PRO", None));
        assert_eq!(ada.credits().await, 100);
    }

    async fn a_declined_upgrade_is_made_once_its_invoice_is_paid_by_hand(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        pays_with(&app, DECLINES).await;
        let failed = ada.changes_plan("PRO").await;
        let page = failed["invoiceUrl"].as_str().unwrap();
        assert!(app.http().get(page).send().await.unwrap().text().await.unwrap().contains("$10.00"));
        let paid = app.http().post(page).form(&[("card_number", GOOD_CARD)]).send().await.unwrap();
        assert!(paid.status().is_redirection(), "{}", paid.status());
        app.settles().await;
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("PRO", 100));
    }

    async fn a_declined_upgrade_that_nobody_pays_never_comes_alive(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        pays_with(&app, DECLINES).await;
        let page = ada.changes_plan("PRO").await["invoiceUrl"].as_str().unwrap().to_owned();
        pays_with(&app, GOOD_CARD).await;
        app.sandbox().advance(std::time::Duration::from_hours(25)).await;
        app.settles().await;
        assert!(newest(&app).await["pending_update"].is_null());
        let paid = app.http().post(page).form(&[("card_number", GOOD_CARD)]).send().await.unwrap();
        assert_eq!(paid.status(), 402, "the invoice is void");
        renews(&app).await;
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("CORE", 50));
    }

    async fn another_wish_gives_a_declined_upgrade_up(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        pays_with(&app, DECLINES).await;
        for wish in ["CORE", "cancel"] {
            assert_eq!(ada.changes_plan("PRO").await["__typename"], "PaymentFailed");
            assert!(!newest(&app).await["pending_update"].is_null());
            if wish == "cancel" {
                ada.cancels().await;
            } else {
                assert_eq!(ada.changes_plan(wish).await, of_tier("CORE", None));
            }
            assert!(newest(&app).await["pending_update"].is_null(), "{wish}");
        }
        assert_eq!(asked(&app, "POST /v1/invoices/{id}/void"), 2);
    }

    async fn who_owes_a_renewal_pays_it_before_going_up(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        pays_with(&app, DECLINES).await;
        renews(&app).await;
        assert_eq!(ada.subscription().await["status"], "PAST_DUE");
        insta::assert_json_snapshot!("plan_change_owing", ada.changes_plan("PRO").await, {
            ".invoiceUrl" => "[the invoice's page]",
        });
        let page = ada.changes_plan("STUDIO").await["invoiceUrl"].as_str().unwrap().to_owned();
        app.http().post(page).form(&[("card_number", GOOD_CARD)]).send().await.unwrap();
        app.settles().await;
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("CORE", 50));
        pays_with(&app, GOOD_CARD).await;
        assert_eq!(ada.changes_plan("PRO").await, of_tier("PRO", None));
        assert_eq!(ada.credits().await, 125);
    }

    async fn in_the_hour_of_the_renewal_an_upgrade_has_to_wait(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let end = newest(&app).await["items"]["data"][0]["current_period_end"].as_i64().unwrap();
        let left = end - app.sandbox().now() + 60;
        app.sandbox().advance(std::time::Duration::from_secs(left.unsigned_abs())).await;
        app.settles().await;
        let upgrade = (crate::harness::actor::PLAN_CHANGE, crate::harness::actor::plan_change("PRO"));
        assert_eq!(ada.is_refused(upgrade.0, upgrade.1).await, "CONFLICT");
        assert_eq!(ada.credits().await, 25);
        app.sandbox().advance(std::time::Duration::from_hours(1)).await;
        app.settles().await;
        assert_eq!(ada.changes_plan("PRO").await, of_tier("PRO", None));
        assert_eq!(ada.balance().await["credits"], json!(125));
    }
}
