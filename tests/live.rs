//! Balances are pushed when they change, resume after the last version seen, and end with the token.

use std::time::Duration;

use chrono::TimeDelta;
use entity::{ledger_entry::ChangeType, user::Role};
use patch_hive::{
    accounts::{self, TokenRequest},
    ledger::{self, Posting, Unlimited},
};
use serde_json::{Value, json};

use crate::{
    harness::{Actor, Socket, TestApp, actor::WATCH_BALANCE, facts},
    subscription::newest,
};

const GRANT: &str = "mutation ($input: GrantCreditsInput!) { grantCredits(input: $input) { version } }";

/// Grants one credit to the user with this id.
async fn grants(admin: &Actor, user: i64, key: &str) {
    let input = json!({ "userId": user.to_string(), "credits": 1, "reason": "a test", "idempotencyKey": key });
    admin.gets(GRANT, json!({ "input": input })).await;
}

/// Posts an entry as another process would: without a hint.
async fn books_silently(app: &TestApp, user: i64, source: &str) {
    let app = app.inside().await;
    let tx = app.database.begin().await.unwrap();
    let posting = Posting {
        user_id: user,
        change_type: ChangeType::Grant,
        delta: 1,
        unlimited: Unlimited::Keep,
        source: source.to_owned(),
        reference: None,
        notes: None,
        now: app.clock.now(),
    };
    ledger::post(&tx, posting).await.unwrap();
    tx.commit().await.unwrap();
}

async fn token_that_lasts(app: &TestApp, email: &str, seconds: u64) -> String {
    let app = app.inside().await;
    let ttl = Some(Duration::from_secs(seconds));
    let request = TokenRequest { role: Role::User, ttl, now: app.clock.wall() };
    accounts::token(app.database.write(), &app.tokens, email, request).await.unwrap()
}

facts! {
    async fn a_change_is_pushed_once(app: TestApp) {
        let (ada, admin) = (app.signs_up("ada").await, app.signs_up_as("root", Role::Admin).await);
        let mut watcher = ada.watches_balance(None).await;
        assert_eq!(watcher.pushed().await, json!({
            "version": 0, "snapshot": true, "balance": { "credits": 0, "unlimited": false }, "entry": null,
        }));
        watcher.stays_silent().await;
        grants(&admin, 1, "key").await;
        assert_eq!(watcher.pushed().await["balance"]["credits"], 1);
        watcher.stays_silent().await;
    }

    async fn a_change_whose_hint_was_lost_comes_with_the_backstop(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let mut watcher = ada.watches_balance(None).await;
        watcher.pushed().await;
        books_silently(&app, 1, "manual:1:silent").await;
        assert_eq!(watcher.pushed().await["version"], 1);
    }

    async fn a_client_that_reconnects_gets_every_version_it_missed(app: TestApp) {
        let (ada, admin) = (app.signs_up("ada").await, app.signs_up_as("root", Role::Admin).await);
        for key in ["a", "b", "c", "d"] {
            grants(&admin, 1, key).await;
        }
        let mut watcher = ada.watches_balance(Some(1)).await;
        for version in 2..=4 {
            let change = watcher.pushed().await;
            assert_eq!((&change["version"], &change["snapshot"]), (&json!(version), &json!(false)));
        }
        watcher.stays_silent().await;
        grants(&admin, 1, "e").await;
        assert_eq!(watcher.pushed().await["version"], 5);
    }

    async fn a_client_that_is_up_to_date_receives_nothing_until_a_change(app: TestApp) {
        let (ada, admin) = (app.signs_up("ada").await, app.signs_up_as("root", Role::Admin).await);
        let mut watcher = ada.watches_balance(Some(0)).await;
        watcher.stays_silent().await;
        grants(&admin, 1, "key").await;
        assert_eq!(watcher.pushed().await["version"], 1);
    }

    async fn a_client_ahead_of_the_ledger_gets_a_snapshot(app: TestApp) {
        let ada = app.signs_up("ada").await;
        for odd in [99, -1] {
            let mut watcher = ada.watches_balance(Some(odd)).await;
            let change = watcher.pushed().await;
            assert_eq!((&change["version"], &change["snapshot"]), (&json!(0), &json!(true)));
        }
    }

    async fn a_client_further_behind_than_256_changes_gets_a_snapshot(app: TestApp) {
        let ada = app.signs_up("ada").await;
        for number in 0..257 {
            books_silently(&app, 1, &format!("manual:1:{number}")).await;
        }
        let mut behind = ada.watches_balance(Some(0)).await;
        assert_eq!(behind.pushed().await["snapshot"], true);
        let mut near = ada.watches_balance(Some(1)).await;
        for version in 2..=257 {
            assert_eq!(near.pushed().await["version"], version);
        }
    }

    async fn many_watchers_of_one_balance_see_the_same_history(app: TestApp) {
        let (ada, admin) = (app.signs_up("ada").await, app.signs_up_as("root", Role::Admin).await);
        let mut watchers = Vec::new();
        for _ in 0..8 {
            let mut watcher = ada.watches_balance(None).await;
            watcher.pushed().await;
            watchers.push(watcher);
        }
        for number in 0..10 {
            grants(&admin, 1, &number.to_string()).await;
        }
        for watcher in &mut watchers {
            for version in 1..=10 {
                assert_eq!(watcher.pushed().await["version"], version);
            }
        }
    }

    async fn nobody_sees_another_users_changes(app: TestApp) {
        let (ada, admin) = (app.signs_up("ada").await, app.signs_up_as("root", Role::Admin).await);
        app.signs_up("bob").await;
        let mut watcher = ada.watches_balance(None).await;
        watcher.pushed().await;
        grants(&admin, 3, "key").await;
        watcher.stays_silent().await;
    }

    async fn a_visitor_cannot_watch(app: TestApp) {
        let mut socket = app.visitor().connects().await;
        socket.subscribes("1", WATCH_BALANCE, json!({})).await;
        let message = socket.next().await;
        let error = if message["type"] == "error" { &message["payload"][0] } else { &message["payload"]["errors"][0] };
        assert_eq!(error["extensions"]["code"], "UNAUTHENTICATED", "{message}");
    }

    async fn a_socket_with_a_bad_token_is_closed_as_forbidden(app: TestApp) {
        for authorization in ["Bearer odd", "odd", "Bearer "] {
            let mut socket = Socket::connect(app.address()).await;
            socket.initialises(Some(json!({ "authorization": authorization }))).await;
            assert_eq!(u16::from(socket.closes().await.code), 4403, "{authorization:?}");
        }
    }

    async fn a_socket_ends_with_its_token_and_the_token_does_not_come_back_in(app: TestApp) {
        app.signs_up("ada").await;
        let token = token_that_lasts(&app, "ada@patchhive.example", 2).await;
        let mut watcher = app.bearer(&token).watches_balance(None).await;
        assert_eq!(watcher.pushed().await["snapshot"], true);
        assert_eq!(u16::from(watcher.closes().await.code), 4403);

        let mut again = Socket::connect(app.address()).await;
        again.initialises(Some(json!({ "authorization": format!("Bearer {token}") }))).await;
        assert_eq!(u16::from(again.closes().await.code), 4403);
    }

    async fn a_socket_that_never_initialises_is_closed(app: TestApp) {
        let mut socket = Socket::connect(app.address()).await;
        assert_eq!(u16::from(socket.closes_within(Duration::from_secs(6)).await.code), 4408);
    }

    async fn queries_run_over_the_socket_too(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let mut socket = ada.connects().await;
        socket.subscribes("1", "{ viewer { username } }", json!({})).await;
        assert_eq!(socket.pushed().await, json!({ "username": "ada" }));
        assert_eq!(socket.next().await, json!({ "id": "1", "type": "complete" }));
    }

    async fn unlimited_is_pushed_when_it_begins_and_when_its_time_is_over(app: TestApp) {
        let sue = app.signs_up("sue").await;
        let mut watcher = sue.watches_balance(None).await;
        watcher.pushed().await;
        sue.subscribes("STUDIO").await;
        assert_eq!(watcher.pushed().await["balance"]["unlimited"], true);
        app.settles().await;

        // Two months later no renewal was paid: neither the period nor the grace lasts that long.
        let subscription = newest(&app).await["id"].as_str().unwrap().to_owned();
        app.sandbox().fail_next_payments(&subscription, 100).unwrap();
        let months = TimeDelta::days(62).num_seconds();
        app.sandbox().clock_offset().fetch_add(months, std::sync::atomic::Ordering::Relaxed);
        app.works_off(entity::work::Kind::Unlimited).await;
        let change: Value = watcher.pushed().await;
        assert_eq!((&change["version"], &change["balance"]["unlimited"]), (&json!(2), &json!(false)));
        assert_eq!(app.works_off(entity::work::Kind::Unlimited).await, 0);
    }
}
