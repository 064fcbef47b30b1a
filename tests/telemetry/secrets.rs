//! No secret is logged or exported, at any log level.

use super::{PASSWORD, dev, plays_the_story, sink::Sink};

/// The secrets of `patch-hive dev`. They are public, but take the same way as those of others.
const SETTINGS: [&str; 3] = [
    "development only: this secret is in the source code",
    "sk_test_development",
    "whsec_development_only_patch_hive_sandbox",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_logged_or_exported_however_much_is_logged() {
    let (folder, sink) = (tempfile::tempdir().unwrap(), Sink::start().await);
    let gateway = dev(folder.path(), &[("LOG", "trace"), ("OTEL_EXPORTER_OTLP_ENDPOINT", &sink.endpoint())]).await;
    let made = plays_the_story(&gateway).await;
    let wrong =
        r#"mutation { logIn(input: { email: "ada@patchhive.example", password: "a wrong but near one" }) { token } }"#;
    gateway.asks("", wrong).await;
    let log = gateway.log();
    assert!(log.contains("webhook") && log.contains("elapsed_ms"), "nothing was logged:\n{log}");
    assert_eq!(gateway.stops("-TERM").await, Some(0));
    assert!(sink.holds("mutation SignUp"), "nothing was exported");
    let secrets = made.iter().map(String::as_str).chain(SETTINGS).chain([PASSWORD, "a wrong but near one"]);
    for secret in secrets {
        let lines = log.lines().filter(|line| line.contains(secret)).take(3).collect::<Vec<_>>().join("\n");
        assert!(lines.is_empty(), "{secret} is in the log:\n{lines}");
        assert!(!sink.holds(secret), "{secret} was exported");
    }
}
