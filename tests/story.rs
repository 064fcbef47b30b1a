//! The main flow works from end to end: sign up, subscribe, spend, top up, cancel, with live balances.

use serde_json::json;

use crate::harness::{
    Backend, TestApp,
    actor::{CHECKOUT, EXPORT, checkout, export},
    facts, run,
};

facts! {
    async fn from_sign_up_to_cancellation_every_credit_is_accounted_for(app: TestApp) {
        let ada = app.signs_up("ada").await;
        assert_eq!(ada.balance().await, json!({ "credits": 0, "unlimited": false, "exportsLeft": 0, "version": 0 }));
        assert_eq!(ada.tier().await, "FREE");

        let refused = ada.exports("run-1", "key-1").await;
        assert_eq!(refused["__typename"], "InsufficientCredits");
        assert_eq!((&refused["required"], &refused["available"], &refused["shortfall"]), (&json!(3), &json!(0), &json!(3)));

        let mut watcher = ada.watches_balance(None).await;
        assert_eq!(watcher.pushed().await["version"], 0);
        ada.subscribes("CORE").await;
        assert_eq!(watcher.pushed().await, json!({
            "version": 1,
            "snapshot": false,
            "balance": { "credits": 25, "unlimited": false },
            "entry": { "changeType": "GRANT", "creditsDelta": 25 },
        }));
        assert_eq!(ada.tier().await, "CORE");

        // What was refused before may succeed now, with the same key.
        let charge = ada.exports("run-1", "key-1").await;
        assert_eq!((&charge["balance"]["credits"], &charge["replayed"]), (&json!(22), &json!(false)));
        assert!(charge["ticket"].is_string());
        let again = ada.exports("run-1", "key-1").await;
        assert_eq!((&again["balance"]["credits"], &again["replayed"]), (&json!(22), &json!(true)));
        assert_eq!(again["id"], charge["id"]);
        assert_eq!(ada.is_refused(EXPORT, export("run-2", "key-1")).await, "IDEMPOTENCY_KEY_REUSED");

        ada.buys(10).await;
        assert_eq!(ada.credits().await, 32);
        let second = ada.gets(CHECKOUT, checkout("PRO")).await;
        assert_eq!(second["__typename"], "AlreadySubscribed");

        let cancelled = ada.cancels().await;
        assert_eq!((&cancelled["cancelAtPeriodEnd"], &cancelled["tier"]), (&json!(true), &json!("CORE")));
        assert_eq!(cancelled["cancelAt"], cancelled["currentPeriodEnd"]);
        assert_eq!(ada.tier().await, "CORE");

        for (version, credits) in [(2, 22), (3, 32)] {
            let pushed = watcher.pushed().await;
            assert_eq!((&pushed["version"], &pushed["balance"]["credits"]), (&json!(version), &json!(credits)));
        }
        insta::assert_json_snapshot!("story_ledger", ada.gets(
            "{ ledger { edges { cursor node { version changeType creditsDelta balanceAfter reference notes \
             payment { amount { amount currency } credits status } } } pageInfo { hasNextPage hasPreviousPage } } }",
            json!({}),
        ).await, {
            ".edges[0].node.reference" => "[payment intent]",
            ".edges[2].node.reference" => "[subscription:period]",
        });
    }

    async fn an_export_under_studio_costs_nothing_and_is_still_in_the_ledger(app: TestApp) {
        let sue = app.signs_up("sue").await;
        sue.subscribes("STUDIO").await;
        assert_eq!(sue.tier().await, "STUDIO");
        let balance = sue.balance().await;
        assert_eq!(balance, json!({ "credits": 0, "unlimited": true, "exportsLeft": null, "version": 1 }));

        let charge = sue.exports("run-1", "key-1").await;
        assert_eq!((&charge["credits"], &charge["balance"]["version"]), (&json!(0), &json!(2)));
        assert!(charge["ticket"].is_string());
    }

    async fn a_restart_forgets_nothing_and_the_story_goes_on(app: TestApp) {
        let bob = app.signs_up("bob").await;
        bob.subscribes("CORE").await;
        bob.exports("run-1", "key-1").await;
        app.restarts().await;

        assert_eq!(bob.credits().await, 22);
        assert_eq!(bob.exports("run-1", "key-1").await["replayed"], true);
        bob.buys(5).await;
        assert_eq!(bob.credits().await, 27);
        let mut watcher = bob.watches_balance(Some(1)).await;
        assert_eq!(watcher.pushed().await["version"], 2);
        assert_eq!(watcher.pushed().await["version"], 3);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_users_at_once_each_get_what_they_paid_for() {
    run(Backend::Sqlite, |app| async move {
        let users = (0..20).map(|number| {
            let app = app.clone();
            tokio::spawn(async move {
                let user = app.signs_up(&format!("user{number}")).await;
                let checkout = user.opens_checkout("CORE").await;
                user.pays(&checkout, crate::harness::actor::GOOD_CARD).await;
                user
            })
        });
        let users: Vec<_> = users.collect();
        let mut done = Vec::new();
        for user in users {
            done.push(user.await.unwrap());
        }
        app.settles().await;
        for user in done {
            assert_eq!(user.credits().await, 25);
        }
    })
    .await;
}
