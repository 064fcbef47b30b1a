//! Subscriptions work by Apollo's multipart protocol, over plain HTTP.

use std::time::Duration;

use reqwest::{RequestBuilder, Response, header};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{on_the_wire, with_settings};
use crate::harness::{Actor, TestApp, actor::WATCH_BALANCE};

/// The `Accept` header that Apollo's clients send with a subscription.
const APOLLO: &str = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json";

const PATIENCE: Duration = Duration::from_secs(5);

/// Reads one part after the other, as Apollo's client does: up to the boundary behind it.
struct Parts {
    response: Response,
    read: String,
}

impl Parts {
    async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        let content_type = response.headers()[header::CONTENT_TYPE].to_str().unwrap();
        assert_eq!(content_type, "multipart/mixed;boundary=\"graphql\";subscriptionSpec=1.0");
        Self { response, read: String::new() }
    }

    /// The text up to the next boundary; `None` when the body has ended.
    async fn text(&mut self) -> Option<String> {
        loop {
            if let Some((part, rest)) = self.read.split_once("\r\n--graphql") {
                let (part, rest) = (part.to_owned(), rest.to_owned());
                self.read = rest;
                return Some(part);
            }
            let chunk = timeout(PATIENCE, self.response.chunk()).await.expect("no part came").unwrap()?;
            self.read += std::str::from_utf8(&chunk).unwrap();
        }
    }

    async fn next(&mut self) -> Value {
        let part = self.text().await.expect("the body has ended");
        let content =
            part.strip_prefix("\r\ncontent-type: application/json\r\n\r\n").unwrap_or_else(|| panic!("{part:?}"));
        serde_json::from_str(content).unwrap()
    }

    async fn started(request: RequestBuilder) -> Self {
        let mut parts = Self::of(request).await;
        assert_eq!(parts.text().await.as_deref(), Some(""), "nothing stands before the first boundary");
        parts
    }
}

fn asks(app: &TestApp, who: &Actor, document: &str) -> RequestBuilder {
    let request = app.http().post(app.url("/graphql")).json(&json!({ "query": document }));
    request.bearer_auth(who.token()).header(header::ACCEPT, APOLLO)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_arrives_in_parts() {
    on_the_wire(async |app| {
        let ada = app.signs_up("ada").await;
        let mut parts = Parts::started(asks(&app, &ada, WATCH_BALANCE)).await;
        let first = parts.next().await;
        assert_eq!(first["payload"]["data"]["balanceChanged"]["version"], 0, "{first}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_subscription_is_kept_open_by_empty_parts() {
    let soon = |config: &mut patch_hive::config::Config| config.limits.keep_alive = Duration::from_millis(50);
    with_settings(soon, async |app| {
        let ada = app.signs_up("ada").await;
        let mut parts = Parts::started(asks(&app, &ada, WATCH_BALANCE)).await;
        // On a busy machine, empty parts may come before the first result.
        while parts.next().await == json!({}) {}
        assert_eq!(parts.next().await, json!({}));
        assert_eq!(parts.next().await, json!({}));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_of_the_same_client_is_answered_as_one_document() {
    on_the_wire(async |app| {
        let ada = app.signs_up("ada").await;
        let response = asks(&app, &ada, "{ tier }").send().await.unwrap();
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
        assert_eq!(response.json::<Value>().await.unwrap(), json!({ "data": { "tier": "FREE" } }));
        let invalid = asks(&app, &ada, "subscription { nonsense }").send().await.unwrap();
        assert_eq!(invalid.headers()[header::CONTENT_TYPE], "application/json");
        assert_eq!(invalid.json::<Value>().await.unwrap()["errors"][0]["extensions"]["code"], "BAD_REQUEST");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_accepts_only_parts_gets_every_result_as_one() {
    on_the_wire(async |app| {
        let ada = app.signs_up("ada").await;
        let only = |document: &str| {
            let request = app.http().post(app.url("/graphql")).json(&json!({ "query": document }));
            request.bearer_auth(ada.token()).header(header::ACCEPT, "multipart/mixed;subscriptionSpec=1.0")
        };
        let mut parts = Parts::started(only("{ tier }")).await;
        assert_eq!(parts.next().await, json!({ "payload": { "data": { "tier": "FREE" } } }));
        assert_eq!(parts.text().await, None);
        assert_eq!(parts.read, "--\r\n");
        let mut parts = Parts::started(only("{ nonsense }")).await;
        let refused = parts.next().await;
        assert_eq!(refused["payload"]["errors"][0]["extensions"]["code"], "BAD_REQUEST", "{refused}");
        assert!(refused["payload"].get("data").is_none(), "{refused}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_end_without_a_last_one_when_the_gateway_stops() {
    on_the_wire(async |app| {
        let ada = app.signs_up("ada").await;
        let mut parts = Parts::started(asks(&app, &ada, WATCH_BALANCE)).await;
        parts.next().await;
        app.stop().await;
        assert_eq!(parts.text().await, None);
        assert_eq!(parts.read, "");
        app.restarts_stopped().await;
    })
    .await;
}
