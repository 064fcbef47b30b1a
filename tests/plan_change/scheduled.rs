//! Downgrades and cancellations wait for the period's end, and can be replaced and reverted.

use serde_json::{Value, json};

use super::{calls_of, of_tier, renews};
use crate::{
    harness::{Actor, Socket, TestApp, facts},
    subscription::newest,
};

const WATCH: &str = "subscription { subscriptionChanged { tier subscription { cancelAtPeriodEnd scheduledTier } } }";

async fn watches(user: &Actor) -> Socket {
    let mut socket = user.connects().await;
    socket.subscribes("plan", WATCH, json!({})).await;
    socket
}

fn change(tier: &str, cancelled: bool, scheduled: Option<&str>) -> Value {
    json!({ "tier": tier, "subscription": { "cancelAtPeriodEnd": cancelled, "scheduledTier": scheduled } })
}

facts! {
    async fn a_downgrade_waits_for_the_end_of_the_period(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("PRO").await;
        assert_eq!(ada.changes_plan("CORE").await, of_tier("PRO", Some("CORE")));
        app.settles().await;
        let subscription = ada.subscription().await;
        assert_eq!((&subscription["scheduledTier"], &subscription["version"]), (&json!("CORE"), &json!(2)));
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("PRO", 100));
        renews(&app).await;
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("CORE", 125));
        assert_eq!(ada.subscription().await["scheduledTier"], Value::Null);
        renews(&app).await;
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("CORE", 150));
        assert_eq!(newest(&app).await["schedule"], Value::Null, "the schedule has let go of it");
    }

    async fn a_downgrade_is_learned_from_its_events_alone(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("STUDIO").await;
        let id = newest(&app).await["id"].as_str().unwrap().to_owned();
        let post = async |path: String, form: Vec<(&str, String)>| {
            let url = format!("http://{}/v1/subscription_schedules{path}", app.sandbox().address());
            let reply = app.http().post(url).bearer_auth("sk_test_tests").form(&form).send().await.unwrap();
            assert_eq!(reply.status(), 200);
            reply.json::<Value>().await.unwrap()
        };
        let schedule = post(String::new(), vec![("from_subscription", id)]).await;
        let path = format!("/{}", schedule["id"].as_str().unwrap());
        let phases = vec![
            ("phases[0][items][0][price]", "price_studio".to_owned()),
            ("phases[0][start_date]", schedule["phases"][0]["start_date"].to_string()),
            ("phases[0][end_date]", schedule["phases"][0]["end_date"].to_string()),
            ("phases[1][items][0][price]", "price_pro".to_owned()),
        ];
        post(path.clone(), phases).await;
        app.settles().await;
        assert_eq!(ada.subscription().await["scheduledTier"], "PRO");
        post(format!("{path}/release"), Vec::new()).await;
        app.settles().await;
        assert_eq!(ada.subscription().await["scheduledTier"], Value::Null);
    }

    async fn watchers_see_scheduled_changes_and_their_removal(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("PRO").await;
        let mut watcher = watches(&ada).await;
        assert_eq!(watcher.pushed().await, change("PRO", false, None));
        ada.changes_plan("CORE").await;
        assert_eq!(watcher.pushed().await, change("PRO", false, Some("CORE")));
        assert_eq!(ada.resumes().await, of_tier("PRO", None));
        assert_eq!(watcher.pushed().await, change("PRO", false, None));
        ada.cancels().await;
        assert_eq!(watcher.pushed().await, change("PRO", true, None));
        assert_eq!(ada.resumes().await, of_tier("PRO", None));
        assert_eq!(watcher.pushed().await, change("PRO", false, None));
        ada.changes_plan("STUDIO").await;
        assert_eq!(watcher.pushed().await, change("STUDIO", false, None));
        app.settles().await;
        watcher.stays_silent().await;
    }

    async fn the_newest_request_replaces_the_one_before(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("STUDIO").await;
        assert_eq!(ada.changes_plan("PRO").await, of_tier("STUDIO", Some("PRO")));
        assert_eq!(ada.changes_plan("CORE").await, of_tier("STUDIO", Some("CORE")));
        assert_eq!(calls_of(&app, "POST /v1/subscription_schedules"), 1, "one schedule will do");

        let cancelled = ada.cancels().await;
        assert_eq!((&cancelled["tier"], &cancelled["cancelAtPeriodEnd"]), (&json!("STUDIO"), &json!(true)));
        assert_eq!(ada.subscription().await["scheduledTier"], Value::Null);
        assert_eq!(newest(&app).await["schedule"], Value::Null);

        assert_eq!(ada.changes_plan("PRO").await, of_tier("STUDIO", Some("PRO")));
        assert_eq!(ada.subscription().await["cancelAt"], Value::Null);
        assert_eq!(ada.changes_plan("STUDIO").await, of_tier("STUDIO", None));
        app.settles().await;
        let subscription = ada.subscription().await;
        assert_eq!((&subscription["scheduledTier"], &subscription["cancelAt"]), (&Value::Null, &Value::Null));
        renews(&app).await;
        assert_eq!(ada.tier().await, "STUDIO");
    }

    async fn an_upgrade_removes_a_scheduled_downgrade_and_a_scheduled_end(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("PRO").await;
        ada.changes_plan("CORE").await;
        assert_eq!(ada.changes_plan("STUDIO").await, of_tier("STUDIO", None));
        assert_eq!(newest(&app).await["schedule"], Value::Null);
        app.settles().await;

        let bob = app.signs_up("bob").await;
        bob.subscribes("CORE").await;
        bob.cancels().await;
        assert_eq!(bob.changes_plan("PRO").await, of_tier("PRO", None));
        app.settles().await;
        assert_eq!(bob.subscription().await["cancelAtPeriodEnd"], false);
        renews(&app).await;
        assert_eq!((ada.tier().await.as_str(), bob.tier().await.as_str()), ("STUDIO", "PRO"));
    }

    async fn a_declined_upgrade_leaves_what_is_scheduled(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("PRO").await;
        ada.changes_plan("CORE").await;
        let id = newest(&app).await["id"].as_str().unwrap().to_owned();
        app.sandbox().fail_next_payments(&id, 1).unwrap();
        assert_eq!(ada.changes_plan("STUDIO").await["__typename"], "PaymentFailed");
        app.settles().await;
        assert_eq!(ada.subscription().await["scheduledTier"], "CORE");
        renews(&app).await;
        assert_eq!(ada.tier().await, "CORE");
    }

    async fn a_downgrade_keeps_the_card_and_the_discount(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("PRO").await;
        let before = newest(&app).await;
        ada.changes_plan("CORE").await;
        renews(&app).await;
        let after = newest(&app).await;
        for field in ["default_payment_method", "discounts", "collection_method", "metadata"] {
            assert_eq!(before[field], after[field], "{field}");
        }
    }

    async fn resuming_an_active_subscription_calls_nothing(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        assert_eq!(ada.resumes().await, of_tier("CORE", None));
        assert_eq!(ada.changes_plan("CORE").await, of_tier("CORE", None));
        assert_eq!(calls_of(&app, "POST /v1/subscriptions/{id}"), 0);
        assert_eq!(ada.subscription().await["version"], 1);
    }
}
