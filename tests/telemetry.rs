//! Metrics, spans and logs show operators what a process does, and never a secret.

mod log;
mod metrics;
mod secrets;
mod sink;
mod spans;

use std::{path::Path, time::Duration};

use patch_hive::config::DEMO;
use serde_json::{Value, json};

use crate::{
    account_event::{CREATE, GRANT},
    harness::{
        Process, Socket,
        actor::{CHECKOUT, EXPORT, GOOD_CARD, PURCHASE, WATCH_BALANCE, checkout, export, purchase},
    },
};

/// Ada's password, which must appear nowhere.
const PASSWORD: &str = "correct horse battery staple";

/// A gateway with its sandbox.
async fn dev(folder: &Path, variables: &[(&str, &str)]) -> Process {
    Process::start(folder, &["dev", "--sandbox-bind", "127.0.0.1:0"], variables).await
}

/// Ada signs up, is refused an export, subscribes, exports twice with one key, and buys a pack, while she watches her
/// balance. Returns the secrets that this creates.
async fn plays_the_story(gateway: &Process) -> Vec<String> {
    // With the password in the document, as people write it by hand.
    let sign_up = format!(
        r#"mutation SignUp {{ signUp(input: {{ email: "ada@patchhive.example", username: "ada", password: "{PASSWORD}" }}) {{ token }} }}"#
    );
    let session = gateway.asks("", &sign_up).await;
    let token = session["data"]["signUp"]["token"].as_str().unwrap().to_owned();
    let payload = json!({ "authorization": format!("Bearer {token}") });
    let mut watcher = Socket::open(gateway.address(), Some(payload)).await;
    watcher.subscribes("balance", WATCH_BALANCE, json!({})).await;
    assert_eq!(watcher.pushed().await["version"], 0);

    gateway.gets(&token, EXPORT, export("run", "first")).await;
    let opened = gateway.gets(&token, CHECKOUT, checkout("CORE")).await;
    pays(gateway, &opened).await;
    assert_eq!(watcher.pushed().await["balance"]["credits"], 25);
    let charged = gateway.gets(&token, EXPORT, export("run", "second")).await;
    gateway.gets(&token, EXPORT, export("run", "second")).await;
    assert_eq!(watcher.pushed().await["balance"]["credits"], 22);
    let opened = gateway.gets(&token, PURCHASE, purchase(10)).await;
    pays(gateway, &opened).await;
    assert_eq!(watcher.pushed().await["balance"]["credits"], 32);
    watcher.leaves().await;
    vec![token, charged["ticket"].as_str().unwrap().to_owned()]
}

/// The operator of `patch-hive dev`, an admin.
struct Operator {
    id: Value,
    token: String,
}

impl Operator {
    async fn logs_in(gateway: &Process) -> Self {
        let (email, password) = (DEMO.operator, DEMO.operator_password);
        let log_in = format!(
            r#"mutation {{ logIn(input: {{ email: "{email}", password: "{password}" }}) {{ token user {{ id }} }} }}"#
        );
        let session = &gateway.asks("", &log_in).await["data"]["logIn"];
        Self { id: session["user"]["id"].clone(), token: session["token"].as_str().unwrap().to_owned() }
    }

    /// Registers an endpoint, and returns its secret.
    async fn registers(&self, gateway: &Process, url: &str) -> Value {
        let input = json!({ "input": { "url": url, "types": ["BALANCE_CHANGED"] } });
        gateway.gets(&self.token, CREATE, input).await["secret"].take()
    }

    /// Receives a credit, which is an event.
    async fn is_granted(&self, gateway: &Process, key: &str) {
        let input = json!({ "userId": self.id, "credits": 1, "reason": "a gift", "idempotencyKey": key });
        gateway.gets(&self.token, GRANT, json!({ "input": input })).await;
    }
}

async fn pays(gateway: &Process, checkout: &Value) {
    let url = checkout["url"].as_str().unwrap_or_else(|| panic!("no checkout: {checkout}"));
    let paid = gateway.http().post(url).form(&[("card_number", GOOD_CARD)]).send().await.unwrap();
    assert_eq!(paid.status(), 303);
}

/// The metrics in the order of their names, once they no longer change.
async fn metrics(gateway: &Process) -> Vec<String> {
    let mut last = Vec::new();
    for _ in 0..30 {
        let page = gateway.http().get(gateway.url("/metrics")).send().await.unwrap().text().await.unwrap();
        let mut lines: Vec<_> =
            page.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(ToOwned::to_owned).collect();
        lines.sort();
        if lines == last {
            return lines;
        }
        last = lines;
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    panic!("the metrics keep changing: {last:#?}")
}
