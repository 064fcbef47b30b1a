//! Upgrades take effect at once, downgrades at the end of the period, and both can be reverted.

mod at_once;
pub(crate) mod declined;
mod ending;
mod late;
mod lost;
mod scheduled;

use serde_json::{Value, json};

use crate::{
    checkout::at_stripe,
    harness::{
        Actor, TestApp,
        actor::{PLAN_CHANGE, PREVIEW, RESUMPTION, plan_change},
        facts,
    },
    subscription::newest,
};

/// Renews the newest subscription: the clock passes the end of its period, and the hour after.
pub(crate) async fn renews(app: &TestApp) {
    let id = newest(app).await["id"].as_str().unwrap().to_owned();
    app.sandbox().renew(&id).await.unwrap();
    app.settles().await;
}

/// Number of calls to Stripe of a kind, such as `POST /v1/subscriptions/{id}`.
pub(crate) fn calls_of(app: &TestApp, what: &str) -> u64 {
    app.sandbox().requests().get(what).copied().unwrap_or_default()
}

/// The amounts of a user's grants, the newest first.
async fn grants(user: &Actor) -> Vec<i64> {
    let page = user.gets("{ ledger(changeType: GRANT) { nodes { creditsDelta } } }", json!({})).await;
    page["nodes"].as_array().unwrap().iter().map(|entry| entry["creditsDelta"].as_i64().unwrap()).collect()
}

/// The paid amounts at Stripe in cents, the smallest first.
async fn paid(app: &TestApp) -> Vec<i64> {
    let invoices = at_stripe(app, "/v1/invoices?status=paid&limit=100").await;
    let amounts = invoices["data"].as_array().unwrap().iter().map(|invoice| invoice["amount_paid"].as_i64().unwrap());
    let mut amounts: Vec<_> = amounts.collect();
    amounts.sort_unstable();
    amounts
}

fn of_tier(tier: &str, scheduled: Option<&str>) -> Value {
    json!({
        "__typename": "PlanSubscription", "tier": tier, "status": "ACTIVE", "cancelAtPeriodEnd": false,
        "scheduledTier": scheduled,
    })
}

facts! {
    async fn an_upgrade_costs_the_difference_and_brings_the_difference_at_once(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        // No webhook comes: what the mutation answers rests on Stripe's reply alone.
        app.sandbox().set_webhook_urls(Vec::new());
        assert_eq!(ada.changes_plan("PRO").await, of_tier("PRO", None));
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("PRO", 100));
        assert_eq!(grants(&ada).await, [75, 25]);
        let invoice = newest(&app).await["latest_invoice"].as_str().unwrap().to_owned();
        let invoice = app.sandbox().object(&invoice).unwrap();
        assert_eq!((&invoice["amount_paid"], &invoice["billing_reason"]), (&json!(1000), &json!("subscription_update")));
    }

    async fn events_change_nothing_that_the_reply_has_applied(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        ada.changes_plan("PRO").await;
        app.settles().await;
        assert_eq!(grants(&ada).await, [75, 25]);
        assert_eq!(ada.subscription().await["version"], 2);
        assert_eq!(ada.changes_plan("STUDIO").await, of_tier("STUDIO", None));
        app.settles().await;
        assert_eq!(grants(&ada).await, [0, 75, 25]);
        assert_eq!(ada.balance().await, json!({ "credits": 100, "unlimited": true, "exportsLeft": null, "version": 3 }));
        renews(&app).await;
        assert_eq!(grants(&ada).await, [0, 0, 75, 25]);
    }

    async fn an_upgrade_late_in_the_period_costs_as_much_as_one_at_its_start(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        app.sandbox().advance(std::time::Duration::from_hours(24 * 27)).await;
        assert_eq!(ada.previews("PRO").await["dueNow"]["amount"], 1000);
        assert_eq!(ada.changes_plan("PRO").await, of_tier("PRO", None));
        assert_eq!(ada.credits().await, 100);
        renews(&app).await;
        assert_eq!(ada.credits().await, 200);
    }

    async fn a_preview_shows_the_price_and_credits_of_a_change(app: TestApp) {
        let ada = app.signs_up("ada").await;
        assert_eq!(ada.previews("PRO").await, Value::Null);
        ada.subscribes("PRO").await;
        let before = calls_of(&app, "POST /v1/subscriptions/{id}");
        let previews = json!({
            "up": ada.previews("STUDIO").await,
            "same": ada.previews("PRO").await,
            "down": ada.previews("CORE").await,
        });
        insta::assert_json_snapshot!("plan_change_previews", previews, {
            ".*.nextInvoiceAt" => "[end of the period]",
            ".up.effectiveAt" => "[now]",
            ".same.effectiveAt" => "[now]",
            ".down.effectiveAt" => "[end of the period]",
        });
        let end = ada.subscription().await["currentPeriodEnd"].clone();
        assert_eq!((&previews["down"]["effectiveAt"], &previews["down"]["nextInvoiceAt"]), (&end, &end));
        assert_eq!(calls_of(&app, "POST /v1/subscriptions/{id}"), before, "nothing was changed");
        assert_eq!(ada.subscription().await["version"], 1);
    }

    async fn a_preview_of_an_upgrade_is_what_the_upgrade_does(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let preview = ada.previews("PRO").await;
        ada.changes_plan("PRO").await;
        assert_eq!(preview["creditsNow"].as_i64().unwrap(), ada.credits().await - 25);
        let invoice = newest(&app).await["latest_invoice"].as_str().unwrap().to_owned();
        assert_eq!(app.sandbox().object(&invoice).unwrap()["amount_paid"], preview["dueNow"]["amount"]);
        renews(&app).await;
        let invoice = newest(&app).await["latest_invoice"].as_str().unwrap().to_owned();
        assert_eq!(app.sandbox().object(&invoice).unwrap()["amount_paid"], preview["nextInvoice"]["amount"]);
    }

    async fn free_is_no_plan_to_change_to_and_strangers_change_nothing(app: TestApp) {
        let (ada, bob) = (app.signs_up("ada").await, app.signs_up("bob").await);
        ada.subscribes("CORE").await;
        assert_eq!(ada.is_refused(PLAN_CHANGE, plan_change("FREE")).await, "BAD_USER_INPUT");
        assert_eq!(ada.is_refused(PREVIEW, json!({ "tier": "FREE" })).await, "BAD_USER_INPUT");
        for (document, variables) in
            [(PLAN_CHANGE, plan_change("PRO")), (PREVIEW, json!({ "tier": "PRO" })), (RESUMPTION, json!({}))]
        {
            assert_eq!(app.visitor().is_refused(document, variables).await, "UNAUTHENTICATED");
        }
        insta::assert_json_snapshot!("plan_change_none_to_change", bob.changes_plan("PRO").await);
        assert_eq!(bob.resumes().await["__typename"], "NoActiveSubscription");
        assert_eq!(ada.tier().await, "CORE");
    }
}
