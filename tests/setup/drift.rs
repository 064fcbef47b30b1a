//! Changes made at Stripe after the setup are corrected, or reported if they cannot be.

use serde_json::{Value, json};

use super::{EVENTS, Stripe, URL, variable};

#[tokio::test(flavor = "multi_thread")]
async fn a_price_whose_amount_is_another_gets_a_successor_and_stays_understood() {
    let stripe = Stripe::start().await;
    let form = [
        ("product_data[name]", "Core of last year"),
        ("currency", "usd"),
        ("unit_amount", "399"),
        ("recurring[interval]", "month"),
        ("lookup_key", "patch_hive_core_monthly"),
    ];
    let old = stripe.post("/v1/prices", &form).await;
    let printed = stripe.sets_up(&[]).await;
    let new = stripe.price("core").await;
    assert_eq!((&new["unit_amount"], &new["product"]), (&json!(499), &old["product"]), "{printed}");
    let both = format!("{},{}", new["id"].as_str().unwrap(), old["id"].as_str().unwrap());
    assert_eq!(variable(&printed, "STRIPE_PRICE_ID_CORE"), Some(both.as_str()));
    let again = stripe.sets_up(&[]).await;
    assert_eq!(variable(&again, "STRIPE_PRICE_ID_CORE"), Some(both.as_str()), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_of_another_currency_or_interval_gets_a_successor() {
    for (currency, interval) in [("eur", "month"), ("usd", "year")] {
        let stripe = Stripe::start().await;
        let form = [
            ("product_data[name]", "Pro"),
            ("currency", currency),
            ("unit_amount", "1499"),
            ("recurring[interval]", interval),
            ("lookup_key", "patch_hive_pro_monthly"),
        ];
        let old = stripe.post("/v1/prices", &form).await;
        stripe.sets_up(&[]).await;
        let new = stripe.price("pro").await;
        assert_ne!(new["id"], old["id"]);
        assert_eq!((&new["currency"], &new["recurring"]["interval"]), (&json!("usd"), &json!("month")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn archived_prices_and_products_are_reactivated() {
    let stripe = Stripe::start().await;
    stripe.sets_up(&[]).await;
    let price = stripe.price("core").await;
    let path = format!("/v1/prices/{}", price["id"].as_str().unwrap());
    stripe.post(&path, &[("active", "false")]).await;
    stripe.post("/v1/products/patch_hive_core", &[("active", "false")]).await;
    let report = stripe.sets_up(&["--dry-run"]).await;
    assert_eq!(report.matches("would be reactivated").count(), 2, "{report}");
    assert_eq!(stripe.get(&path).await["active"], false);
    stripe.sets_up(&[]).await;
    assert_eq!(stripe.get(&path).await["active"], true);
    assert_eq!(stripe.get("/v1/products/patch_hive_core").await["active"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_with_other_features_is_updated_and_other_ones_are_left_alone() {
    let stripe = Stripe::start().await;
    let foreign =
        stripe.post("/v1/billing_portal/configurations", &[("features[invoice_history][enabled]", "false")]).await;
    let printed = stripe.sets_up(&[]).await;
    let ours = variable(&printed, "STRIPE_PORTAL_CONFIGURATION").unwrap();
    assert_ne!(foreign["id"], ours);
    let path = format!("/v1/billing_portal/configurations/{ours}");
    stripe.post(&path, &[("features[subscription_update][enabled]", "true")]).await;
    let report = stripe.sets_up(&["--dry-run"]).await;
    assert!(report.contains("# portal configuration: would be updated"), "{report}");
    let updated = stripe.sets_up(&[]).await;
    assert_eq!(variable(&updated, "STRIPE_PORTAL_CONFIGURATION"), Some(ours));
    assert_eq!(stripe.get(&path).await["features"]["subscription_update"]["enabled"], false);
    let path = format!("/v1/billing_portal/configurations/{}", foreign["id"].as_str().unwrap());
    assert_eq!(stripe.get(&path).await["features"]["invoice_history"]["enabled"], false);
}

/// Creates an endpoint with other events than the gateway's.
async fn made(stripe: &Stripe, url: &str, version: &str) -> Value {
    let form = [
        ("url", url),
        ("enabled_events[]", "invoice.paid"),
        ("enabled_events[]", "charge.succeeded"),
        ("api_version", version),
    ];
    stripe.post("/v1/webhook_endpoints", &form).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_disabled_or_gets_other_events_is_updated_and_other_ones_are_left_alone() {
    let stripe = Stripe::start().await;
    let ours = made(&stripe, URL, "2026-09-30.endive").await;
    let other = made(&stripe, "https://elsewhere.example/hook", "2026-09-30.endive").await;
    let path = format!("/v1/webhook_endpoints/{}", ours["id"].as_str().unwrap());
    stripe.post(&path, &[("disabled", "true")]).await;

    let report = stripe.sets_up(&["--dry-run", "--webhook-url", URL]).await;
    for drift in ["would be updated", "it was disabled", "checkout.session.completed", "it was sent charge.succeeded"] {
        assert!(report.contains(drift), "{drift} is not in\n{report}");
    }
    stripe.sets_up(&["--webhook-url", URL]).await;
    let updated = stripe.get(&path).await;
    assert_eq!((&updated["status"], &updated["enabled_events"]), (&json!("enabled"), &json!(EVENTS)));
    let path = format!("/v1/webhook_endpoints/{}", other["id"].as_str().unwrap());
    assert_eq!(stripe.get(&path).await["enabled_events"], json!(["invoice.paid", "charge.succeeded"]));
    assert_eq!(stripe.get("/v1/webhook_endpoints").await["data"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_of_another_api_version_is_reported_since_it_cannot_be_updated() {
    let stripe = Stripe::start().await;
    made(&stripe, URL, "2025-04-30.basil").await;
    let printed = stripe.sets_up(&["--webhook-url", URL]).await;
    assert!(printed.contains("its API version is 2025-04-30.basil and cannot be changed"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_endpoints_hide_none() {
    let stripe = Stripe::start().await;
    let ours = made(&stripe, URL, "2026-09-30.endive").await;
    for number in 0..120 {
        made(&stripe, &format!("https://elsewhere.example/{number}"), "2026-09-30.endive").await;
    }
    let printed = stripe.sets_up(&["--webhook-url", URL]).await;
    assert!(printed.contains(ours["id"].as_str().unwrap()), "{printed}");
}
