//! Plan changes whose replies were lost are found at Stripe, finished and paid once.

use chrono::TimeDelta;
use entity::work::Kind;
use sandbox::Effect;
use serde_json::Value;

use super::{grants, of_tier, paid, renews};
use crate::{
    checkout::{ATTEMPTS, at_stripe, breaks, lost::ages},
    harness::{
        Actor, TestApp,
        actor::{PLAN_CHANGE, plan_change},
        facts,
    },
};

const SUBSCRIPTIONS: &str = "/v1/subscriptions";
const SCHEDULES: &str = "/v1/subscription_schedules";

/// Requests a plan and gets no result.
async fn gets_no_result(user: &Actor, tier: &str) {
    assert_eq!(user.is_refused(PLAN_CHANGE, plan_change(tier)).await, "STRIPE_UNAVAILABLE");
}

/// Runs the gateway's own retries, as if this time had passed.
async fn sweeps(app: &TestApp, later: TimeDelta) {
    ages(app, later).await;
    app.works_off(Kind::Operation).await;
}

/// Stops all events, so that only Stripe's replies count.
fn goes_silent(app: &TestApp) {
    app.sandbox().set_webhook_urls(Vec::new());
}

async fn holds(user: &Actor, tier: &str, credits: i64) {
    assert_eq!((user.tier().await.as_str(), user.credits().await), (tier, credits));
}

facts! {
    async fn an_upgrade_whose_reply_was_lost_is_finished_later_and_charged_once(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        goes_silent(&app);
        breaks(&app, SUBSCRIPTIONS, ATTEMPTS, Effect::Drop);
        gets_no_result(&ada, "PRO").await;
        assert_eq!(paid(&app).await, [499, 1000], "it was made");
        holds(&ada, "CORE", 25).await;
        // By then no new charge may begin, but this one is found nevertheless.
        sweeps(&app, TimeDelta::hours(1)).await;
        holds(&ada, "PRO", 100).await;
        sweeps(&app, TimeDelta::hours(1)).await;
        assert_eq!((paid(&app).await, grants(&ada).await), (vec![499, 1000], vec![75, 25]));
    }

    async fn a_retry_after_a_lost_reply_pays_once(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        for (tier, effect, times) in [("PRO", Effect::Drop, ATTEMPTS), ("STUDIO", Effect::Garble, 1)] {
            breaks(&app, SUBSCRIPTIONS, times, effect);
            gets_no_result(&ada, tier).await;
            assert_eq!(ada.changes_plan(tier).await, of_tier(tier, None));
            app.settles().await;
        }
        // The number of entries without credits depends on whether the invoice or the subscription arrives first.
        let credits: Vec<_> = grants(&ada).await.into_iter().filter(|credits| *credits != 0).collect();
        assert_eq!((paid(&app).await, credits), (vec![499, 1000, 1500], vec![75, 25]));
        assert_eq!(ada.tier().await, "STUDIO");
    }

    async fn a_cancellation_after_a_lost_reply_finishes_the_upgrade_and_then_cancels(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        goes_silent(&app);
        breaks(&app, SUBSCRIPTIONS, ATTEMPTS, Effect::Drop);
        gets_no_result(&ada, "PRO").await;
        let cancelled = ada.cancels().await;
        assert_eq!((&cancelled["tier"], &cancelled["cancelAtPeriodEnd"]), (&"PRO".into(), &true.into()));
        assert_eq!((paid(&app).await, ada.credits().await), (vec![499, 1000], 100));
        sweeps(&app, TimeDelta::minutes(2)).await;
        assert_eq!(ada.subscription().await["cancelAtPeriodEnd"], true, "the upgrade does not come back");
    }

    async fn an_upgrade_that_was_made_and_answered_with_a_failure_is_found_at_once(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        goes_silent(&app);
        breaks(&app, SUBSCRIPTIONS, 1, Effect::Fail { status: 500 });
        assert_eq!(ada.changes_plan("PRO").await, of_tier("PRO", None));
        assert_eq!((paid(&app).await, grants(&ada).await), (vec![499, 1000], vec![75, 25]));
    }

    async fn a_failure_that_stripe_repeats_charges_nothing_and_the_next_request_has_its_own_key(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        breaks(&app, SUBSCRIPTIONS, 1, Effect::Spoil { status: 500 });
        for _ in 0..2 {
            gets_no_result(&ada, "PRO").await;
        }
        sweeps(&app, TimeDelta::minutes(1)).await;
        assert_eq!(paid(&app).await, [499]);
        assert_eq!(ada.changes_plan("PRO").await, of_tier("PRO", None));
        app.settles().await;
        assert_eq!((paid(&app).await, grants(&ada).await), (vec![499, 1000], vec![75, 25]));
    }

    async fn an_upgrade_that_never_reached_stripe_is_made_within_minutes_or_not_at_all(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        for (later, tier, due) in [(11, "CORE", vec![499]), (2, "PRO", vec![499, 1000])] {
            // A step that is refused is looked at, and tried once more.
            breaks(&app, SUBSCRIPTIONS, 2 * ATTEMPTS, Effect::Refuse { status: 503 });
            gets_no_result(&ada, "PRO").await;
            assert_eq!(paid(&app).await, [499]);
            sweeps(&app, TimeDelta::minutes(later)).await;
            assert_eq!((ada.tier().await.as_str(), paid(&app).await), (tier, due));
        }
        app.settles().await;
        holds(&ada, "PRO", 100).await;
    }

    async fn a_downgrade_whose_replies_were_lost_is_finished_later_with_one_schedule(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("PRO").await;
        goes_silent(&app);
        // The schedule is created, then updated; each reply is lost once.
        for path in [SCHEDULES.to_owned(), format!("{SCHEDULES}/")] {
            breaks(&app, &path, ATTEMPTS, Effect::Drop);
            gets_no_result(&ada, "CORE").await;
            assert_eq!(ada.subscription().await["scheduledTier"], Value::Null);
        }
        sweeps(&app, TimeDelta::hours(1)).await;
        assert_eq!(ada.subscription().await["scheduledTier"], "CORE");
        let schedules = at_stripe(&app, SCHEDULES).await;
        assert_eq!(schedules["data"].as_array().unwrap().len(), 1);
        app.sandbox().set_webhook_urls(vec![app.url("/api/payments/webhook")]);
        renews(&app).await;
        holds(&ada, "CORE", 125).await;
    }
}
