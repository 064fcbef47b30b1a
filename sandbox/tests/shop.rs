//! Shared by the tests: a shop that uses the sandbox as a client of Stripe does, and an endpoint that receives its webhooks.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Bytes, http::HeaderMap, routing::post};
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::{Client, Response, redirect};
use sandbox::{Sandbox, Settings};
use serde_json::Value;
use sha2::Sha256;
use tokio::net::TcpListener;

pub(crate) const SECRET: &str = "whsec_shop";
/// The form of a session that sells credits for 600 cents.
pub(crate) const CREDITS: [(&str, &str); 6] = [
    ("mode", "payment"),
    ("line_items[0][price_data][currency]", "usd"),
    ("line_items[0][price_data][product_data][name]", "Credits"),
    ("line_items[0][price_data][unit_amount]", "20"),
    ("line_items[0][quantity]", "30"),
    ("success_url", "http://127.0.0.1:1/thanks"),
];

/// A change of plan waits for its payment.
pub(crate) const WAITING: (&str, &str) = ("payment_behavior", "pending_if_incomplete");

pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// The form of a checkout of CORE.
pub(crate) fn checkout_of_core(customer: &str) -> [(&str, &str); 5] {
    [
        ("mode", "subscription"),
        ("customer", customer),
        ("line_items[0][price]", "price_core"),
        ("line_items[0][quantity]", "1"),
        ("success_url", "http://127.0.0.1:1/thanks"),
    ]
}

pub(crate) fn settings(webhook_urls: Vec<String>, state_file: Option<&Path>) -> Settings {
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
pub(crate) struct Inbox {
    pub(crate) deliveries: Arc<Mutex<Vec<(String, Bytes)>>>,
}

impl Inbox {
    pub(crate) async fn open(&self) -> String {
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
    pub(crate) fn types(&self) -> Vec<String> {
        let deliveries = self.deliveries.lock().unwrap();
        let kind = |(given, body): &(String, Bytes)| {
            let time = given.strip_prefix("t=").unwrap().split_once(',').unwrap().0.parse().unwrap();
            assert_eq!(*given, signature(&[SECRET], time, body));
            text(&serde_json::from_slice::<Value>(body).unwrap(), "type")
        };
        deliveries.iter().map(kind).collect()
    }
}

pub(crate) struct Shop<'a> {
    pub(crate) sandbox: &'a Sandbox,
    pub(crate) client: Client,
}

impl<'a> Shop<'a> {
    pub(crate) fn at(sandbox: &'a Sandbox) -> Shop<'a> {
        let client = Client::builder().no_proxy().redirect(redirect::Policy::none()).build().unwrap();
        Shop { sandbox, client }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.sandbox.address())
    }

    pub(crate) async fn post(&self, path: &str, key: &str, form: &[(&str, &str)]) -> reqwest::Result<Response> {
        let request = self.client.post(self.url(path)).bearer_auth("sk_test_shop").header("Idempotency-Key", key);
        request.form(form).send().await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let request = self.client.get(self.url(path)).bearer_auth("sk_test_shop");
        request.send().await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn customer(&self) -> String {
        let answer = self.post("/v1/customers", "customer", &[("email", "ada@example.com")]).await.unwrap();
        text(&answer.json().await.unwrap(), "id")
    }

    pub(crate) async fn checkout(&self, customer: &str) -> String {
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
    pub(crate) async fn subscribe(&self, number: &str, more: &[(&str, &str)]) -> String {
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

    /// Changes a subscription to Pro, and charges the difference at once, with more parameters; answers with the status and
    /// the body.
    pub(crate) async fn change_to_pro(&self, subscription: &str, more: &[(&str, &str)]) -> (u16, Value) {
        let item = text(&self.sandbox.object(subscription).unwrap()["items"]["data"][0], "id");
        let form = [
            ("items[0][id]", item.as_str()),
            ("items[0][price]", "price_pro"),
            ("proration_behavior", "always_invoice"),
        ];
        self.answer(&format!("/v1/subscriptions/{subscription}"), &[&form[..], more].concat()).await
    }

    /// Posts without a key, and answers with the object.
    pub(crate) async fn done(&self, path: &str, form: &[(&str, &str)]) -> Value {
        let (status, body) = self.answer(path, form).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub(crate) async fn answer(&self, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let request = self.client.post(self.url(path)).bearer_auth("sk_test_shop");
        let response = request.form(form).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// The types of the events since so many.
    pub(crate) fn types_since(&self, count: usize) -> Vec<String> {
        let events = self.sandbox.events();
        events[count..].iter().map(|event| text(event, "type")).collect()
    }

    pub(crate) async fn pay(&self, session: &str, number: &str) -> Response {
        let request = self.client.post(self.url(&format!("/pay/{session}")));
        request.form(&[("card_number", number)]).send().await.unwrap()
    }
}

/// The `Stripe-Signature` header that these secrets make, computed independently of the sandbox.
pub(crate) fn signature(secrets: &[&str], time: i64, body: &[u8]) -> String {
    let one = |secret: &&str| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{time}.").as_bytes());
        mac.update(body);
        format!(",v1={}", hex::encode(mac.finalize().into_bytes()))
    };
    format!("t={time}{}", secrets.iter().map(one).collect::<String>())
}

/// A text field of an object, empty when it is missing or null.
pub(crate) fn text(object: &Value, field: &str) -> String {
    object[field].as_str().unwrap_or_default().to_owned()
}
