//! Log lines are JSON that can be searched: who called which operation, how it ended, and how long it took.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    configuration::good_but,
    harness::{
        Process, Socket,
        actor::{CHECKOUT, checkout},
    },
};

const SIGN_UP: &str = r#"mutation SignUp { signUp(input: { email: "ada@patchhive.example", username: "ada",
    password: "correct horse" }) { token } }"#;

/// The lines that end requests, once there are as many as expected.
async fn accesses(gateway: &Process, count: usize) -> Vec<Value> {
    for _ in 0..100 {
        let log = gateway.log();
        let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let accesses: Vec<_> = lines.filter(|line| line["target"] == "patch_hive::access").collect();
        if accesses.len() >= count {
            return accesses;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("fewer than {count} requests were logged:\n{}", gateway.log());
}

/// The line of an operation `Everyone` that was refused has all that a line of a request has.
fn is_everyone_forbidden(operation: &Value) {
    let span = &operation["span"];
    assert_eq!((&span["operation_type"], &span["operation_name"]), (&"query".into(), &"Everyone".into()));
    assert_eq!(span["error_code"], "FORBIDDEN");
    assert!(span["user_id"].is_i64() && span["request_id"].is_string(), "{operation}");
    assert!(operation["elapsed_ms"].is_f64(), "{operation}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_logged_with_its_operation_user_and_error() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Process::start(folder.path(), &["serve"], &good_but(&[])[1..]).await;
    let session = gateway.asks("", SIGN_UP).await;
    let token = session["data"]["signUp"]["token"].as_str().unwrap();
    gateway.asks(token, "query Everyone { users { nodes { email } } }").await;
    gateway.asks("nonsense", "{ plans { tier } }").await;

    let [signed_up, forbidden, unauthenticated] = &accesses(&gateway, 3).await[..] else { panic!("one line each") };
    let span = &signed_up["span"];
    assert_eq!((&span["operation_type"], &span["operation_name"]), (&"mutation".into(), &"SignUp".into()));
    assert_eq!((&span["method"], &span["path"]), (&"POST".into(), &"/graphql".into()));
    assert!(signed_up["elapsed_ms"].as_f64().is_some_and(|elapsed| elapsed > 0.0), "{signed_up}");
    assert!(signed_up["status"] == 200 && span["error_code"].is_null(), "{signed_up}");
    assert!(signed_up["spans"].is_null(), "fields appear twice: {signed_up}");
    assert!(span["request_id"].as_str().is_some_and(|id| !id.is_empty()), "{signed_up}");

    let span = &forbidden["span"];
    assert_eq!((&span["operation_name"], &span["error_code"]), (&"Everyone".into(), &"FORBIDDEN".into()));
    assert!(span["user_id"].is_i64(), "{forbidden}");
    assert_eq!(unauthenticated["span"]["error_code"], "UNAUTHENTICATED");
    assert_eq!(unauthenticated["status"], 401);
    assert_eq!(gateway.stops("-TERM").await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_over_a_websocket_is_logged_like_a_request() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Process::start(folder.path(), &["serve"], &good_but(&[])[1..]).await;
    let session = gateway.asks("", SIGN_UP).await;
    let token = session["data"]["signUp"]["token"].as_str().unwrap();
    let payload = json!({ "authorization": format!("Bearer {token}") });
    let mut socket = Socket::open(gateway.address(), Some(payload)).await;
    socket.subscribes("1", "query Everyone { users { nodes { email } } }", json!({})).await;
    assert_eq!(socket.next().await["type"], "next");
    socket.leaves().await;

    let accesses = accesses(&gateway, 2).await;
    is_everyone_forbidden(accesses.iter().find(|line| line["span"]["name"] == "operation").unwrap());
    assert_eq!(gateway.stops("-TERM").await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_in_a_stream_is_logged_when_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Process::start(folder.path(), &["serve"], &good_but(&[])[1..]).await;
    let session = gateway.asks("", SIGN_UP).await;
    let token = session["data"]["signUp"]["token"].as_str().unwrap();
    let request = gateway.http().post(gateway.url("/graphql")).bearer_auth(token);
    let query = json!({ "query": "query Everyone { users { nodes { email } } }" });
    let response = request.header("accept", "text/event-stream").json(&query).send().await.unwrap();
    assert!(response.text().await.unwrap().contains("FORBIDDEN"));

    let accesses = accesses(&gateway, 3).await;
    is_everyone_forbidden(accesses.iter().find(|line| line["message"] == "operation").unwrap());
    assert_eq!(gateway.stops("-TERM").await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_to_stripe_is_logged_with_stripes_request_id() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Process::start(folder.path(), &["dev", "--sandbox-bind", "127.0.0.1:0"], &[]).await;
    let session = gateway.asks("", SIGN_UP).await;
    gateway.gets(session["data"]["signUp"]["token"].as_str().unwrap(), CHECKOUT, checkout("CORE")).await;
    let log = gateway.stops_with_its_log().await;
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut calls = lines.filter(|line| line["message"] == "call to Stripe" && line["method"] == "POST");
    let call = calls.find(|line| line["path"] == "/v1/checkout/sessions").unwrap();
    assert!(call["stripe_request_id"].as_str().is_some_and(|id| id.starts_with("req_")), "{call}");
    assert!(call["elapsed_ms"].is_f64() && call["status"] == 200, "{call}");
    assert!(call["span"]["request_id"].is_string(), "{call}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_for_a_webhook_is_logged_with_the_webhooks_request_id() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = super::dev(folder.path(), &[("LOG", "debug")]).await;
    super::plays_the_story(&gateway).await;
    let log = gateway.stops_with_its_log().await;
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut calls = lines.filter(|line| line["message"] == "call to Stripe" && line["method"] == "GET");
    let call = calls.find(|line| line["span"]["path"] == "/api/payments/webhook");
    let call = call.unwrap_or_else(|| panic!("no call for a webhook was logged:\n{log}"));
    assert!(call["span"]["request_id"].as_str().is_some_and(|id| !id.is_empty()), "{call}");
}

#[tokio::test(flavor = "multi_thread")]
async fn dev_logs_requests_at_debug_only() {
    for (variables, logged) in [(&[][..], false), (&[("LOG", "debug")], true)] {
        let folder = tempfile::tempdir().unwrap();
        let gateway = Process::start(folder.path(), &["dev", "--sandbox-bind", "127.0.0.1:0"], variables).await;
        gateway.asks("", "{ plans { tier } }").await;
        let log = gateway.stops_with_its_log().await;
        assert_eq!(log.contains("patch_hive::access"), logged, "{log}");
    }
}
