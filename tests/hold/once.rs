//! A key reserves once, a hold ends once, and nothing is held or spent twice, whatever happens at the same time.

use std::collections::HashSet;

use entity::work::Kind;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{CAPTURE, RELEASE, RESERVE, balance, capture, expires, of, reservation, reserves, runs_out, with_credits};
use crate::harness::{
    Actor, TestApp,
    actor::{EXPORT, export},
    facts,
};

/// Sends a request in a task of its own.
fn sends(user: &Actor, document: &'static str, variables: Value) -> tokio::task::JoinHandle<Value> {
    let user = user.clone();
    tokio::spawn(async move { user.gets(document, variables).await })
}

facts! {
    async fn the_same_key_is_the_same_hold_also_after_its_end(app: TestApp) {
        let ada = with_credits(&app, "ada", 20).await;
        for end in ["capture", "release", "expiry"] {
            let hold = reserves(&ada, "run", end).await;
            let again = reserves(&ada, "run", end).await;
            assert_eq!((&again["id"], &again["expiresAt"]), (&hold["id"], &hold["expiresAt"]));
            let state = match end {
                "capture" => { ada.gets(CAPTURE, of(&hold)).await; "CAPTURED" }
                "release" => { ada.gets(RELEASE, of(&hold)).await; "RELEASED" }
                _ => { expires(&app, &hold).await; "EXPIRED" }
            };
            let version = balance(&ada).await["version"].clone();
            let again = reserves(&ada, "run", end).await;
            assert_eq!((&again["id"], &again["state"], &again["ticket"]), (&hold["id"], &json!(state), &Value::Null));
            assert_eq!(again["balance"]["version"], version);
        }
    }

    async fn a_key_names_one_export_whether_reserved_or_charged(app: TestApp) {
        let ada = with_credits(&app, "ada", 20).await;
        let hold = reserves(&ada, "run", "reserved").await;
        ada.exports("run", "charged").await;
        assert_eq!(ada.is_refused(RESERVE, reservation("other", "reserved")).await, "IDEMPOTENCY_KEY_REUSED");
        assert_eq!(ada.is_refused(RESERVE, reservation("run", "charged")).await, "IDEMPOTENCY_KEY_REUSED");
        assert_eq!(ada.is_refused(EXPORT, export("run", "reserved")).await, "IDEMPOTENCY_KEY_REUSED");
        ada.gets(CAPTURE, of(&hold)).await;
        assert_eq!(ada.is_refused(EXPORT, export("run", "reserved")).await, "IDEMPOTENCY_KEY_REUSED");
        assert_eq!(balance(&ada).await["credits"], 14);
    }

    async fn a_run_is_exported_as_often_as_its_user_wants(app: TestApp) {
        let ada = with_credits(&app, "ada", 20).await;
        ada.exports("run", "a").await;
        let (one, other) = (reserves(&ada, "run", "b").await, reserves(&ada, "run", "c").await);
        assert_ne!(one["id"], other["id"], "another key is another export");
        assert_eq!(balance(&ada).await["held"], 6);
    }

    async fn two_users_may_use_the_same_key(app: TestApp) {
        for name in ["ada", "bob"] {
            let user = with_credits(&app, name, 3).await;
            assert_eq!(reserves(&user, "run", "key").await["state"], "OPEN");
        }
    }

    async fn twenty_reservations_at_once_hold_no_more_than_there_is(app: TestApp) {
        let ada = with_credits(&app, "ada", 20).await;
        let requests = (0..20).map(|number| sends(&ada, RESERVE, reservation("run", &format!("key {number}"))));
        let answers: Vec<_> = join_all(requests).await.into_iter().map(Result::unwrap).collect();
        let held = answers.iter().filter(|answer| answer["__typename"] == "Hold").count();
        assert_eq!(held, 6, "20 credits suffice for 6 exports");
        for refused in answers.iter().filter(|answer| answer["__typename"] != "Hold") {
            assert!(refused["available"].as_i64().unwrap() < 3, "{refused}");
        }
        assert_eq!(balance(&ada).await, json!({ "credits": 20, "held": 18, "available": 2, "exportsLeft": 0, "version": 7 }));
        let refused = ada.exports("run", "charge").await;
        assert_eq!((&refused["available"], &refused["shortfall"]), (&json!(2), &json!(1)), "what is held cannot be spent");
    }

    async fn charges_and_reservations_at_once_share_the_credits(app: TestApp) {
        let ada = with_credits(&app, "ada", 20).await;
        let requests = (0..20).map(|number| {
            let key = format!("key {number}");
            if number % 2 == 0 { sends(&ada, RESERVE, reservation("run", &key)) } else { sends(&ada, EXPORT, export("run", &key)) }
        });
        let answers: Vec<_> = join_all(requests).await.into_iter().map(Result::unwrap).collect();
        let granted = answers.iter().filter(|answer| answer["__typename"] != "InsufficientCredits").count();
        assert_eq!(granted, 6);
        assert_eq!(balance(&ada).await["available"], 2);
    }

    async fn the_same_key_sixteen_times_at_once_is_one_hold(app: TestApp) {
        let ada = with_credits(&app, "ada", 20).await;
        let answers = join_all((0..16).map(|_| sends(&ada, RESERVE, reservation("run", "key")))).await;
        let ids: HashSet<_> =
            answers.into_iter().map(|answer| answer.unwrap()["id"].to_string()).collect();
        assert_eq!(ids.len(), 1);
        assert_eq!(balance(&ada).await["version"], 2);
    }

    async fn of_captures_releases_and_the_expiry_at_once_one_succeeds(app: TestApp) {
        let ada = with_credits(&app, "ada", 60).await;
        for round in 0..12 {
            let hold = reserves(&ada, "run", &format!("key {round}")).await;
            let version = hold["balance"]["version"].as_i64().unwrap();
            let mut requests = Vec::new();
            for part in 1..=3 {
                requests.push(sends(&ada, CAPTURE, capture(&hold, part)));
            }
            requests.push(sends(&ada, RELEASE, of(&hold)));
            if round % 2 == 0 {
                runs_out(&app, &hold).await;
                app.works_off(Kind::Hold).await;
            }
            let answers: Vec<_> = join_all(requests).await.into_iter().map(Result::unwrap).collect();
            let done = answers.iter().filter(|answer| answer["__typename"] != "HoldEnded").count();
            let now = balance(&ada).await;
            assert_eq!((&now["held"], now["version"].as_i64().unwrap()), (&json!(0), version + 1), "{answers:?}");
            assert!(done == 1 || (done == 0 && round % 2 == 0), "{answers:?}");
        }
    }

    async fn one_capture_sixteen_times_at_once_is_one_charge(app: TestApp) {
        let ada = with_credits(&app, "ada", 9).await;
        let hold = reserves(&ada, "run", "key").await;
        let answers: Vec<_> = join_all((0..16).map(|_| sends(&ada, CAPTURE, of(&hold)))).await;
        let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
        assert!(answers.iter().all(|answer| answer["id"] == answers[0]["id"]), "{answers:?}");
        assert_eq!(answers.iter().filter(|answer| answer["replayed"] == false).count(), 1);
        assert_eq!(balance(&ada).await["credits"], 6);
    }
}
