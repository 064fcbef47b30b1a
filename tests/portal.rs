//! Stripe's customer portal opens for customers, and never switches plans.

use crate::{
    checkout::{at_stripe, posts_to_stripe},
    harness::{
        TestApp,
        actor::{PORTAL, portal},
        facts,
    },
    plan_change::calls_of,
};

const BACK: &str = "https://patchhive.example/account";

facts! {
    async fn the_portal_ends_a_subscription_with_its_period_and_switches_no_plan(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("PRO").await;
        let url = ada.gets(PORTAL, portal(BACK)).await["url"].as_str().unwrap().to_owned();
        let page = app.http().get(&url).send().await.unwrap().text().await.unwrap();
        assert!(page.contains("Cancel at the end of the period") && page.contains(BACK), "{page}");
        let configurations = at_stripe(&app, "/v1/billing_portal/configurations").await;
        let features = &configurations["data"][0]["features"];
        assert_eq!(features["subscription_update"]["enabled"], false);
        assert_eq!(features["subscription_cancel"]["mode"], "at_period_end");

        let id = crate::subscription::newest(&app).await["id"].as_str().unwrap().to_owned();
        let form = [("subscription", id.as_str()), ("action", "cancel")];
        app.http().post(&url).form(&form).send().await.unwrap();
        app.settles().await;
        assert_eq!(ada.subscription().await["cancelAtPeriodEnd"], true);
    }

    async fn a_link_to_the_payment_method_leads_back_once_it_is_changed(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("PRO").await;
        let mut variables = portal(BACK);
        variables["input"]["flow"] = "UPDATE_PAYMENT_METHOD".into();
        let url = ada.gets(PORTAL, variables).await["url"].as_str().unwrap().to_owned();
        let page = app.http().get(&url).send().await.unwrap().text().await.unwrap();
        assert!(page.contains("Change the card") && !page.contains("Cancel at the end"), "{page}");
        let id = crate::subscription::newest(&app).await["id"].as_str().unwrap().to_owned();
        let form = [("subscription", id.as_str()), ("action", "card"), ("card_number", "5555555555554444")];
        let changed = app.http().post(&url).form(&form).send().await.unwrap();
        assert_eq!((changed.status().as_u16(), changed.headers()["location"].to_str().unwrap()), (303, BACK));
        let mut odd = portal(BACK);
        odd["input"]["flow"] = "CANCEL".into();
        assert_eq!(ada.is_refused(PORTAL, odd).await, "BAD_REQUEST");
    }

    async fn the_portals_configuration_is_created_once(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let (one, two) = tokio::join!(ada.gets(PORTAL, portal(BACK)), ada.gets(PORTAL, portal(BACK)));
        assert_ne!(one, two, "each session has a page of its own");
        ada.gets(PORTAL, portal(BACK)).await;
        let configurations = at_stripe(&app, "/v1/billing_portal/configurations").await;
        assert_eq!(configurations["data"].as_array().unwrap().len(), 1);
        let customers = at_stripe(&app, "/v1/customers").await;
        assert_eq!(customers["data"].as_array().unwrap().len(), 1, "who has bought nothing has an empty portal");
    }

    async fn the_portal_takes_the_payment_methods_that_checkouts_of_plans_take(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let url = ada.gets(PORTAL, portal(BACK)).await["url"].as_str().unwrap().to_owned();
        let configuration = at_stripe(&app, "/v1/billing_portal/configurations").await["data"][0].clone();
        let methods = configuration["features"]["payment_method_update"]["payment_method_configuration"].clone();
        let path = format!("/v1/payment_method_configurations/{}", methods.as_str().unwrap());
        let methods = at_stripe(&app, &path).await;
        assert_eq!(methods["card"]["display_preference"]["value"], "on");
        for delayed in ["us_bank_account", "sepa_debit", "bacs_debit", "boleto", "customer_balance"] {
            assert_eq!(methods[delayed]["display_preference"]["value"], "off", "{delayed}");
        }
        let id = crate::subscription::newest(&app).await["id"].as_str().unwrap().to_owned();
        for (number, status) in [("000123456789", 409), ("5555555555554444", 303)] {
            let form = [("subscription", id.as_str()), ("action", "card"), ("card_number", number)];
            let answer = app.http().post(&url).form(&form).send().await.unwrap();
            assert_eq!(answer.status(), status, "{number}");
        }
    }

    async fn payment_methods_that_somebody_changed_are_corrected(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.gets(PORTAL, portal(BACK)).await;
        let list = "/v1/payment_method_configurations";
        let id = at_stripe(&app, list).await["data"][0]["id"].as_str().unwrap().to_owned();
        let form = [("us_bank_account[display_preference][preference]", "on")];
        posts_to_stripe(&app, &format!("{list}/{id}"), &form).await;
        ada.gets(PORTAL, portal(BACK)).await;
        let methods = at_stripe(&app, list).await["data"].clone();
        assert_eq!(methods.as_array().unwrap().len(), 1);
        assert_eq!(methods[0]["us_bank_account"]["display_preference"]["value"], "off");
    }

    async fn a_configuration_that_has_drifted_is_updated_before_it_is_used(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.gets(PORTAL, portal(BACK)).await;
        let path = "/v1/billing_portal/configurations";
        let id = at_stripe(&app, path).await["data"][0]["id"].as_str().unwrap().to_owned();
        let form = [("features[subscription_update][enabled]", "true")];
        posts_to_stripe(&app, &format!("{path}/{id}"), &form).await;
        ada.gets(PORTAL, portal(BACK)).await;
        let configurations = at_stripe(&app, path).await["data"].clone();
        assert_eq!(configurations.as_array().unwrap().len(), 1);
        assert_eq!(configurations[0]["features"]["subscription_update"]["enabled"], false);
    }

    async fn the_portal_returns_to_allowed_urls_only(app: TestApp) {
        let ada = app.signs_up("ada").await;
        for odd in ["http://patchhive.example/", "javascript:alert(1)", "/account", ""] {
            assert_eq!(ada.is_refused(PORTAL, portal(odd)).await, "BAD_USER_INPUT", "{odd}");
        }
        assert_eq!(app.visitor().is_refused(PORTAL, portal(BACK)).await, "UNAUTHENTICATED");
        assert_eq!(calls_of(&app, "POST /v1/customers"), 0);
    }
}
