//! Events that arrive after later changes move no state backwards.

use std::{collections::HashSet, time::Duration};

use sandbox::{DeliveryEffect, DeliveryFault};
use serde_json::Value;

use super::{grants, renews};
use crate::harness::{Actor, TestApp, facts};

/// Stops the delivery of events from now on.
fn holds_events_back(app: &TestApp) -> HashSet<Value> {
    app.sandbox().inject_delivery(DeliveryFault {
        event: String::new(),
        times: u32::MAX,
        delivery: DeliveryEffect::Never,
    });
    app.sandbox().events().into_iter().map(|mut event| event["id"].take()).collect()
}

/// The events that are not among those.
fn since(app: &TestApp, known: &HashSet<Value>) -> Vec<Value> {
    app.sandbox().events().into_iter().filter(|event| !known.contains(&event["id"])).collect()
}

/// Delivers events one by one: the newest first, and then all again in their order.
async fn delivers(app: &TestApp, late: &[Value]) {
    app.sandbox().clear_faults();
    assert!(!late.is_empty());
    for event in late.iter().rev().chain(late) {
        assert_eq!(app.receives(event).await.0, 200, "{event}");
    }
}

/// The state that must not change: the plan without the number of its changes, the balance and the tier.
async fn state(user: &Actor) -> (Value, Value, Value) {
    let mut plan = user.subscription().await;
    plan["version"].take();
    (plan, user.balance().await, user.tier().await.into())
}

facts! {
    async fn events_of_changes_that_come_late_move_nothing_back(app: TestApp) {
        // Within a second, where only Stripe can tell what came last, and minutes apart.
        for (name, pause) in [("ada", Duration::ZERO), ("bob", Duration::from_mins(5))] {
            let user = app.signs_up(name).await;
            user.subscribes("CORE").await;
            let known = holds_events_back(&app);
            let (mut results, mut states) = (Vec::new(), Vec::new());
            for tier in ["PRO", "CORE", "STUDIO", "PRO", "STUDIO", "CORE"] {
                results.push(user.changes_plan(tier).await["__typename"].clone());
                states.push(state(&user).await);
                app.sandbox().advance(pause).await;
            }
            assert_eq!(results, ["PlanSubscription"; 6]);
            assert_eq!(states[5].0["scheduledTier"], "CORE");
            delivers(&app, &since(&app, &known)).await;
            assert_eq!(state(&user).await, states[5], "{name}");
            assert_eq!(grants(&user).await, [0, 75, 25]);
        }
    }

    async fn late_events_of_reverted_changes_restore_none_of_them(app: TestApp) {
        for (name, pause) in [("ada", Duration::ZERO), ("bob", Duration::from_mins(5))] {
            let user = app.signs_up(name).await;
            user.subscribes("PRO").await;
            let known = holds_events_back(&app);
            for request in ["cancel", "resume", "CORE", "resume"] {
                match request {
                    "cancel" => drop(user.cancels().await),
                    "resume" => drop(user.resumes().await),
                    tier => drop(user.changes_plan(tier).await),
                }
                app.sandbox().advance(pause).await;
            }
            let before = state(&user).await;
            assert_eq!((&before.0["scheduledTier"], &before.0["cancelAtPeriodEnd"]), (&Value::Null, &false.into()));
            delivers(&app, &since(&app, &known)).await;
            assert_eq!(state(&user).await, before, "{name}");
            renews(&app).await;
            assert_eq!((user.tier().await.as_str(), grants(&user).await), ("PRO", vec![100, 100]));
        }
    }

    async fn a_downgrade_whose_events_arrive_in_reverse_is_applied(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("PRO").await;
        let known = holds_events_back(&app);
        ada.changes_plan("CORE").await;
        // Kept aside: after 30 days Stripe forgets them.
        let mut late = since(&app, &known);
        renews(&app).await;
        assert_eq!(ada.subscription().await["scheduledTier"], "CORE");
        let known = known.into_iter().chain(late.iter().map(|event| event["id"].clone())).collect();
        late.extend(since(&app, &known));
        delivers(&app, &late).await;
        assert_eq!((ada.tier().await.as_str(), grants(&ada).await), ("CORE", vec![25, 100]));
        assert_eq!(ada.subscription().await["scheduledTier"], Value::Null);
        renews(&app).await;
        assert_eq!(grants(&ada).await, [25, 25, 100]);
    }
}
