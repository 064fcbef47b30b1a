//! Password hashing takes turns between addresses.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use futures_util::future::join_all;
use patch_hive::{config::Config, throttle::Proxies};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{posts, with_settings};
use crate::harness::TestApp;

const FLOOD: usize = 60;

/// Logs in from behind a proxy.
async fn logs_in(app: &TestApp, from: &str, name: &str, password: &str) -> Value {
    let input = json!({ "email": format!("{name}@patchhive.example"), "password": password });
    let query = "mutation ($input: LogInInput!) { logIn(input: $input) { token } }";
    let body = json!({ "query": query, "variables": { "input": input } }).to_string();
    let request = posts(app, "application/json", body).header("x-forwarded-for", from);
    request.send().await.unwrap().json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_logins_from_one_address_delays_another_by_a_turn() {
    let settings = |config: &mut Config| {
        config.password_cost = 9;
        config.proxies = Proxies::read(["127.0.0.1"]).unwrap();
    };
    with_settings(settings, async |app| {
        app.signs_up("ada").await;
        let done = AtomicUsize::new(0);
        let flood = join_all((0..FLOOD).map(async |number| {
            logs_in(&app, "198.51.100.1", &format!("nobody-{number}"), "wrong").await;
            done.fetch_add(1, Ordering::Relaxed);
        }));
        let ada = async {
            sleep(Duration::from_millis(200)).await;
            let before = done.load(Ordering::Relaxed);
            let session = logs_in(&app, "203.0.113.9", "ada", "ada's password").await;
            assert!(session["data"]["logIn"]["token"].is_string(), "{session}");
            done.load(Ordering::Relaxed) - before
        };
        let (_, meanwhile) = tokio::join!(flood, ada);
        assert!(meanwhile < 20, "{meanwhile} of {FLOOD} were first");
    })
    .await;
}
