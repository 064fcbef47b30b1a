//! Concurrent changes of a subscription run one after the other, and the last one holds.

use futures_util::future::join_all;
use sandbox::Effect;
use serde_json::Value;

use super::{grants, of_tier, paid, renews};
use crate::{
    checkout::breaks,
    harness::{Actor, TestApp, facts},
};

/// Lets the next call that changes a subscription take so long that the other request arrives meanwhile.
fn takes_long(app: &TestApp) {
    breaks(app, "/v1/subscription", 1, Effect::Delay { millis: 300 });
}

/// Requests a change and a cancellation at once, in either order.
async fn requests_both(user: &Actor, tier: &str, change_first: bool) -> (Value, Value) {
    if change_first {
        tokio::join!(user.changes_plan(tier), user.cancels())
    } else {
        let (cancelled, changed) = tokio::join!(user.cancels(), user.changes_plan(tier));
        (changed, cancelled)
    }
}

facts! {
    async fn the_same_upgrade_requested_many_times_at_once_is_charged_once(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        takes_long(&app);
        let results = join_all((0..4).map(|_| ada.changes_plan("PRO"))).await;
        assert_eq!(results, vec![of_tier("PRO", None); 4]);
        app.settles().await;
        assert_eq!((paid(&app).await, grants(&ada).await), (vec![499, 1000], vec![75, 25]));
    }

    async fn two_different_upgrades_at_once_cost_no_more_than_the_higher(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        takes_long(&app);
        let (pro, studio) = tokio::join!(ada.changes_plan("PRO"), ada.changes_plan("STUDIO"));
        for result in [pro, studio] {
            assert_eq!(result["__typename"], "PlanSubscription", "{result}");
        }
        app.settles().await;
        assert_eq!(ada.tier().await, "STUDIO");
        match ada.subscription().await["scheduledTier"].as_str() {
            None => assert_eq!(paid(&app).await, [499, 1000, 1500], "PRO came first"),
            Some(next) => assert_eq!((next, paid(&app).await), ("PRO", vec![499, 2500]), "STUDIO came first"),
        }
        renews(&app).await;
    }

    async fn an_upgrade_and_a_cancellation_at_once_end_as_one_after_the_other(app: TestApp) {
        for (name, change_first) in [("ada", true), ("bob", false)] {
            let user = app.signs_up(name).await;
            user.subscribes("CORE").await;
            takes_long(&app);
            let (changed, cancelled) = requests_both(&user, "PRO", change_first).await;
            for result in [changed, cancelled] {
                assert_eq!(result["__typename"], "PlanSubscription", "{result}");
            }
            app.settles().await;
            // Whichever was last: it was paid for, and goes on or does not.
            assert_eq!((user.tier().await.as_str(), grants(&user).await), ("PRO", vec![75, 25]));
            let ends = user.subscription().await["cancelAtPeriodEnd"].as_bool().unwrap();
            renews(&app).await;
            let after = (user.tier().await, user.credits().await);
            assert_eq!(after, if ends { ("FREE".to_owned(), 100) } else { ("PRO".to_owned(), 200) });
        }
    }

    async fn a_downgrade_and_a_cancellation_at_once_end_as_one_after_the_other(app: TestApp) {
        for (name, change_first) in [("ada", true), ("bob", false)] {
            let user = app.signs_up(name).await;
            user.subscribes("PRO").await;
            takes_long(&app);
            let (changed, cancelled) = requests_both(&user, "CORE", change_first).await;
            for result in [changed, cancelled] {
                assert_eq!(result["__typename"], "PlanSubscription", "{result}");
            }
            app.settles().await;
            let now = user.subscription().await;
            let ends = now["cancelAtPeriodEnd"].as_bool().unwrap();
            assert_eq!(now["scheduledTier"], if ends { Value::Null } else { "CORE".into() }, "one or the other");
            renews(&app).await;
            let after = (user.tier().await, user.credits().await);
            assert_eq!(after, if ends { ("FREE".to_owned(), 100) } else { ("CORE".to_owned(), 125) });
        }
    }
}
