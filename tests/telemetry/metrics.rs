//! `/metrics` counts what happens, on the address that is configured only.

use std::{collections::BTreeMap, fmt::Write as _, net::TcpListener};

use serde_json::json;

use super::{Operator, dev, metrics, plays_the_story};
use crate::{
    account_event::{Answer, Receiver},
    configuration::good_but,
    harness::{Process, Socket, actor::WATCH_BALANCE},
};

/// The metrics without those that differ between runs: durations, and the calls of the first reconciliation, which may end
/// before the story or after it.
fn steady(lines: &[String]) -> String {
    let mut steady = String::new();
    let mut events: BTreeMap<&str, u64> = BTreeMap::new();
    for line in lines.iter().filter(|line| {
        !line.contains("_bucket{") && !line.contains("call=\"list ") && !line.contains("call=\"retrieve ")
    }) {
        match line.rsplit_once(' ') {
            // Whether an event is applied at once or waits for a look under way depends on their timing.
            Some((name, count)) if name.starts_with("patch_hive_webhook_events_total{") => {
                let (kind, _) = name.split_once(",outcome=").unwrap();
                *events.entry(kind).or_default() += count.parse::<u64>().unwrap();
            }
            Some((name, _)) if name.contains("_seconds_sum") || name.ends_with("_due_seconds") => {
                writeln!(steady, "{name} [seconds]").unwrap();
            }
            _ => writeln!(steady, "{line}").unwrap(),
        }
    }
    for (kind, count) in events {
        writeln!(steady, "{kind}}} {count}").unwrap();
    }
    steady
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_count_the_story() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = dev(folder.path(), &[]).await;
    plays_the_story(&gateway).await;
    let mut silent = Socket::open(gateway.address(), None).await;
    silent.sends_text("nonsense").await;
    assert_eq!(u16::from(silent.closes().await.code), 4400);
    drop(silent);
    gateway.asks("", "{ nonsense }").await;
    gateway.asks("", "{ balance { credits } }").await;
    gateway.asks("nonsense", "{ plans { tier } }").await;
    insta::assert_snapshot!(steady(&metrics(&gateway).await));
    assert_eq!(gateway.stops("-TERM").await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn results_of_an_event_stream_count_as_pushed_and_refusals_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = dev(folder.path(), &[]).await;
    let input = r#"{ email: "bob@patchhive.example", username: "bob", password: "bob's password" }"#;
    let session = gateway.asks("", &format!("mutation {{ signUp(input: {input}) {{ token }} }}")).await;
    let token = session["data"]["signUp"]["token"].as_str().unwrap();
    let watches = async |document: &str| {
        let request = gateway.http().post(gateway.url("/graphql")).header("Accept", "text/event-stream");
        request.bearer_auth(token).json(&json!({ "query": document })).send().await.unwrap()
    };
    let refused = watches("subscription { nonsense }").await.text().await.unwrap();
    assert!(refused.contains("errors"), "{refused}");
    let mut stream = watches(WATCH_BALANCE).await;
    assert!(stream.chunk().await.unwrap().is_some());
    let lines = metrics(&gateway).await;
    assert!(lines.iter().any(|line| line == "patch_hive_pushes_total 1"), "{lines:#?}");
    drop(stream);
    assert_eq!(gateway.stops("-TERM").await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_to_send_events_are_counted_by_their_outcome() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = dev(folder.path(), &[]).await;
    let (operator, receiver) = (Operator::logs_in(&gateway).await, Receiver::start().await);
    receiver.verifies_with(&operator.registers(&gateway, &receiver.url()).await);
    operator.is_granted(&gateway, "one").await;
    receiver.accepts(1).await;
    receiver.answers(Answer::Status(500));
    operator.is_granted(&gateway, "two").await;
    receiver.is_tried(2).await;
    receiver.answers(Answer::Status(410));
    receiver.is_tried(3).await;
    let lines = metrics(&gateway).await;
    for outcome in ["delivered", "failed", "dead"] {
        let line = format!("patch_hive_event_deliveries_total{{outcome=\"{outcome}\"}} 1");
        assert!(lines.contains(&line), "{line}: {lines:#?}");
    }
    assert_eq!(gateway.stops("-TERM").await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_address_serves_no_metrics() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Process::start(folder.path(), &["serve"], &good_but(&[])[1..]).await;
    assert_eq!(gateway.get("/metrics").await, 404);
    assert_eq!(gateway.stops("-TERM").await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_served_at_their_own_address() {
    let folder = tempfile::tempdir().unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let variables = good_but(&[("METRICS_BIND", &free)]);
    let gateway = Process::start(folder.path(), &["serve"], &variables[1..]).await;
    assert_eq!(gateway.get("/metrics").await, 404);
    let page = gateway.http().get(format!("http://{free}/metrics")).send().await.unwrap();
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
    assert_eq!(page.headers()["x-content-type-options"], "nosniff");
    assert!(page.text().await.unwrap().contains("patch_hive_sockets_open 0"));
    let other = gateway.http().get(format!("http://{free}/graphql")).send().await.unwrap();
    assert_eq!(
        (other.status().as_u16(), &other.headers()["x-content-type-options"].to_str().unwrap()),
        (404, &"nosniff")
    );
    assert_eq!(gateway.stops("-TERM").await, Some(0));
}
