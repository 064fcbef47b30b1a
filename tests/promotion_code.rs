//! With `STRIPE_PROMOTION_CODES`, the checkout of a plan accepts codes. A code lowers the money and not the credits.

mod upgrade;

use patch_hive::config::Config;
use serde_json::{Value, json};

use crate::{
    checkout::{at_stripe, on_both, posts_to_stripe},
    harness::{Actor, TestApp, actor::GOOD_CARD},
    plan_change::renews,
    webhook::{entries_of, grant},
};

fn with_codes(config: &mut Config) {
    config.stripe.as_mut().unwrap().checkout.promotion_codes = true;
}

/// Enters a code on the page of a checkout, and returns the status of the response.
async fn enters(app: &TestApp, checkout: &Value, code: &str) -> u16 {
    let form = [("action", "apply"), ("promotion_code", code)];
    let url = checkout["url"].as_str().unwrap();
    app.http().post(url).form(&form).send().await.unwrap().status().as_u16()
}

async fn pays(app: &TestApp, user: &Actor, checkout: &Value) {
    user.pays(checkout, GOOD_CARD).await;
    app.settles().await;
}

async fn session(app: &TestApp, checkout: &Value) -> Value {
    at_stripe(app, &format!("/v1/checkout/sessions/{}", checkout["id"].as_str().unwrap())).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_lowers_the_price_and_a_refund_returns_all_credits() {
    for (code, paid) in [("save20", 399), ("MINUS2", 299)] {
        on_both(with_codes, async |app| {
            let ada = app.signs_up("ada").await;
            let checkout = ada.opens_checkout("CORE").await;
            assert_eq!(enters(&app, &checkout, code).await, 303);
            let open = session(&app, &checkout).await;
            assert_eq!(
                (&open["amount_total"], &open["total_details"]["amount_discount"]),
                (&json!(paid), &json!(499 - paid))
            );
            pays(&app, &ada, &checkout).await;
            assert_eq!((ada.credits().await, ada.tier().await.as_str()), (25, "CORE"));
            let state = ada
                .gets(
                    "query ($id: ID!) { checkout(id: $id) { status amount { amount } } }",
                    json!({ "id": checkout["id"] }),
                )
                .await;
            assert_eq!(state, json!({ "status": "PAID", "amount": { "amount": paid } }));
            let charge = at_stripe(&app, "/v1/charges?limit=1").await["data"][0].clone();
            assert_eq!(charge["amount"], paid);
            app.sandbox().refund(charge["id"].as_str().unwrap(), None).unwrap();
            app.settles().await;
            assert_eq!(entries_of(&ada).await, [grant(25), ("REFUND".to_owned(), -25)]);
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_for_everything_grants_one_period_and_the_next_is_paid() {
    on_both(with_codes, async |app| {
        let ada = app.signs_up("ada").await;
        let checkout = ada.opens_checkout("CORE").await;
        assert_eq!(enters(&app, &checkout, "FIRSTFREE").await, 303);
        pays(&app, &ada, &checkout).await;
        assert_eq!((ada.credits().await, ada.tier().await.as_str()), (25, "CORE"));
        let invoices = ada.gets("{ invoices { nodes { status total { amount } } } }", json!({})).await;
        assert_eq!(invoices["nodes"], json!([{ "status": "PAID", "total": { "amount": 0 } }]));
        assert_eq!(at_stripe(&app, "/v1/charges").await["data"], json!([]));
        renews(&app).await;
        assert_eq!(ada.credits().await, 50);
        let charges = at_stripe(&app, "/v1/charges").await;
        assert_eq!(charges["data"][0]["amount"], 499);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pack_accepts_no_codes() {
    on_both(with_codes, async |app| {
        let ada = app.signs_up("ada").await;
        let checkout = ada.opens_purchase(40).await;
        assert_eq!(session(&app, &checkout).await["allow_promotion_codes"], Value::Null);
        assert_eq!(enters(&app, &checkout, "FIRSTFREE").await, 409);
        pays(&app, &ada, &checkout).await;
        assert_eq!(at_stripe(&app, "/v1/charges").await["data"][0]["amount"], 800);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_refused_on_the_page_and_the_checkout_stays_open() {
    on_both(with_codes, async |app| {
        let ada = app.signs_up("ada").await;
        let once = [
            ("promotion[type]", "coupon"),
            ("promotion[coupon]", "SAVE20"),
            ("code", "ONCE"),
            ("max_redemptions", "1"),
        ];
        posts_to_stripe(&app, "/v1/promotion_codes", &once).await;
        let checkout = ada.opens_checkout("CORE").await;
        for wrong in ["", "nonsense", "SAVE20 OR 1=1"] {
            assert_eq!(enters(&app, &checkout, wrong).await, 409, "{wrong}");
        }
        assert_eq!(enters(&app, &checkout, "ONCE").await, 303);
        pays(&app, &ada, &checkout).await;
        let bob = app.signs_up("bob").await;
        let checkout = bob.opens_checkout("CORE").await;
        assert_eq!(enters(&app, &checkout, "ONCE").await, 409);
        assert_eq!(session(&app, &checkout).await["amount_total"], 499);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_setting_no_codes_are_accepted() {
    on_both(
        |_| {},
        async |app| {
            let ada = app.signs_up("ada").await;
            let checkout = ada.opens_checkout("CORE").await;
            assert_eq!(enters(&app, &checkout, "SAVE20").await, 409);
            assert_eq!(session(&app, &checkout).await["amount_total"], 499);
        },
    )
    .await;
}
