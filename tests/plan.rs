//! Plans and quotes are readable by everyone, and match what is sold.

use serde_json::json;

use crate::harness::{Backend, TestApp, app::run_with, facts};

const QUOTE: &str = "query ($credits: Int!) { creditQuote(credits: $credits) { credits unitPrice { amount currency } \
    amount { amount currency } minimumApplied } }";

const CONFIG: &str = "{ stripeConfig { enabled publishableKey } }";

facts! {
    async fn the_plans_are_public(app: TestApp) {
        let plans = app.visitor().gets(
            "{ plans { tier name price { amount currency } monthlyCredits unlimited features { code label } \
             includes } }",
            json!({}),
        ).await;
        insta::assert_json_snapshot!("plans", plans);
    }

    async fn the_cost_of_an_export_is_public_and_is_what_an_export_takes(app: TestApp) {
        let cost = app.visitor().gets("{ exportCost }", json!({})).await.as_i64().unwrap();
        let ada = app.signs_up("ada").await;
        let charge = ada.exports("run", "key").await;
        assert_eq!(charge["required"], cost, "{charge}");
    }

    async fn the_stripe_configuration_is_public(app: TestApp) {
        insta::assert_json_snapshot!("stripe_config", app.visitor().gets(CONFIG, json!({})).await);
    }

    async fn a_pack_costs_twenty_cents_a_credit_and_five_dollars_at_least(app: TestApp) {
        let mut quotes = Vec::new();
        for credits in [1, 25, 26, 1000] {
            quotes.push(app.visitor().gets(QUOTE, json!({ "credits": credits })).await);
        }
        insta::assert_json_snapshot!("quotes", quotes);
    }

    async fn a_pack_that_is_not_sold_has_no_price(app: TestApp) {
        for credits in [0, 1001, -1, i32::MAX, i32::MIN] {
            let code = app.visitor().is_refused(QUOTE, json!({ "credits": credits })).await;
            assert_eq!(code, "BAD_USER_INPUT", "{credits}");
        }
        for odd in [json!({}), json!({ "credits": null }), json!({ "credits": "ten" }), json!({ "credits": 1.5 })] {
            let code = app.visitor().is_refused(QUOTE, odd.clone()).await;
            assert!(code.starts_with("BAD_"), "{code} {odd}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_stripe_plans_are_readable_and_nothing_can_be_bought() {
    let settings = |config: &mut patch_hive::config::Config| config.stripe = None;
    run_with(Backend::Sqlite, settings, async |app: TestApp| {
        let ada = app.signs_up("ada").await;
        assert_eq!(ada.gets(CONFIG, json!({})).await, json!({ "enabled": false, "publishableKey": null }));
        assert_eq!(ada.gets("{ plans { tier } }", json!({})).await.as_array().unwrap().len(), 4);
        for (document, variables) in [
            (crate::harness::actor::CHECKOUT, crate::harness::actor::checkout("CORE")),
            (crate::harness::actor::PURCHASE, crate::harness::actor::purchase(10)),
            (crate::harness::actor::CANCELLATION, json!({})),
        ] {
            assert_eq!(ada.is_refused(document, variables).await, "STRIPE_DISABLED", "{document}");
        }
    })
    .await;
}
