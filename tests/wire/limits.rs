//! Callers are rate limited by user, address and email.

use std::time::Duration;

use futures_util::future::join_all;
use patch_hive::{
    config::Config,
    throttle::{Proxies, Rate, Rates},
};
use reqwest::{Response, header};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{on_the_wire, posts, with_settings};
use crate::harness::{Actor, TestApp};

const LOG_IN: &str = "mutation ($input: LogInInput!) { logIn(input: $input) { token } }";

const PLANS: &str = r#"{"query": "{ plans { tier } }"}"#;

/// Rates that no client reaches.
fn endless() -> Rates {
    let endless = Rate::per_minute(1_000_000);
    Rates {
        user: endless,
        stripe: endless,
        address: endless,
        webhook: endless,
        sign_up: endless,
        log_in: endless,
        log_in_email: endless,
    }
}

pub(super) fn rates(change: impl FnOnce(&mut Rates)) -> impl FnOnce(&mut Config) {
    |config| change(config.limits.rates.insert(endless()))
}

/// The code of the first error, and the seconds to wait before a retry.
fn limit(answer: &Value) -> (&str, Option<u64>) {
    let extensions = &answer["errors"][0]["extensions"];
    (extensions["code"].as_str().unwrap_or_default(), extensions["retryAfter"].as_u64())
}

async fn is_limited(response: Response) {
    assert_eq!(response.status(), 429);
    let wait: u64 = response.headers()[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let answer: Value = response.json().await.unwrap();
    assert_eq!(limit(&answer), ("RATE_LIMITED", Some(wait)), "{answer}");
}

async fn log_in(app: &TestApp, email: &str, password: &str) -> Value {
    app.visitor().asks_with(LOG_IN, json!({ "input": { "email": email, "password": password } })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_sends_too_many_requests_learns_when_to_retry() {
    with_settings(rates(|rates| rates.address = Rate::per_minute(3)), async |app| {
        for _ in 0..3 {
            assert_eq!(posts(&app, "application/json", PLANS).send().await.unwrap().status(), 200);
        }
        is_limited(posts(&app, "application/json", PLANS).send().await.unwrap()).await;
        // Probes and webhooks do not count.
        assert_eq!(app.http().get(app.url("/readyz")).send().await.unwrap().status(), 200);
        for _ in 0..5 {
            assert_eq!(app.receives_raw(b"{}".to_vec(), None).await.0, 400);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_of_an_address_are_limited_and_those_of_another_are_taken() {
    let settings = |config: &mut Config| {
        rates(|rates| rates.webhook = Rate::per_minute(3))(config);
        config.proxies = Proxies::read(["127.0.0.1", "::1"]).unwrap();
    };
    with_settings(settings, async |app| {
        let sends = async |from: &str| {
            let request = app.http().post(app.url("/api/payments/webhook")).header("x-forwarded-for", from);
            request.header("stripe-signature", "t=1,v1=00").body("{}").send().await.unwrap()
        };
        for _ in 0..3 {
            assert_eq!(sends("198.51.100.1").await.status(), 400);
        }
        is_limited(sends("198.51.100.1").await).await;
        // A body is not waited for.
        let endless = format!(
            "POST /api/payments/webhook HTTP/1.1\r\nhost: localhost\r\nx-forwarded-for: 198.51.100.1\r\n\
             stripe-signature: t=1,v1={}\r\ncontent-length: 100\r\n\r\n",
            "0".repeat(64)
        );
        let mut stream = TcpStream::connect(app.address()).await.unwrap();
        stream.write_all(endless.as_bytes()).await.unwrap();
        let mut answer = vec![0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, b"HTTP/1.1 429");
        assert_eq!(sends("198.51.100.2").await.status(), 400);
        // Other requests of the address are not affected.
        assert_eq!(for_whom(&app, "198.51.100.1").await, 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_with_too_many_requests_is_limited_on_every_transport() {
    with_settings(rates(|rates| rates.user = Rate::per_minute(3)), async |app| {
        let (ada, bob) = (app.signs_up("ada").await, app.signs_up("bob").await);
        let mut socket = ada.connects().await;
        for _ in 0..3 {
            ada.credits().await;
        }
        let request = posts(&app, "application/json", PLANS).bearer_auth(ada.token());
        is_limited(request.send().await.unwrap()).await;
        socket.subscribes("1", "{ plans { tier } }", json!({})).await;
        let message = socket.next().await;
        assert_eq!(message["type"], "error", "{message}");
        assert_eq!(limit(&json!({ "errors": message["payload"] })).0, "RATE_LIMITED");
        let events = posts(&app, "application/json", PLANS).header(header::ACCEPT, "text/event-stream");
        is_limited(events.bearer_auth(ada.token()).send().await.unwrap()).await;
        bob.credits().await;
    })
    .await;
}

/// All operations of a user that call Stripe.
const AT_STRIPE: [&str; 7] = [
    "{ previewPlanChange(tier: PRO) { tier } }",
    r#"mutation { createCheckout(input: { tier: PRO, successUrl: "https://a.example", cancelUrl: "https://a.example" })
        { __typename } }"#,
    r#"mutation { purchaseCredits(input: { credits: 10, successUrl: "https://a.example", cancelUrl: "https://a.example" })
        { __typename } }"#,
    "mutation { changePlan(input: { tier: PRO }) { __typename } }",
    "mutation { resumeSubscription { __typename } }",
    "mutation { cancelSubscription { __typename } }",
    r#"mutation { openBillingPortal(input: { returnUrl: "https://a.example" }) { url } }"#,
];

#[tokio::test(flavor = "multi_thread")]
async fn a_user_with_too_many_calls_to_stripe_is_limited_and_others_are_not() {
    with_settings(rates(|rates| rates.stripe = Rate::per_minute(3)), async |app| {
        let (ada, bob) = (app.signs_up("ada").await, app.signs_up("bob").await);
        let thrice = "{ a: previewPlanChange(tier: CORE) { tier } b: previewPlanChange(tier: PRO) { tier }
            c: previewPlanChange(tier: STUDIO) { tier } }";
        let answer = ada.asks_with(thrice, json!({})).await;
        assert_eq!(answer, json!({ "data": { "a": null, "b": null, "c": null } }));
        for document in AT_STRIPE {
            let answer = ada.asks_with(document, json!({})).await;
            assert!(matches!(limit(&answer), ("RATE_LIMITED", Some(1..=20))), "{document}: {answer}");
        }
        ada.credits().await;
        for document in &AT_STRIPE[..3] {
            let answer = bob.asks_with(document, json!({})).await;
            assert!(answer.get("errors").is_none(), "{document}: {answer}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_limits_a_user_asks_stripe_as_often_as_they_like() {
    on_the_wire(async |app| {
        let ada = app.signs_up("ada").await;
        for _ in 0..70 {
            let answer = ada.asks_with(AT_STRIPE[0], json!({})).await;
            assert_eq!(answer, json!({ "data": { "previewPlanChange": null } }));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_has_no_room_for_many_previews() {
    on_the_wire(async |app| {
        let ada = app.signs_up("ada").await;
        let previews: Vec<_> = (0..4).map(|n| format!("p{n}: previewPlanChange(tier: PRO) {{ tier }} ")).collect();
        let answer = ada.asks_with(&format!("{{ {} }}", previews.concat()), json!({})).await;
        assert_eq!(limit(&answer).0, "TOO_COMPLEX", "{answer}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_over_a_socket_count_for_its_address() {
    with_settings(rates(|rates| rates.address = Rate::per_minute(4)), async |app| {
        let mut socket = app.visitor().connects().await;
        for id in ["1", "2", "3"] {
            socket.subscribes(id, "{ plans { tier } }", json!({})).await;
            assert_eq!(socket.next().await["type"], "next");
            assert_eq!(socket.next().await["type"], "complete");
        }
        socket.subscribes("4", "{ plans { tier } }", json!({})).await;
        assert_eq!(socket.next().await["payload"][0]["extensions"]["code"], "RATE_LIMITED");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_of_one_email_are_not_tried_without_end() {
    with_settings(rates(|rates| rates.log_in_email = Rate::per_minute(3)), async |app| {
        app.signs_up("ada").await;
        app.signs_up("bob").await;
        for email in ["ada@patchhive.example", " ADA@patchhive.example", "Ada@PatchHive.example"] {
            assert_eq!(limit(&log_in(&app, email, "a wrong one").await).0, "WRONG_CREDENTIALS");
        }
        let answer = log_in(&app, "ada@patchhive.example", "ada's password").await;
        assert!(matches!(limit(&answer), ("RATE_LIMITED", Some(1..=60))), "{answer}");
        assert!(log_in(&app, "bob@patchhive.example", "bob's password").await["data"]["logIn"]["token"].is_string());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_keeps_another_from_logging_in_by_trying_their_email() {
    let settings = |config: &mut Config| {
        rates(|rates| rates.log_in_email = Rate::per_minute(7))(config);
        config.proxies = Proxies::read(["127.0.0.1", "::1"]).unwrap();
    };
    with_settings(settings, async |app| {
        app.signs_up("ada").await;
        let tries = async |address: &str, password: &str| {
            let input = json!({ "email": "ada@patchhive.example", "password": password });
            let body = json!({ "query": LOG_IN, "variables": { "input": input } });
            let request = posts(&app, "application/json", body.to_string()).header("x-forwarded-for", address);
            request.send().await.unwrap().json::<Value>().await.unwrap()
        };
        for _ in 0..5 {
            assert_eq!(limit(&tries("198.51.100.1", "a wrong one").await).0, "WRONG_CREDENTIALS");
        }
        // A right password waits as long as a wrong one: nobody can tell them apart.
        for password in ["a wrong one", "ada's password"] {
            let answer = tries("198.51.100.1", password).await;
            assert_eq!(limit(&answer), ("RATE_LIMITED", Some(1)), "{answer}");
        }
        // What was refused there has taken nothing from her.
        for _ in 0..2 {
            let session = tries("203.0.113.9", "ada's password").await;
            assert!(session["data"]["logIn"]["token"].is_string(), "{session}");
        }
        assert_eq!(limit(&tries("192.0.2.7", "a wrong one").await).0, "RATE_LIMITED", "many addresses try one email");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_and_sign_ups_of_one_address_are_limited_separately() {
    let two = Rate::per_minute(2);
    with_settings(rates(|rates| (rates.log_in, rates.sign_up) = (two, two)), async |app| {
        app.signs_up("ada").await;
        app.signs_up("bob").await;
        let input = json!({ "email": "cy@patchhive.example", "username": "cy", "password": "cy's password" });
        let sign_up = "mutation ($input: SignUpInput!) { signUp(input: $input) { token } }";
        assert_eq!(app.visitor().is_refused(sign_up, json!({ "input": input })).await, "RATE_LIMITED");
        for name in ["ada", "bob"] {
            let session = log_in(&app, &format!("{name}@patchhive.example"), &format!("{name}'s password")).await;
            assert!(session["data"]["logIn"]["token"].is_string(), "{session}");
        }
        assert_eq!(limit(&log_in(&app, "dee@patchhive.example", "anything").await).0, "RATE_LIMITED");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_address_does_not_evade_the_limits() {
    let one = rates(|rates| rates.address = Rate::per_minute(1));
    with_settings(one, async |app| {
        assert_eq!(for_whom(&app, "198.51.100.1").await, 200);
        assert_eq!(for_whom(&app, "198.51.100.2").await, 429);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_sends_requests_of_many_clients() {
    let settings = |config: &mut Config| {
        rates(|rates| rates.address = Rate::per_minute(1))(config);
        config.proxies = Proxies::read(["127.0.0.1", "::1"]).unwrap();
    };
    with_settings(settings, async |app| {
        assert_eq!(for_whom(&app, "198.51.100.1").await, 200);
        assert_eq!(for_whom(&app, "198.51.100.2").await, 200);
        assert_eq!(for_whom(&app, "6.6.6.6, 198.51.100.2").await, 429, "the client itself wrote what stands first");
        assert_eq!(for_whom(&app, "2001:db8:1:2::1").await, 200);
        assert_eq!(for_whom(&app, "2001:db8:1:2::2").await, 429, "one customer has all of these addresses");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_proxy_header_does_not_evade_the_limits() {
    let settings = |config: &mut Config| {
        rates(|rates| rates.address = Rate::per_minute(1))(config);
        config.proxies = Proxies::read(["127.0.0.1", "::1"]).unwrap();
    };
    with_settings(settings, async |app| {
        let status = async |named: &str| {
            let request = posts(&app, "application/json", PLANS).header("x-forwarded-for", named);
            let odd = header::HeaderValue::from_bytes(b"198.51.100.1\xff").unwrap();
            request.header("x-forwarded-for", odd).send().await.unwrap().status()
        };
        assert_eq!(status("6.6.6.6").await, 200);
        assert_eq!(status("6.6.6.7").await, 429, "what stands before it was not looked at");
    })
    .await;
}

/// The status of a request for a client behind a proxy.
async fn for_whom(app: &TestApp, forwarded: &str) -> u16 {
    let request = posts(app, "application/json", PLANS).header("x-forwarded-for", forwarded);
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_rates_leave_room_for_a_busy_office() {
    let defaults = |config: &mut Config| {
        let default = Config::development(config.bind, String::new(), String::new()).unwrap();
        config.limits.rates = default.limits.rates;
        assert!(config.limits.rates.is_some());
        config.proxies = Proxies::read(["127.0.0.1", "::1"]).unwrap();
    };
    with_settings(defaults, async |app| {
        let mut users: Vec<Actor> = Vec::new();
        for number in 0..40 {
            users.push(signs_up_from(&app, number).await);
        }
        for _ in 0..10 {
            join_all(users.iter().chain(&users).take(64).map(Actor::credits)).await;
        }
    })
    .await;
}

/// Signs up a user at an address of their own.
async fn signs_up_from(app: &TestApp, number: usize) -> Actor {
    let email = format!("user{number}@patchhive.example");
    let input = json!({ "email": email, "username": "user", "password": "correct horse" });
    let query = "mutation ($input: SignUpInput!) { signUp(input: $input) { token } }";
    let body = json!({ "query": query, "variables": { "input": input } }).to_string();
    let request = posts(app, "application/json", body).header("x-forwarded-for", format!("198.51.100.{number}"));
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    app.bearer(answer["data"]["signUp"]["token"].as_str().unwrap_or_else(|| panic!("{answer}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_and_sign_ups_of_one_address_come_in_small_bursts() {
    let defaults = |config: &mut Config| {
        config.limits.rates = Config::development(config.bind, String::new(), String::new()).unwrap().limits.rates;
    };
    with_settings(defaults, async |app| {
        let tries: Vec<_> = (0..100).map(|number| format!("user{number}@patchhive.example")).collect();
        let answers = join_all(tries.iter().map(|email| log_in(&app, email, "a wrong one"))).await;
        let limited = answers.iter().filter(|answer| limit(answer).0 == "RATE_LIMITED").count();
        assert!((40..=70).contains(&limited), "{limited} of 100 at once were refused");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_that_takes_too_long_is_given_up() {
    // A password takes longer than this to be hashed.
    let hasty = |config: &mut Config| {
        config.password_cost = 12;
        config.limits.operation = Duration::from_millis(20);
    };
    with_settings(hasty, async |app| {
        let input = json!({ "email": "ada@patchhive.example", "username": "ada", "password": "ada's password" });
        let query = "mutation ($input: SignUpInput!) { signUp(input: $input) { token } }";
        let body = json!({ "query": query, "variables": { "input": input } });
        let response = posts(&app, "application/json", body.to_string()).send().await.unwrap();
        assert_eq!(response.status(), 504);
        assert_eq!(limit(&response.json().await.unwrap()).0, "TIMEOUT");
        let mut socket = app.visitor().connects().await;
        socket.subscribes("1", query, json!({ "input": input })).await;
        assert_eq!(socket.next().await["payload"][0]["extensions"]["code"], "TIMEOUT");
    })
    .await;
}
