//! `LOW_BALANCE`: each crossing of the threshold is alerted once, and the next one only after the threshold was reached again.

use std::time::Duration;

use entity::work::Kind;
use serde_json::{Value, json};

use super::{ALERTS, Customer, SET, below, switch};
use crate::{
    harness::{Actor, TestApp, facts},
    hold::{CAPTURE, RELEASE, RESERVE, of, reservation},
};

/// The available credits after each entry, oldest first, by the ledger alone.
async fn history(user: &Actor) -> Vec<i64> {
    let ledger = "{ ledger(first: 100) { nodes { heldDelta balanceAfter } } }";
    let page = user.gets(ledger, json!({})).await;
    let mut held = 0;
    let entries = page["nodes"].as_array().unwrap().iter().rev();
    let available = entries.map(|entry| {
        held += entry["heldDelta"].as_i64().unwrap();
        entry["balanceAfter"].as_i64().unwrap() - held
    });
    available.collect()
}

facts! {
    async fn each_crossing_is_alerted_once_and_again_only_after_the_threshold_was_reached(app: TestApp) {
        let ada = Customer::with_threshold(&app, "ada", 12, 10).await;
        // 9, 6, 9, 10, 7, 4, 60, 57 are available.
        ada.exports().await;
        let first = ada.receives(1).await;
        let expected = json!({ "kind": "LOW_BALANCE", "below": 10, "available": 9, "balanceVersion": 2, "tier": null,
            "endsAt": null, "amount": null, "id": first[0]["id"], "createdAt": first[0]["createdAt"] });
        assert_eq!(first[0], expected);
        ada.exports().await;
        ada.adjusts(3).await;
        ada.adjusts(1).await;
        ada.exports().await;
        ada.exports().await;
        ada.adjusts(56).await;
        ada.exports().await;
        assert_eq!(ada.crossings().await, [2, 6]);
        assert_eq!(ada.alerts().await[0]["available"], 7);
    }

    async fn an_account_below_the_threshold_is_alerted_after_it_was_above(app: TestApp) {
        let ada = Customer::with_threshold(&app, "ada", 9, 10).await;
        ada.exports().await;
        assert_eq!(ada.crossings().await, [0; 0], "it was low when the threshold was set");
        ada.adjusts(20).await;
        ada.adjusts(-20).await;
        assert_eq!(ada.crossings().await, [4]);
        let new = Customer::signs_up(&app, "new").await;
        new.user.gets(SET, below(5)).await;
        new.adjusts(4).await;
        assert_eq!(new.crossings().await, [0; 0], "an account without credits is low");
    }

    async fn held_credits_are_not_available(app: TestApp) {
        let ada = Customer::with_threshold(&app, "ada", 12, 10).await;
        let hold = ada.user.gets(RESERVE, reservation("run", "captured")).await;
        assert_eq!(ada.crossings().await, [2], "9 of 12 are available");
        ada.user.gets(CAPTURE, of(&hold)).await;
        assert_eq!(ada.crossings().await, [2], "a capture takes what was not available");
        ada.adjusts(3).await;
        let hold = ada.user.gets(RESERVE, reservation("run", "released")).await;
        ada.user.gets(RELEASE, of(&hold)).await;
        ada.exports().await;
        assert_eq!(ada.crossings().await, [2, 5, 7]);
        assert_eq!(history(&ada.user).await, [12, 9, 9, 12, 9, 12, 9]);
    }

    async fn nothing_is_low_while_exports_are_unlimited(app: TestApp) {
        let sue = Customer::with_threshold(&app, "sue", 12, 10).await;
        sue.user.subscribes("STUDIO").await;
        sue.exports().await;
        sue.adjusts(-8).await;
        assert_eq!(sue.crossings().await, [0; 0], "4 credits, and exports are free");
        sue.user.cancels().await;
        app.sandbox().advance(Duration::from_hours(40 * 24)).await;
        app.settles().await;
        app.works_off(Kind::Unlimited).await;
        assert_eq!(sue.user.balance().await["unlimited"], false);
        let version = sue.user.balance().await["version"].as_i64().unwrap();
        assert_eq!(sue.crossings().await, [version], "the end of unlimited exports leaves 4 credits");
        sue.exports().await;
        assert_eq!(sue.crossings().await, [version], "and is one crossing");
    }

    async fn a_threshold_counts_from_when_it_is_set_until_it_is_disabled(app: TestApp) {
        let ada = Customer::with_threshold(&app, "ada", 100, 99).await;
        ada.exports().await;
        // The crossing was not found yet, and is that of the threshold before.
        ada.user.gets(SET, below(90)).await;
        assert_eq!(ada.alerts().await[0]["below"], 99);
        ada.user.gets(SET, switch("LOW_BALANCE", false)).await;
        ada.adjusts(-50).await;
        ada.adjusts(50).await;
        ada.user.gets(SET, below(90)).await;
        for _ in 0..4 {
            ada.exports().await;
        }
        // 94, 91, 88, 85 are available.
        assert_eq!(ada.crossings().await, [2, 7]);
    }

    async fn a_threshold_that_is_set_again_alerts_of_no_crossing_twice(app: TestApp) {
        let ada = Customer::with_threshold(&app, "ada", 12, 10).await;
        ada.exports().await;
        for _ in 0..3 {
            ada.user.gets(SET, below(10)).await;
        }
        assert_eq!(ada.crossings().await, [2]);
    }

    async fn charges_at_once_cross_as_often_as_the_ledger_says(app: TestApp) {
        let ada = Customer::with_threshold(&app, "ada", 40, 20).await;
        let changes: Vec<_> = (0..30).map(|number| {
            let (user, app) = (ada.user.clone(), app.clone());
            tokio::spawn(async move {
                if number % 6 == 0 {
                    let holds = user.gets(RESERVE, reservation("run", &format!("hold {number}"))).await;
                    if holds["__typename"] == "Hold" {
                        user.gets(RELEASE, of(&holds)).await;
                    }
                } else {
                    user.exports("run", &format!("key {number}")).await;
                }
                if number % 10 == 0 {
                    patch_hive::billing::alert::follow(&app.inside().await, user.row().await).await.unwrap();
                }
            })
        }).collect();
        for change in changes {
            change.await.unwrap();
        }
        let history = history(&ada.user).await;
        let is_low = |version: usize| history[version - 1] < 20;
        let expected: Vec<_> = (2..=history.len()).filter(|version| is_low(*version) && !is_low(version - 1)).collect();
        let crossings = ada.crossings().await;
        assert_eq!(crossings, expected.iter().map(|version| i64::try_from(*version).unwrap()).collect::<Vec<_>>());
        assert!(!crossings.is_empty());
    }

    async fn a_charge_runs_as_many_statements_with_a_threshold_as_without(app: TestApp) {
        let (ada, bob) = (Customer::with_threshold(&app, "ada", 90, 10).await, Customer::signs_up(&app, "bob").await);
        bob.adjusts(90).await;
        let database = app.inside().await.database.clone();
        // The least of several measurements, since other work is counted too.
        let mut least = [u64::MAX; 2];
        for number in 0..12 {
            for (customer, least) in [&ada, &bob].into_iter().zip(&mut least) {
                let before = database.statements();
                customer.user.exports("run", &number.to_string()).await;
                *least = (*least).min(database.statements() - before);
            }
        }
        assert_eq!(least[0], least[1]);
    }

    async fn alerts_are_listed_in_pages_newest_first(app: TestApp) {
        let ada = Customer::with_threshold(&app, "ada", 10, 10).await;
        for _ in 0..3 {
            ada.adjusts(-1).await;
            ada.adjusts(1).await;
        }
        assert_eq!(ada.crossings().await, [2, 4, 6]);
        let page = ada.user.gets(ALERTS, json!({ "first": 2 })).await;
        let versions = |page: &Value| {
            let nodes = page["nodes"].as_array().unwrap().iter();
            nodes.map(|alert| alert["balanceVersion"].as_i64().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!((versions(&page), &page["pageInfo"]["hasNextPage"]), (vec![6, 4], &json!(true)));
        let next = ada.user.gets(ALERTS, json!({ "first": 2, "after": page["pageInfo"]["endCursor"] })).await;
        assert_eq!((versions(&next), &next["pageInfo"]["hasNextPage"]), (vec![2], &json!(false)));
        let viewer = "{ viewer { alerts(last: 1) { nodes { balanceVersion } } } }";
        assert_eq!(ada.user.gets(viewer, json!({})).await["alerts"]["nodes"][0]["balanceVersion"], 2);
    }
}
