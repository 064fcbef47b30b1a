//! Operations become spans that are exported by OTLP, as part of their caller's trace.

use serde_json::json;

use super::{dev, sink::Sink};
use crate::{
    configuration::{good_but, is_refused},
    harness::Socket,
};

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_becomes_a_span_of_its_callers_trace() {
    let (folder, sink) = (tempfile::tempdir().unwrap(), Sink::start().await);
    let gateway = dev(folder.path(), &[("OTEL_EXPORTER_OTLP_ENDPOINT", &sink.endpoint())]).await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let query = json!({ "query": "query Shop { plans { tier } creditQuote(credits: 30) { credits } }" });
    let request = gateway.http().post(gateway.url("/graphql")).json(&query);
    let request = request.header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
    assert_eq!(request.send().await.unwrap().status(), 200);

    // The remaining spans are exported at the stop.
    assert_eq!(gateway.stops("-TERM").await, Some(0));
    for text in ["query Shop", "graphql.operation.name", "graphql.operation.type", "graphql.document", "POST /graphql"]
    {
        assert!(sink.holds(text), "{text}");
    }
    assert!(sink.holds("query Shop { plans { tier } creditQuote(credits: 30) { credits } }"));
    assert!(sink.holds(hex(trace)), "the caller's trace was not joined");
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_of_a_socket_become_spans_too() {
    let (folder, sink) = (tempfile::tempdir().unwrap(), Sink::start().await);
    let gateway = dev(folder.path(), &[("OTEL_EXPORTER_OTLP_ENDPOINT", &sink.endpoint())]).await;
    let mut socket = Socket::open(gateway.address(), None).await;
    socket.subscribes("1", "query OverSocket { plans { tier } }", json!({})).await;
    socket.pushed().await;
    assert_eq!(gateway.stops("-TERM").await, Some(0));
    assert!(sink.holds("query OverSocket"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_collector_does_not_affect_requests() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = dev(folder.path(), &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")]).await;
    let answer = gateway.asks("", "{ plans { tier } }").await;
    assert!(answer["data"]["plans"].is_array(), "{answer}");
    assert_eq!(gateway.stops("-TERM").await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_endpoint_stops_the_start() {
    for endpoint in ["127.0.0.1:4318", "nonsense", "grpc://collector:4317"] {
        is_refused(&good_but(&[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)]), "OTEL_EXPORTER_OTLP_ENDPOINT").await;
    }
}

fn hex(text: &str) -> Vec<u8> {
    let digits = (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16));
    digits.collect::<Result<_, _>>().unwrap()
}
