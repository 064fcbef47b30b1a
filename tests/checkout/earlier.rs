//! A user has one open checkout of a plan: it is reused or closed before another is opened.

use std::time::Duration;

use sandbox::Effect;
use serde_json::{Value, json};

use super::{ATTEMPTS, HOME, SESSIONS, at_stripe, breaks, count, writes};
use crate::harness::{
    Actor, TestApp,
    actor::{CHECKOUT, GOOD_CARD, checkout},
    facts,
};

async fn status(app: &TestApp, checkout: &Value) -> String {
    let session = at_stripe(app, &format!("{SESSIONS}/{}", checkout["id"].as_str().unwrap())).await;
    session["status"].as_str().unwrap().to_owned()
}

/// Number of sessions at Stripe that can be paid.
async fn open(app: &TestApp) -> usize {
    at_stripe(app, &format!("{SESSIONS}?limit=100&status=open")).await["data"].as_array().unwrap().len()
}

/// Opens a checkout of CORE with another success URL.
async fn leads_to(actor: &Actor, success: &str) -> Value {
    actor.gets(CHECKOUT, json!({ "input": { "tier": "CORE", "successUrl": success, "cancelUrl": HOME } })).await
}

facts! {
    async fn an_open_checkout_of_the_same_plan_is_returned_again(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let first = ada.opens_checkout("CORE").await;
        let before = writes(&app);
        assert_eq!(ada.opens_checkout("CORE").await, first);
        assert_eq!(writes(&app), before);
        assert_eq!(count(&app, SESSIONS).await, 1);
    }

    async fn an_open_checkout_of_another_plan_is_closed_first(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let core = ada.opens_checkout("CORE").await;
        let pack = ada.opens_purchase(25).await;
        let pro = ada.opens_checkout("PRO").await;
        assert_eq!((status(&app, &core).await.as_str(), status(&app, &pro).await.as_str()), ("expired", "open"));
        assert_eq!(status(&app, &pack).await, "open", "a pack is another matter");
        assert_eq!(ada.submits_card(&core, GOOD_CARD).await.status(), 410);
        ada.pays(&pro, GOOD_CARD).await;
        app.settles().await;
        assert_eq!((ada.credits().await, ada.tier().await.as_str()), (100, "PRO"));
    }

    async fn an_open_checkout_with_other_urls_is_closed_first(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let first = leads_to(&ada, "https://patchhive.example/one").await;
        let second = leads_to(&ada, "https://patchhive.example/two").await;
        assert_eq!((status(&app, &first).await.as_str(), status(&app, &second).await.as_str()), ("expired", "open"));
        assert_eq!(leads_to(&ada, "https://patchhive.example/two").await, second);
    }

    async fn a_checkout_that_is_about_to_close_makes_way_for_a_new_one(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let first = ada.opens_checkout("CORE").await;
        app.sandbox().advance(Duration::from_hours(22)).await;
        assert_eq!(ada.opens_checkout("CORE").await, first);
        app.sandbox().advance(Duration::from_mins(61)).await;
        let second = ada.opens_checkout("CORE").await;
        assert_ne!(second["id"], first["id"]);
        assert_eq!((status(&app, &first).await.as_str(), status(&app, &second).await.as_str()), ("expired", "open"));
    }

    async fn concurrent_requests_leave_one_checkout_open(app: TestApp) {
        for number in 0..4 {
            let ada = app.signs_up(&format!("ada{number}")).await;
            let tiers = ["CORE", "PRO", "CORE", "STUDIO"];
            let all = tiers.map(|tier| ada.asks_with(CHECKOUT, checkout(tier)));
            for answer in futures_util::future::join_all(all).await {
                let opened = answer.pointer("/data/createCheckout/url").is_some_and(Value::is_string);
                let told_to_wait = answer.pointer("/errors/0/extensions/code") == Some(&json!("CONFLICT"));
                assert!(opened || told_to_wait, "{answer}");
            }
            assert_eq!(open(&app).await, number + 1);
        }
    }

    async fn a_checkout_that_was_paid_a_moment_ago_is_known_before_its_webhooks(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let core = ada.opens_checkout("CORE").await;
        app.sandbox().set_webhook_urls(Vec::new());
        ada.pays(&core, GOOD_CARD).await;
        let answer = ada.opens_checkout("PRO").await;
        assert_eq!(answer["__typename"], "AlreadySubscribed");
        assert_eq!(answer["subscription"], json!({ "tier": "CORE", "status": "ACTIVE" }));
        assert_eq!(count(&app, SESSIONS).await, 1);
    }

    async fn while_an_open_checkout_cannot_be_closed_no_other_is_opened(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let core = ada.opens_checkout("CORE").await;
        let expire = format!("{SESSIONS}/{}/expire", core["id"].as_str().unwrap());
        breaks(&app, &expire, ATTEMPTS, Effect::Refuse { status: 500 });
        assert_eq!(ada.is_refused(CHECKOUT, checkout("PRO")).await, "STRIPE_UNAVAILABLE");
        assert_eq!((status(&app, &core).await.as_str(), count(&app, SESSIONS).await), ("open", 1));
        // It was closed, and the answers were lost.
        breaks(&app, &expire, 1, Effect::Drop);
        let pro = ada.opens_checkout("PRO").await;
        assert_eq!((status(&app, &core).await.as_str(), status(&app, &pro).await.as_str()), ("expired", "open"));
    }

    async fn a_checkout_that_is_paid_while_it_is_closed_is_a_subscription(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let core = ada.opens_checkout("CORE").await;
        app.sandbox().set_webhook_urls(Vec::new());
        let expire = format!("{SESSIONS}/{}/expire", core["id"].as_str().unwrap());
        breaks(&app, &expire, 1, Effect::Refuse { status: 503 });
        let (answer, ()) = tokio::join!(ada.opens_checkout("PRO"), async {
            // While the gateway pauses after the first attempt.
            let tried = format!("POST {SESSIONS}/{{id}}/expire");
            while !app.sandbox().requests().contains_key(&tried) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            ada.pays(&core, GOOD_CARD).await;
        });
        assert_eq!(answer["__typename"], "AlreadySubscribed");
        assert_eq!(answer["subscription"]["tier"], "CORE");
        assert_eq!(count(&app, SESSIONS).await, 1);
    }
}
