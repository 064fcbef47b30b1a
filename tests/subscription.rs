//! Subscriptions start, are canceled, end, and are pushed to watchers.

mod cancellation;
pub(crate) mod duplicate;
mod ended;
mod money;
mod open_invoice;

use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use entity::{event, work::Kind};
use patch_hive::sync::{self, Object};
use sandbox::{DeliveryEffect, DeliveryFault};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::{
    checkout::at_stripe,
    harness::{Actor, Socket, TestApp, actor::CANCELLATION, facts},
};

const WATCH: &str = "subscription { subscriptionChanged { tier subscription { status cancelAtPeriodEnd } } }";

/// The newest subscription at Stripe.
pub(crate) async fn newest(app: &TestApp) -> Value {
    at_stripe(app, "/v1/subscriptions?status=all&limit=1").await["data"][0].clone()
}

/// Ends the newest subscription at Stripe, as its support would.
pub(crate) async fn stripe_ends_it(app: &TestApp) {
    let id = newest(app).await["id"].as_str().unwrap().to_owned();
    let url = format!("http://{}/v1/subscriptions/{id}", app.sandbox().address());
    let response = app.http().delete(url).bearer_auth("sk_test_tests").send().await.unwrap();
    assert_eq!(response.status(), 200);
    app.settles().await;
}

fn updates(app: &TestApp) -> u64 {
    app.sandbox().requests().get("POST /v1/subscriptions/{id}").copied().unwrap_or_default()
}

async fn watches(user: &Actor) -> Socket {
    let mut socket = user.connects().await;
    socket.subscribes("plan", WATCH, json!({})).await;
    socket
}

fn change(tier: &str, cancelled: Option<bool>) -> Value {
    let subscription = cancelled.map(|cancelled| json!({ "status": "ACTIVE", "cancelAtPeriodEnd": cancelled }));
    json!({ "tier": tier, "subscription": subscription })
}

facts! {
    async fn the_state_alone_shows_what_was_paid(app: TestApp) {
        let ada = app.signs_up("ada").await;
        for event in ["invoice.*", "invoice_payment.*"] {
            let event = event.to_owned();
            app.sandbox().inject_delivery(DeliveryFault { event, times: u32::MAX, delivery: DeliveryEffect::Never });
        }
        ada.subscribes("CORE").await;
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("CORE", 25));
        // Stripe reports a renewal before its money arrives, which only the invoice's events report, or the hourly run.
        app.sandbox().renew(newest(&app).await["id"].as_str().unwrap()).await.unwrap();
        app.settles().await;
        sync::reconcile_due(&app.inside().await).await.unwrap();
        assert_eq!(ada.credits().await, 50);
    }

    async fn unlimited_exports_that_were_lost_by_a_void_invoice_stay_lost(app: TestApp) {
        let sue = app.signs_up("sue").await;
        sue.subscribes("STUDIO").await;
        let id = newest(&app).await["id"].as_str().unwrap().to_owned();
        app.sandbox().fail_next_payments(&id, 20).unwrap();
        app.sandbox().renew(&id).await.unwrap();
        app.settles().await;
        assert_eq!(sue.balance().await["unlimited"], false);
        app.sandbox().advance(Duration::from_hours(12 * 24)).await;
        app.settles().await;
        let mut subscription = app.sandbox().object(&id).unwrap();
        subscription["status"] = "active".into();
        app.sandbox().adopt(subscription);
        sync::look(&app.inside().await, &Object::Subscription(id)).await.unwrap();
        // It is active, and unlimited only as far as it was paid.
        assert_eq!(sue.tier().await, "STUDIO");
        assert_eq!(sue.balance().await["unlimited"], false);
    }

    async fn a_paid_checkout_gives_the_tier_its_credits_and_the_subscription(app: TestApp) {
        let ada = app.signs_up("ada").await;
        assert_eq!(ada.subscription().await, Value::Null);
        ada.subscribes("CORE").await;
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("CORE", 25));
        let subscription = ada.subscription().await;
        insta::assert_json_snapshot!("subscription_core", subscription, {
            ".currentPeriodStart" => "[time]",
            ".currentPeriodEnd" => "[time]",
        });
        let item = newest(&app).await["items"]["data"][0].clone();
        let names = [("currentPeriodStart", "current_period_start"), ("currentPeriodEnd", "current_period_end")];
        for (ours, theirs) in names {
            let time = DateTime::parse_from_rfc3339(subscription[ours].as_str().unwrap()).unwrap();
            assert_eq!(item[theirs], time.timestamp(), "{ours}");
        }
    }

    async fn no_event_about_a_subscription_fails(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        app.sandbox().advance(Duration::from_hours(32 * 24)).await;
        app.settles().await;
        let failed = event::Entity::find().filter(event::Column::Status.eq(event::Status::Failed));
        assert_eq!(failed.all(app.inside().await.database.read()).await.unwrap(), []);
    }

    async fn cancelling_ends_the_plan_with_its_period_and_not_before(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let cancelled = ada.cancels().await;
        insta::assert_json_snapshot!("subscription_cancelled", cancelled, {
            ".cancelAt" => "[end of the period]",
            ".currentPeriodEnd" => "[end of the period]",
        });
        assert_eq!(cancelled["cancelAt"], cancelled["currentPeriodEnd"]);
        app.settles().await;
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("CORE", 25));
        let subscription = ada.subscription().await;
        assert_eq!((&subscription["cancelAtPeriodEnd"], &subscription["version"]), (&json!(true), &json!(2)));
        assert_eq!(newest(&app).await["cancel_at_period_end"], true);
    }

    async fn cancelling_twice_calls_stripe_once(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let first = ada.cancels().await;
        assert_eq!(ada.cancels().await, first);
        app.settles().await;
        assert_eq!(ada.cancels().await, first);
        assert_eq!(updates(&app), 1);
    }

    async fn cancelling_twice_at_once_ends_the_same(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let (one, two) = tokio::join!(ada.cancels(), ada.cancels());
        assert_eq!((&one["cancelAtPeriodEnd"], &two["cancelAtPeriodEnd"]), (&json!(true), &json!(true)));
        app.settles().await;
        assert_eq!(ada.subscription().await["version"], 2);
    }

    async fn without_a_subscription_there_is_nothing_to_cancel_and_there_are_plans_to_choose(app: TestApp) {
        let ada = app.signs_up("ada").await;
        insta::assert_json_snapshot!("subscription_none_to_cancel", ada.cancels().await);
        assert_eq!(app.visitor().is_refused(CANCELLATION, json!({})).await, "UNAUTHENTICATED");
        assert_eq!(updates(&app), 0);
    }

    async fn another_users_subscription_is_neither_seen_nor_cancelled(app: TestApp) {
        let (ada, bob) = (app.signs_up("ada").await, app.signs_up("bob").await);
        ada.subscribes("CORE").await;
        assert_eq!(bob.subscription().await, Value::Null);
        assert_eq!(bob.cancels().await["__typename"], "NoActiveSubscription");
        assert_eq!(ada.subscription().await["cancelAtPeriodEnd"], false);
    }

    async fn an_end_at_stripe_ends_the_tier_and_keeps_the_credits(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("PRO").await;
        stripe_ends_it(&app).await;
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("FREE", 100));
        assert_eq!(ada.subscription().await, Value::Null);
        assert_eq!(ada.cancels().await["__typename"], "NoActiveSubscription");
        // And the way back is open.
        ada.subscribes("CORE").await;
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("CORE", 125));
    }

    async fn exports_are_free_and_still_posted_under_studio(app: TestApp) {
        let sue = app.signs_up("sue").await;
        sue.buys(10).await;
        sue.subscribes("STUDIO").await;
        assert_eq!(sue.balance().await, json!({ "credits": 10, "unlimited": true, "exportsLeft": null, "version": 2 }));
        let charge = sue.exports("run-1", "key-1").await;
        assert_eq!((&charge["credits"], &charge["balance"]["credits"]), (&json!(0), &json!(10)));
        let document = "{ ledger(changeType: SPEND) { nodes { creditsDelta balanceAfter version } } }";
        let ledger = sue.gets(document, json!({})).await;
        assert_eq!(ledger["nodes"], json!([{ "creditsDelta": 0, "balanceAfter": 10, "version": 3 }]));
    }

    async fn the_end_of_studio_ends_unlimited_with_a_version_of_its_own(app: TestApp) {
        let sue = app.signs_up("sue").await;
        sue.subscribes("STUDIO").await;
        let mut watcher = sue.watches_balance(None).await;
        assert_eq!(watcher.pushed().await["balance"]["unlimited"], true);
        stripe_ends_it(&app).await;
        assert_eq!(watcher.pushed().await, json!({
            "version": 2,
            "snapshot": false,
            "balance": { "credits": 0, "unlimited": false },
            "entry": { "changeType": "GRANT", "creditsDelta": 0 },
        }));
        assert_eq!(sue.balance().await, json!({ "credits": 0, "unlimited": false, "exportsLeft": 0, "version": 2 }));
        assert_eq!(sue.exports("run-1", "key-1").await["__typename"], "InsufficientCredits");
    }

    async fn unlimited_ends_three_days_after_a_period_that_nothing_followed(app: TestApp) {
        let sue = app.signs_up("sue").await;
        sue.subscribes("STUDIO").await;
        // What Stripe says from here on does not arrive.
        app.sandbox().set_webhook_urls(Vec::new());
        let until = sue.gets("{ balance { unlimitedUntil } }", json!({})).await["unlimitedUntil"].clone();
        let end = sue.subscription().await["currentPeriodEnd"].clone();
        let time = |time: &Value| DateTime::parse_from_rfc3339(time.as_str().unwrap()).unwrap();
        assert_eq!((time(&until) - time(&end)).num_hours(), 72);

        let inside = app.inside().await;
        let left = time(&until).to_utc() - inside.clock.now() - TimeDelta::hours(1);
        app.sandbox().advance(left.to_std().unwrap()).await;
        app.works_off(Kind::Unlimited).await;
        assert_eq!(sue.balance().await, json!({ "credits": 0, "unlimited": true, "exportsLeft": null, "version": 1 }));

        app.sandbox().advance(Duration::from_hours(2)).await;
        assert_eq!(sue.balance().await["unlimited"], false, "also before the sweep");
        assert_eq!(sue.exports("run-1", "key-1").await["__typename"], "InsufficientCredits");
        for _ in 0..2 {
            app.works_off(Kind::Unlimited).await;
            let balance = sue.balance().await;
            assert_eq!((&balance["unlimited"], &balance["version"]), (&json!(false), &json!(2)));
        }
    }

    async fn a_watcher_receives_the_current_state_and_then_each_change(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let mut watcher = watches(&ada).await;
        assert_eq!(watcher.pushed().await, change("FREE", None));
        ada.subscribes("CORE").await;
        assert_eq!(watcher.pushed().await, change("CORE", Some(false)));
        ada.cancels().await;
        assert_eq!(watcher.pushed().await, change("CORE", Some(true)));
        app.settles().await;
        stripe_ends_it(&app).await;
        assert_eq!(watcher.pushed().await, change("FREE", None));
        watcher.stays_silent().await;

        let mut late = watches(&ada).await;
        assert_eq!(late.pushed().await, change("FREE", None));
        ada.subscribes("STUDIO").await;
        for watcher in [&mut watcher, &mut late] {
            assert_eq!(watcher.pushed().await, change("STUDIO", Some(false)));
        }
    }

    async fn nobody_watches_another_users_subscription(app: TestApp) {
        let (ada, bob) = (app.signs_up("ada").await, app.signs_up("bob").await);
        let mut watcher = watches(&bob).await;
        assert_eq!(watcher.pushed().await, change("FREE", None));
        ada.subscribes("CORE").await;
        ada.cancels().await;
        watcher.stays_silent().await;
    }
}
