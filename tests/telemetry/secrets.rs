//! No secret is logged or exported, at any log level.

use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;

use super::{Operator, PASSWORD, dev, plays_the_story, sink::Sink};
use crate::harness::Process;

/// The secrets of `patch-hive dev`. They are public, but take the same way as those of others.
const SETTINGS: [&str; 3] = [
    "development only: this secret is in the source code",
    "sk_test_development",
    "whsec_development_only_patch_hive_sandbox",
];

/// Ada's next password.
const ANOTHER: &str = "incorrect donkey pin cushion";

/// Ada changes her password: in vain with the new one as the current one, then rightly, and once more from variables, and logs
/// out. Returns her new tokens.
async fn changes_the_password(gateway: &Process, token: &str) -> Vec<String> {
    let change = |current: &str, new: &str| {
        let input = format!(r#"input: {{ currentPassword: "{current}", newPassword: "{new}" }}"#);
        format!("mutation {{ changePassword({input}) {{ token }} }}")
    };
    let refused = gateway.asks(token, &change(ANOTHER, PASSWORD)).await;
    assert_eq!(refused["errors"][0]["extensions"]["field"], "input.currentPassword", "{refused}");
    let changed = gateway.asks(token, &change(PASSWORD, ANOTHER)).await;
    let second = changed["data"]["changePassword"]["token"].as_str().unwrap_or_else(|| panic!("{changed}")).to_owned();
    let by_variables = "mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { token } }";
    let input = json!({ "input": { "currentPassword": ANOTHER, "newPassword": PASSWORD } });
    let changed = gateway.gets(&second, by_variables, input).await;
    let third = changed["token"].as_str().unwrap().to_owned();
    gateway.gets(&third, "mutation { logOut { revokedAt } }", json!({})).await;
    vec![second, third]
}

/// An operator registers a service that is down, and an event is sent to it. Returns the secrets.
async fn sends_events(gateway: &Process) -> Vec<String> {
    let operator = Operator::logs_in(gateway).await;
    let key = "a-secret-of-the-url";
    let secret = operator.registers(gateway, &format!("http://127.0.0.1:9/events?key={key}")).await;
    operator.is_granted(gateway, "gift").await;
    let tried = async {
        while !gateway.log().contains("an event was not accepted") {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_secs(20), tried).await.expect("no event was sent");
    let bytes = secret.as_str().unwrap().trim_start_matches("whsec_").to_owned();
    vec![operator.token, bytes, key.to_owned()]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_logged_or_exported_however_much_is_logged() {
    let (folder, sink) = (tempfile::tempdir().unwrap(), Sink::start().await);
    let gateway = dev(folder.path(), &[("LOG", "trace"), ("OTEL_EXPORTER_OTLP_ENDPOINT", &sink.endpoint())]).await;
    let mut made = plays_the_story(&gateway).await;
    let wrong =
        r#"mutation { logIn(input: { email: "ada@patchhive.example", password: "a wrong but near one" }) { token } }"#;
    gateway.asks("", wrong).await;
    made.extend(changes_the_password(&gateway, &made[0]).await);
    made.extend(sends_events(&gateway).await);
    let log = gateway.log();
    assert!(log.contains("webhook") && log.contains("elapsed_ms"), "nothing was logged:\n{log}");
    assert_eq!(gateway.stops("-TERM").await, Some(0));
    assert!(sink.holds("mutation SignUp"), "nothing was exported");
    let passwords = [PASSWORD, "a wrong but near one", ANOTHER];
    let secrets = made.iter().map(String::as_str).chain(SETTINGS).chain(passwords);
    for secret in secrets {
        let lines = log.lines().filter(|line| line.contains(secret)).take(3).collect::<Vec<_>>().join("\n");
        assert!(lines.is_empty(), "{secret} is in the log:\n{lines}");
        assert!(!sink.holds(secret), "{secret} was exported");
    }
}
