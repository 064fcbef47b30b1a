//! Cancellations made in Stripe's portal, which sets a date instead of a flag, are shown and can be reverted.

use serde_json::{Value, json};

use super::{calls_of, of_tier, renews};
use crate::{
    checkout::posts_to_stripe,
    harness::{
        Actor, TestApp,
        actor::{PORTAL, portal},
        facts,
    },
    subscription::{newest, stripe_ends_it},
};

const UPDATE: &str = "POST /v1/subscriptions/{id}";

/// Ends the newest subscription on the pages of the portal.
async fn ends_in_portal(app: &TestApp, user: &Actor) {
    let opened = user.gets(PORTAL, portal("https://patchhive.example/account")).await;
    let id = newest(app).await["id"].as_str().unwrap().to_owned();
    let form = [("subscription", id.as_str()), ("action", "cancel")];
    let done = app.http().post(opened["url"].as_str().unwrap()).form(&form).send().await.unwrap();
    assert_eq!(done.status(), 303);
    app.settles().await;
    let ending = newest(app).await;
    assert_eq!(ending["cancel_at"], ending["items"]["data"][0]["current_period_end"]);
    assert_eq!(ending["cancel_at_period_end"], false);
}

/// The preview of an upgrade without its time.
fn money(mut preview: Value) -> Value {
    preview["effectiveAt"].take();
    preview
}

facts! {
    async fn an_end_set_in_the_portal_can_be_reverted(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        ends_in_portal(&app, &ada).await;
        let ending = ada.subscription().await;
        assert_eq!(ending["cancelAtPeriodEnd"], true);
        assert_eq!(ending["cancelAt"], ending["currentPeriodEnd"]);
        assert_eq!(ada.resumes().await, of_tier("CORE", None));
        assert_eq!(newest(&app).await["cancel_at"], Value::Null);
        app.settles().await;
        assert_eq!(ada.subscription().await["cancelAt"], Value::Null);
        renews(&app).await;
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("CORE", 50));
    }

    async fn an_end_set_in_the_portal_takes_effect_unless_reverted(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        ends_in_portal(&app, &ada).await;
        renews(&app).await;
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("FREE", 25));
    }

    async fn a_plan_change_removes_an_end_set_in_the_portal(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        ends_in_portal(&app, &ada).await;
        assert_eq!(ada.changes_plan("PRO").await, of_tier("PRO", None));
        assert_eq!(newest(&app).await["cancel_at"], Value::Null, "it is paid for, and goes on");
        app.settles().await;

        let bob = app.signs_up("bob").await;
        bob.subscribes("PRO").await;
        ends_in_portal(&app, &bob).await;
        assert_eq!(bob.changes_plan("CORE").await, of_tier("PRO", Some("CORE")));
        assert_eq!(newest(&app).await["cancel_at"], Value::Null);
        app.settles().await;
        renews(&app).await;
        assert_eq!((ada.tier().await.as_str(), bob.tier().await.as_str()), ("PRO", "CORE"));
    }

    async fn a_subscription_ended_in_the_portal_is_not_ended_again(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        // Nobody tells: the mutation finds the date at Stripe.
        app.sandbox().set_webhook_urls(Vec::new());
        ends_in_portal(&app, &ada).await;
        assert_eq!(ada.cancels().await["cancelAtPeriodEnd"], true);
        assert_eq!(ada.cancels().await["cancelAtPeriodEnd"], true);
        assert_eq!(calls_of(&app, UPDATE), 0);
    }

    async fn an_end_after_the_period_is_brought_forward_by_a_cancellation(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let now = newest(&app).await;
        let end = now["items"]["data"][0]["current_period_end"].as_i64().unwrap();
        let path = format!("/v1/subscriptions/{}", now["id"].as_str().unwrap());
        posts_to_stripe(&app, &path, &[("cancel_at", &(end + 864_000).to_string())]).await;
        app.settles().await;
        assert_eq!(ada.subscription().await["cancelAtPeriodEnd"], false);
        ada.cancels().await;
        assert_eq!(newest(&app).await["cancel_at"], end);
    }

    async fn a_preview_is_as_if_no_end_were_announced(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("PRO").await;
        let previews = async || json!([money(ada.previews("STUDIO").await), ada.previews("CORE").await]);
        let before = previews().await;
        assert_eq!(before[0]["dueNow"]["amount"], 1500);
        ada.cancels().await;
        assert_eq!(previews().await, before);
        ada.resumes().await;
        ends_in_portal(&app, &ada).await;
        assert_eq!(previews().await, before);
    }

    async fn a_subscription_that_ended_without_an_event_has_no_preview(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("PRO").await;
        app.sandbox().set_webhook_urls(Vec::new());
        stripe_ends_it(&app).await;
        assert_eq!(ada.previews("CORE").await, Value::Null);
        assert_eq!(ada.previews("STUDIO").await, Value::Null);
    }
}
