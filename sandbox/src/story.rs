//! Whole stories over HTTP, as a gateway would live through them.

#[cfg(test)]
mod bank;
#[cfg(test)]
mod credit;
#[cfg(test)]
mod money;
#[cfg(test)]
mod page;
#[cfg(test)]
mod plan;
#[cfg(test)]
mod refusal;
#[cfg(test)]
mod renewal;
#[cfg(test)]
mod webhook;

use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Bytes, http::HeaderMap, routing::post};
use reqwest::{Client, Response, redirect};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::{Effect, Error, Fault, Sandbox, Settings, signature, work::text};

const SECRET: &str = "whsec_story";
const PATIENCE: Duration = Duration::from_secs(10);

fn settings(webhook_urls: Vec<String>, state_file: Option<&Path>) -> Settings {
    Settings {
        bind: SocketAddr::from(([127, 0, 0, 1], 0)),
        webhook_urls,
        webhook_secret: SECRET.to_owned(),
        state_file: state_file.map(Path::to_owned),
        seed: None,
    }
}

/// An endpoint that keeps what it is sent.
#[derive(Clone, Default)]
struct Inbox {
    deliveries: Arc<Mutex<Vec<(String, Bytes)>>>,
}

impl Inbox {
    async fn open(&self) -> String {
        let deliveries = Arc::clone(&self.deliveries);
        let take = async move |headers: HeaderMap, body: Bytes| {
            let signature = headers["stripe-signature"].to_str().unwrap().to_owned();
            deliveries.lock().unwrap().push((signature, body));
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/hook", post(take))).await });
        url
    }

    /// The types of the events, after a check of their signatures.
    fn types(&self) -> Vec<String> {
        let deliveries = self.deliveries.lock().unwrap();
        let kind = |(given, body): &(String, Bytes)| {
            let time = given.strip_prefix("t=").unwrap().split_once(',').unwrap().0.parse().unwrap();
            assert_eq!(*given, signature::header(&[SECRET], time, body));
            text(&serde_json::from_slice::<Value>(body).unwrap(), "type")
        };
        deliveries.iter().map(kind).collect()
    }
}

struct Shop<'a> {
    sandbox: &'a Sandbox,
    client: Client,
}

impl<'a> Shop<'a> {
    fn at(sandbox: &'a Sandbox) -> Shop<'a> {
        let client = Client::builder().no_proxy().redirect(redirect::Policy::none()).build().unwrap();
        Shop { sandbox, client }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.sandbox.address())
    }

    async fn post(&self, path: &str, key: &str, form: &[(&str, &str)]) -> reqwest::Result<Response> {
        let request = self.client.post(self.url(path)).bearer_auth("sk_test_story").header("Idempotency-Key", key);
        request.form(form).send().await
    }

    async fn get(&self, path: &str) -> Value {
        let request = self.client.get(self.url(path)).bearer_auth("sk_test_story");
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn customer(&self) -> String {
        let answer = self.post("/v1/customers", "customer", &[("email", "ada@example.com")]).await.unwrap();
        text(&answer.json().await.unwrap(), "id")
    }

    async fn checkout(&self, customer: &str) -> String {
        let form = [
            ("mode", "subscription"),
            ("customer", customer),
            ("line_items[0][price]", "price_core"),
            ("line_items[0][quantity]", "1"),
            ("subscription_data[metadata][tier]", "CORE"),
            ("success_url", "http://127.0.0.1:1/thanks?session={CHECKOUT_SESSION_ID}"),
        ];
        text(&self.post("/v1/checkout/sessions", "checkout", &form).await.unwrap().json().await.unwrap(), "id")
    }

    /// Buys a subscription with a card, with more parameters for the session; answers with its id.
    async fn subscribe(&self, number: &str, more: &[(&str, &str)]) -> String {
        let customer = self.customer().await;
        let mut form = vec![
            ("mode", "subscription"),
            ("customer", customer.as_str()),
            ("line_items[0][price]", "price_core"),
            ("line_items[0][quantity]", "1"),
            ("success_url", "http://127.0.0.1:1/thanks"),
        ];
        form.extend(more);
        let session = self.done("/v1/checkout/sessions", &form).await;
        text(&self.sandbox.pay(&text(&session, "id"), number).unwrap(), "subscription")
    }

    /// Posts without a key, and answers with the object.
    async fn done(&self, path: &str, form: &[(&str, &str)]) -> Value {
        let (status, body) = self.answer(path, form).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    async fn answer(&self, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let request = self.client.post(self.url(path)).bearer_auth("sk_test_story");
        let response = request.form(form).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// The types of the events since so many.
    fn types_since(&self, count: usize) -> Vec<String> {
        let events = self.sandbox.events();
        events[count..].iter().map(|event| text(event, "type")).collect()
    }

    async fn pay(&self, session: &str, number: &str) -> Response {
        let request = self.client.post(self.url(&format!("/pay/{session}")));
        request.form(&[("card_number", number)]).send().await.unwrap()
    }
}

const STORY: [&str; 10] = [
    "customer.created",
    "customer.subscription.created",
    "invoice.created",
    "invoice.finalized",
    "charge.succeeded",
    "payment_intent.succeeded",
    "invoice.paid",
    "invoice.payment_succeeded",
    "invoice_payment.paid",
    "checkout.session.completed",
];

#[tokio::test]
async fn a_subscription_is_bought_and_its_events_arrive_signed_and_in_order() {
    let inbox = Inbox::default();
    let sandbox = Sandbox::start(settings(vec![inbox.open().await], None)).await.unwrap();
    let shop = Shop::at(&sandbox);
    let session = shop.checkout(&shop.customer().await).await;

    assert_eq!(shop.pay(&session, "4000000000000002").await.status(), 402);
    let paid = shop.pay(&session, "4242 4242 4242 4242").await;
    assert_eq!(paid.status(), 303);
    assert_eq!(paid.headers()["location"], format!("http://127.0.0.1:1/thanks?session={session}"));
    assert_eq!(shop.pay(&session, "4242424242424242").await.status(), 409);

    tokio::time::timeout(PATIENCE, sandbox.settled()).await.unwrap();
    assert_eq!(inbox.types(), STORY);
    let session = shop.get(&format!("/v1/checkout/sessions/{session}?expand[]=subscription&expand[]=invoice")).await;
    assert_eq!(session["url"], Value::Null);
    assert_eq!(session["subscription"]["status"], "active");
    let line = &session["invoice"]["lines"]["data"][0];
    assert_eq!(line["pricing"]["price_details"]["price"], "price_core");
    assert_eq!(line["period"]["end"], session["subscription"]["items"]["data"][0]["current_period_end"]);
    assert_eq!(session["invoice"]["parent"]["subscription_details"]["metadata"]["tier"], "CORE");
    assert_eq!(shop.get("/v1/events?delivery_success=false").await["data"], Value::Array(Vec::new()));
    sandbox.stop().await;
}

#[tokio::test]
async fn a_restart_forgets_neither_keys_nor_events_that_were_not_delivered() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sandbox.json");
    let nobody = "http://127.0.0.1:1/hook".to_owned();
    let first = Sandbox::start(settings(vec![nobody], Some(&file))).await.unwrap();
    let shop = Shop::at(&first);
    let customer = shop.customer().await;
    let session = shop.checkout(&customer).await;
    first.advance(Duration::from_hours(1)).await;
    first.pay(&session, "4242424242424242").unwrap();
    first.stop().await;

    let inbox = Inbox::default();
    let second = Sandbox::start(settings(vec![inbox.open().await], Some(&file))).await.unwrap();
    tokio::time::timeout(PATIENCE, second.settled()).await.unwrap();
    assert_eq!(inbox.types(), STORY);
    assert_eq!(Shop::at(&second).customer().await, customer);
    assert!(second.clock_offset().load(std::sync::atomic::Ordering::SeqCst) >= 3600);
    second.stop().await;
}

#[tokio::test]
async fn a_reply_that_is_lost_was_done_and_its_key_brings_it_back() {
    let sandbox = Sandbox::start(settings(Vec::new(), None)).await.unwrap();
    let shop = Shop::at(&sandbox);
    let fault = |effect| Fault { method: "POST".to_owned(), path: "/v1/customers".to_owned(), times: 1, effect };
    sandbox.inject(fault(Effect::Drop));
    assert!(shop.post("/v1/customers", "key", &[("name", "Ada")]).await.is_err());
    let again = shop.post("/v1/customers", "key", &[("name", "Ada")]).await.unwrap();
    assert_eq!(again.headers()["idempotent-replayed"], "true");

    sandbox.inject(fault(Effect::Fail { status: 500 }));
    for _ in 0..2 {
        assert_eq!(shop.post("/v1/customers", "other", &[]).await.unwrap().status(), 500);
    }
    sandbox.inject(fault(Effect::Refuse { status: 503 }));
    assert_eq!(shop.post("/v1/customers", "third", &[]).await.unwrap().status(), 503);
    assert_eq!(shop.get("/v1/customers").await["data"].as_array().unwrap().len(), 2);
    assert_eq!(sandbox.requests()["POST /v1/customers"], 5);
}

#[tokio::test]
async fn a_session_lapses_by_the_sandbox_clock() {
    let sandbox = Sandbox::start(settings(Vec::new(), None)).await.unwrap();
    let shop = Shop::at(&sandbox);
    let session = shop.checkout(&shop.customer().await).await;
    sandbox.advance(Duration::from_secs(24 * 3600 + 1)).await;
    assert_eq!(shop.pay(&session, "4242424242424242").await.status(), 410);
    assert!(matches!(sandbox.pay(&session, "4242424242424242"), Err(Error::NotOpen(_))));
    let event = sandbox.events().pop().unwrap();
    assert_eq!(event["type"], "checkout.session.expired");
    assert_eq!(event["created"], event["data"]["object"]["expires_at"]);
}

#[tokio::test]
async fn the_money_of_a_bank_account_comes_later() {
    let sandbox = Sandbox::start(settings(Vec::new(), None)).await.unwrap();
    let shop = Shop::at(&sandbox);
    let form = [
        ("mode", "payment"),
        ("line_items[0][price_data][currency]", "usd"),
        ("line_items[0][price_data][product_data][name]", "Credits"),
        ("line_items[0][price_data][unit_amount]", "20"),
        ("line_items[0][quantity]", "30"),
        ("success_url", "http://127.0.0.1:1/thanks"),
    ];
    let answer = shop.post("/v1/checkout/sessions", "buy", &form).await.unwrap();
    let session = text(&answer.json().await.unwrap(), "id");
    assert_eq!(sandbox.pay(&session, "000123456789").unwrap()["payment_status"], "unpaid");
    assert_eq!(sandbox.settle_delayed(&session, true).unwrap()["payment_status"], "paid");
    assert!(sandbox.settle_delayed(&session, true).is_err());
    assert_eq!(sandbox.events().pop().unwrap()["type"], "checkout.session.async_payment_succeeded");
}

#[tokio::test]
async fn only_loopback_addresses_are_bound() {
    let open = Settings { bind: SocketAddr::from(([0, 0, 0, 0], 0)), ..settings(Vec::new(), None) };
    assert!(matches!(Sandbox::start(open).await, Err(Error::NotLoopback(_))));
}
