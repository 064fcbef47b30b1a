//! The state of a checkout is what Stripe reports, whatever the address of a page says.

use std::time::Duration;

use sandbox::{DeliveryEffect, DeliveryFault, Effect, Fault};
use serde_json::{Value, json};

use super::{SESSIONS, opened_elsewhere};
use crate::{
    checkout::customer_of,
    harness::{Actor, TestApp, actor::GOOD_CARD, facts},
};

const STATE: &str = "query ($id: ID!) { checkout(id: $id) { id status kind tier credits amount { amount currency } url \
    expiresAt } }";

/// A bank account, whose money arrives days later.
const BANK: &str = "000123456789";

async fn state(user: &Actor, checkout: &Value) -> Value {
    user.gets(STATE, json!({ "id": checkout["id"] })).await
}

async fn status(user: &Actor, checkout: &Value) -> String {
    state(user, checkout).await["status"].as_str().unwrap().to_owned()
}

/// The number of times that checkouts were read from Stripe.
fn reads(app: &TestApp) -> u64 {
    let requests = app.sandbox().requests();
    requests.iter().filter(|(call, _)| call.starts_with(&format!("GET {SESSIONS}"))).map(|(_, times)| times).sum()
}

/// No further webhook arrives.
fn loses_webhooks(app: &TestApp) {
    let lost = DeliveryFault { event: String::new(), times: u32::MAX, delivery: DeliveryEffect::Never };
    app.sandbox().inject_delivery(lost);
}

facts! {
    async fn an_open_checkout_has_a_page_and_a_paid_one_has_none(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let plan = ada.opens_checkout("PRO").await;
        let open = state(&ada, &plan).await;
        assert_eq!(open, json!({
            "id": plan["id"], "status": "OPEN", "kind": "PLAN", "tier": "PRO", "credits": null,
            "amount": { "amount": 1499, "currency": "USD" }, "url": plan["url"], "expiresAt": plan["expiresAt"],
        }));
        ada.pays(&plan, GOOD_CARD).await;
        app.settles().await;
        let paid = state(&ada, &plan).await;
        assert_eq!(paid, json!({
            "id": plan["id"], "status": "PAID", "kind": "PLAN", "tier": "PRO", "credits": null,
            "amount": { "amount": 1499, "currency": "USD" }, "url": null, "expiresAt": null,
        }));
        let pack = ada.opens_purchase(40).await;
        ada.pays(&pack, GOOD_CARD).await;
        app.settles().await;
        assert_eq!(state(&ada, &pack).await, json!({
            "id": pack["id"], "status": "PAID", "kind": "PACK", "tier": null, "credits": 40,
            "amount": { "amount": 800, "currency": "USD" }, "url": null, "expiresAt": null,
        }));
    }

    async fn stripe_is_called_only_while_a_checkout_is_open(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let pack = ada.opens_purchase(40).await;
        let before = reads(&app);
        assert_eq!(status(&ada, &pack).await, "OPEN");
        assert_eq!(reads(&app), before + 1);
        ada.pays(&pack, BANK).await;
        app.settles().await;
        let before = reads(&app);
        assert_eq!(status(&ada, &pack).await, "PROCESSING");
        app.sandbox().settle_delayed(pack["id"].as_str().unwrap(), true).unwrap();
        app.settles().await;
        assert_eq!((status(&ada, &pack).await.as_str(), ada.credits().await), ("PAID", 40));
        assert_eq!(reads(&app), before);
    }

    async fn a_payment_that_fails_after_days_cancels_the_checkout(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let pack = ada.opens_purchase(40).await;
        ada.pays(&pack, BANK).await;
        app.settles().await;
        app.sandbox().settle_delayed(pack["id"].as_str().unwrap(), false).unwrap();
        app.settles().await;
        assert_eq!((status(&ada, &pack).await.as_str(), ada.credits().await), ("CANCELED", 0));
    }

    async fn a_checkout_that_nobody_pays_expires(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let (plan, pack) = (ada.opens_checkout("CORE").await, ada.opens_purchase(25).await);
        // Another checkout of a plan closes the first.
        ada.opens_checkout("PRO").await;
        assert_eq!((status(&ada, &plan).await.as_str(), status(&ada, &pack).await.as_str()), ("EXPIRED", "OPEN"));
        app.sandbox().advance(Duration::from_hours(25)).await;
        app.settles().await;
        let expired = state(&ada, &pack).await;
        assert_eq!((&expired["status"], &expired["url"]), (&json!("EXPIRED"), &Value::Null));
        let before = reads(&app);
        assert_eq!(status(&ada, &pack).await, "EXPIRED");
        assert_eq!(reads(&app), before, "an expired checkout is not read again");
    }

    async fn asking_for_a_paid_checkout_makes_up_for_lost_webhooks(app: TestApp) {
        loses_webhooks(&app);
        let ada = app.signs_up("ada").await;
        let (plan, pack) = (ada.opens_checkout("CORE").await, ada.opens_purchase(40).await);
        ada.pays(&plan, GOOD_CARD).await;
        ada.pays(&pack, GOOD_CARD).await;
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("FREE", 0));
        assert_eq!((status(&ada, &plan).await.as_str(), status(&ada, &pack).await.as_str()), ("PAID", "PAID"));
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("CORE", 65));
        for checkout in [&plan, &pack] {
            assert_eq!(status(&ada, checkout).await, "PAID");
        }
        assert_eq!(ada.credits().await, 65);
    }

    async fn a_checkout_of_another_user_does_not_exist(app: TestApp) {
        let (ada, bob) = (app.signs_up("ada").await, app.signs_up("bob").await);
        let pack = ada.opens_purchase(40).await;
        let elsewhere = opened_elsewhere(&app, &customer_of(&app, &pack).await, "price_core").await;
        let before = app.sandbox().requests();
        assert_eq!(bob.is_refused(STATE, json!({ "id": pack["id"] })).await, "NOT_FOUND");
        let unknown = [json!(""), json!("cs_"), json!("cs_\u{0}"), json!("../customers"), json!("x".repeat(2000))];
        for id in [unknown.as_slice(), &[elsewhere["id"].clone(), json!(7)]].concat() {
            assert_eq!(ada.is_refused(STATE, json!({ "id": id })).await, "NOT_FOUND", "{id}");
        }
        assert_eq!(app.visitor().is_refused(STATE, json!({ "id": pack["id"] })).await, "UNAUTHENTICATED");
        assert_eq!(app.sandbox().requests(), before, "no id of others reaches Stripe");
    }

    async fn an_open_checkout_needs_stripe_and_a_paid_one_does_not(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let pack = ada.opens_purchase(40).await;
        let fault = Fault { method: "GET".to_owned(), path: SESSIONS.to_owned(), times: u32::MAX, effect: Effect::Drop };
        app.sandbox().inject(fault);
        assert_eq!(ada.is_refused(STATE, json!({ "id": pack["id"] })).await, "STRIPE_UNAVAILABLE");
        ada.pays(&pack, GOOD_CARD).await;
        app.settles().await;
        assert_eq!(status(&ada, &pack).await, "PAID", "our own row shows it");
    }
}
