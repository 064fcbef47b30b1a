//! Settings that make no sense are refused, and nothing works without a token, a card or Stripe.

use serde_json::{Value, json};

use super::{DISABLE, RESUME, SET, SETUP, STATE, settings, urls, with_card};
use crate::{
    checkout::on_both,
    harness::{TestApp, actor::GOOD_CARD, facts},
};

const HISTORY: &str = "query ($first: Int, $after: String, $last: Int) { topUps(first: $first, after: $after, last: $last) { \
    nodes { id } } }";

facts! {
    async fn settings_beyond_their_limits_are_refused_with_the_names_of_the_fields(app: TestApp) {
        let ada = with_card(&app, "ada", GOOD_CARD, 0).await;
        for (below, credits, cap, field) in [
            (0, 25, 5000, "below"),
            (10_001, 25, 5000, "below"),
            (-5, 25, 5000, "below"),
            (10, 0, 5000, "credits"),
            (10, 1001, 5000, "credits"),
            (10, 25, 499, "monthlyCap"),
            (10, 25, 1_000_001, "monthlyCap"),
            (10, 100, 1999, "monthlyCap"),
            (10, 25, -500, "monthlyCap"),
        ] {
            let answer = ada.asks_with(SET, settings(below, credits, cap)).await;
            let problem = &answer["errors"][0]["extensions"];
            assert_eq!((&problem["code"], &problem["rule"]), (&json!("BAD_USER_INPUT"), &json!("RANGE")), "{answer}");
            assert!(problem.to_string().contains(&format!("input.{field}")), "{below} {credits} {cap}: {answer}");
        }
        let answer = ada.asks_with(SET, settings(0, 0, 0)).await;
        for field in ["input.below", "input.credits", "input.monthlyCap"] {
            assert!(answer.to_string().contains(field), "{answer}");
        }
        for odd in [json!("25"), json!(1.5), Value::Null, json!(2_147_483_648_i64)] {
            let mut variables = settings(10, 25, 5000);
            variables["input"]["credits"] = odd.clone();
            assert_eq!(ada.is_refused(SET, variables).await, "BAD_REQUEST", "{odd}");
        }
        assert_eq!(ada.gets(STATE, json!({})).await, Value::Null);
        ada.gets(SET, settings(10_000, 1000, 1_000_000)).await;
        ada.gets(DISABLE, json!({})).await;
    }

    async fn without_a_card_nothing_is_enabled(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let set = ada.gets(SET, settings(10, 25, 5000)).await;
        assert_eq!(set["__typename"], "CardRequired");
        assert!(set["message"].as_str().unwrap().starts_with("Save a card first"), "{set}");
        assert_eq!(ada.gets(STATE, json!({})).await, Value::Null);
        assert_eq!(ada.is_refused(RESUME, json!({})).await, "NOT_FOUND");
        assert_eq!(ada.gets(DISABLE, json!({})).await, Value::Null);
    }

    async fn a_visitor_has_no_top_ups(app: TestApp) {
        let visitor = app.visitor();
        for (document, variables) in [
            (SET, settings(10, 25, 5000)),
            (RESUME, json!({})),
            (DISABLE, json!({})),
            (SETUP, urls()),
            (STATE, json!({})),
            (HISTORY, json!({})),
            ("{ savedCard { last4 } }", json!({})),
        ] {
            assert_eq!(visitor.is_refused(document, variables).await, "UNAUTHENTICATED", "{document}");
        }
    }

    async fn a_card_setup_leads_only_where_it_may(app: TestApp) {
        let ada = app.signs_up("ada").await;
        for odd in ["javascript:alert(1)", "http://patchhive.example/", "/account", ""] {
            let mut input = urls();
            input["input"]["successUrl"] = json!(odd);
            input["input"]["cancelUrl"] = json!(odd);
            assert_eq!(ada.is_refused(SETUP, input).await, "BAD_USER_INPUT", "{odd}");
        }
        assert!(app.sandbox().requests().is_empty());
    }

    async fn an_invalid_page_of_the_history_is_refused(app: TestApp) {
        let ada = app.signs_up("ada").await;
        for odd in [
            json!({ "first": 101 }), json!({ "first": -1 }), json!({ "first": 1, "last": 1 }), json!({ "after": "nonsense" }),
        ] {
            assert_eq!(ada.is_refused(HISTORY, odd.clone()).await, "BAD_USER_INPUT", "{odd}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_stripe_they_are_disabled() {
    let without = |config: &mut patch_hive::config::Config| config.stripe = None;
    on_both(without, async |app| {
        let ada = app.signs_up("ada").await;
        for (document, variables) in [(SET, settings(10, 25, 5000)), (RESUME, json!({})), (SETUP, urls())] {
            assert_eq!(ada.is_refused(document, variables).await, "STRIPE_DISABLED", "{document}");
        }
        assert_eq!(ada.gets(STATE, json!({})).await, Value::Null);
    })
    .await;
}
