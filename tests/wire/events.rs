//! Results arrive as an event stream, by the protocol of graphql-sse (distinct connections mode).

use std::time::Duration;

use entity::user::Role;
use patch_hive::{
    accounts::{self, TokenRequest},
    config::Config,
};
use reqwest::{Response, header};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{on_the_wire, with_settings};
use crate::harness::{Actor, TestApp, actor::WATCH_BALANCE};

const EVENTS: &str = "text/event-stream";

/// The `Accept` header that urql sends with every operation.
const URQL: &str =
    "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed";

const PATIENCE: Duration = Duration::from_secs(5);

/// Reads one event after the other.
struct Events {
    response: Response,
    read: String,
}

impl Events {
    async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()[header::CONTENT_TYPE], EVENTS);
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        Self { response, read: String::new() }
    }

    /// The next event's name and data; `None` when the stream has ended.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let line = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
                let read = line("event:").map(|event| (event.to_owned(), line("data:").unwrap_or_default().to_owned()));
                self.read = String::from(rest);
                match read {
                    Some((event, data)) => return Some((event, serde_json::from_str(&data).unwrap_or_default())),
                    None => continue,
                }
            }
            let chunk = timeout(PATIENCE, self.response.chunk()).await.expect("no event came").ok().flatten()?;
            self.read += std::str::from_utf8(&chunk).unwrap();
        }
    }

    async fn pushed(&mut self) -> Value {
        let (event, data) = self.next().await.expect("the stream has ended");
        assert_eq!(event, "next", "{data}");
        data["data"]["balanceChanged"].clone()
    }
}

fn asks(app: &TestApp, who: &Actor, document: &str, accept: &str) -> reqwest::RequestBuilder {
    let request = app.http().post(app.url("/graphql")).json(&json!({ "query": document }));
    request.bearer_auth(who.token()).header(header::ACCEPT, accept)
}

async fn grants(app: &TestApp, key: &str) {
    let admin = app.bearer(&token(app, "ada@patchhive.example", Role::Admin, 3600).await);
    let input = json!({ "userId": "1", "credits": 1, "reason": "a test", "idempotencyKey": key });
    let grant = "mutation ($input: GrantCreditsInput!) { grantCredits(input: $input) { version } }";
    admin.gets(grant, json!({ "input": input })).await;
}

async fn token(app: &TestApp, email: &str, role: Role, seconds: u64) -> String {
    let app = app.inside().await;
    let request = TokenRequest { role, ttl: Some(Duration::from_secs(seconds)), now: app.clock.wall() };
    accounts::token(app.database.write(), &app.tokens, email, request).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_is_streamed_as_it_happens() {
    on_the_wire(async |app| {
        let ada = app.signs_up("ada").await;
        for accept in [EVENTS, URQL] {
            let mut events = Events::of(asks(&app, &ada, WATCH_BALANCE, accept)).await;
            assert_eq!(events.pushed().await["snapshot"], true);
            grants(&app, accept).await;
            assert_eq!(events.pushed().await["entry"]["creditsDelta"], 1);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_may_come_by_get() {
    on_the_wire(async |app| {
        let ada = app.signs_up("ada").await;
        let url = reqwest::Url::parse_with_params(&app.url("/graphql"), [("query", WATCH_BALANCE)]).unwrap();
        let request = app.http().get(url).bearer_auth(ada.token()).header(header::ACCEPT, EVENTS);
        assert_eq!(Events::of(request).await.pushed().await["version"], 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_breaks_off_when_its_token_is_revoked() {
    on_the_wire(async |app| {
        let ada = app.signs_up("ada").await;
        let mut events = Events::of(asks(&app, &ada, WATCH_BALANCE, EVENTS)).await;
        events.pushed().await;
        ada.gets("mutation { logOut { revokedAt } }", json!({})).await;
        assert_eq!(events.next().await, None, "a stream that is complete is not begun again");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_and_mutations_stay_json_for_those_who_take_it() {
    on_the_wire(async |app| {
        let ada = app.signs_up("ada").await;
        let response = asks(&app, &ada, "{ viewer { username } }", URQL).send().await.unwrap();
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/graphql-response+json");
        let mut events = Events::of(asks(&app, &ada, "{ viewer { username } }", EVENTS)).await;
        assert_eq!(events.next().await.unwrap().1, json!({ "data": { "viewer": { "username": "ada" } } }));
        assert_eq!(events.next().await, Some(("complete".to_owned(), Value::Null)));
        assert_eq!(events.next().await, None);
        let mutation = "mutation { cancelSubscription { __typename } }";
        let mut events = Events::of(asks(&app, &ada, mutation, EVENTS)).await;
        assert_eq!(events.next().await.unwrap().1["data"]["cancelSubscription"]["__typename"], "NoActiveSubscription");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_without_a_streaming_type_is_refused() {
    on_the_wire(async |app| {
        let ada = app.signs_up("ada").await;
        for accept in ["application/json", "application/graphql-response+json", "*/*"] {
            super::is_refused(asks(&app, &ada, WATCH_BALANCE, accept), 400, "BAD_REQUEST").await;
        }
        super::is_refused(asks(&app, &ada, "{ plans { tier } }", "text/html"), 406, "BAD_REQUEST").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_operation_yields_one_result_and_the_end() {
    on_the_wire(async |app| {
        let ada = app.signs_up("ada").await;
        for document in ["{ nonsense }", "{", "subscription { nonsense }"] {
            let mut events = Events::of(asks(&app, &ada, document, EVENTS)).await;
            let (event, data) = events.next().await.unwrap();
            assert_eq!((event.as_str(), data.get("data")), ("next", None), "{data}");
            assert_eq!(data["errors"][0]["extensions"]["code"], "BAD_REQUEST", "{data}");
            assert_eq!(events.next().await.unwrap().0, "complete");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_breaks_off_with_its_token_and_the_token_does_not_come_back_in() {
    on_the_wire(async |app| {
        app.signs_up("ada").await;
        let ada = app.bearer(&token(&app, "ada@patchhive.example", Role::User, 2).await);
        let mut events = Events::of(asks(&app, &ada, WATCH_BALANCE, EVENTS)).await;
        events.pushed().await;
        assert_eq!(events.next().await, None, "a stream that is to be begun again says no complete");
        super::is_refused(asks(&app, &ada, WATCH_BALANCE, EVENTS), 401, "UNAUTHENTICATED").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_breaks_streams_off_so_that_clients_go_elsewhere() {
    on_the_wire(async |app| {
        let ada = app.signs_up("ada").await;
        let mut events = Events::of(asks(&app, &ada, WATCH_BALANCE, EVENTS)).await;
        events.pushed().await;
        let stopping = app.clone();
        let stop = tokio::spawn(async move { stopping.restarts().await });
        assert_eq!(events.next().await, None);
        stop.await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_stream_is_kept_open() {
    let settings = |config: &mut Config| config.limits.keep_alive = Duration::from_millis(100);
    with_settings(settings, async |app| {
        let ada = app.signs_up("ada").await;
        let mut events = Events::of(asks(&app, &ada, WATCH_BALANCE, EVENTS)).await;
        events.pushed().await;
        let chunk = timeout(PATIENCE, events.response.chunk()).await.unwrap().unwrap().unwrap();
        assert!(chunk.starts_with(b":"), "{chunk:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_and_sockets_share_one_limit() {
    let settings = |config: &mut Config| config.limits.user_subscriptions = 1;
    with_settings(settings, async |app| {
        let ada = app.signs_up("ada").await;
        let mut watcher = ada.watches_balance(None).await;
        watcher.pushed().await;
        let mut events = Events::of(asks(&app, &ada, WATCH_BALANCE, EVENTS)).await;
        let (_, refused) = events.next().await.unwrap();
        assert_eq!(refused["errors"][0]["extensions"]["code"], "RATE_LIMITED", "{refused}");
        watcher.leaves().await;
        assert_eq!(Events::of(asks(&app, &ada, WATCH_BALANCE, EVENTS)).await.pushed().await["version"], 0);
    })
    .await;
}
