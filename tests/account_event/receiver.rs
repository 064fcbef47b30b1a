//! A service that receives events. It verifies each signature with an implementation that is not the gateway's.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::{
    net::TcpListener,
    time::{sleep, timeout},
};

/// Time limit for events to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// The way in which the service answers.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Status(u16),
    Redirect(String),
    /// Never, as far as the gateway is concerned.
    Slow,
}

/// An event as it was received.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) id: String,
    pub(super) body: Value,
}

impl Received {
    pub(super) fn kind(&self) -> &str {
        self.body["type"].as_str().unwrap()
    }

    pub(super) fn version(&self) -> i64 {
        self.body["data"]["version"].as_i64().unwrap()
    }

    pub(super) fn user(&self) -> String {
        self.body["data"]["userId"].as_str().unwrap().to_owned()
    }
}

/// The service.
#[derive(Clone)]
pub(super) struct Receiver {
    address: SocketAddr,
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    answer: Answer,
    secret: Option<String>,
    accepted: Vec<Received>,
    attempts: usize,
}

impl Receiver {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let inner = Inner { answer: Answer::Status(204), secret: None, accepted: Vec::new(), attempts: 0 };
        let receiver = Self { address: listener.local_addr().unwrap(), inner: Arc::new(Mutex::new(inner)) };
        let router = Router::new().fallback(receive).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/events", self.address)
    }

    pub(super) fn verifies_with(&self, secret: &Value) {
        self.inner.lock().unwrap().secret = Some(secret.as_str().unwrap().to_owned());
    }

    pub(super) fn answers(&self, answer: Answer) {
        self.inner.lock().unwrap().answer = answer;
    }

    pub(super) fn attempts(&self) -> usize {
        self.inner.lock().unwrap().attempts
    }

    /// What was accepted so far.
    pub(super) fn accepted(&self) -> Vec<Received> {
        self.inner.lock().unwrap().accepted.clone()
    }

    /// Waits until so many events were accepted.
    pub(super) async fn accepts(&self, count: usize) -> Vec<Received> {
        let arrived = async {
            while self.accepted().len() < count {
                sleep(Duration::from_millis(20)).await;
            }
        };
        let accepted = timeout(PATIENCE, arrived).await.map(|()| self.accepted());
        accepted.unwrap_or_else(|_| panic!("{count} events were expected: {:#?}", self.accepted()))
    }

    /// Waits until so many attempts were made.
    pub(super) async fn is_tried(&self, count: usize) {
        let tried = async {
            while self.attempts() < count {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, tried).await.expect("an attempt was expected");
    }
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> Response {
    let answer = {
        let mut inner = receiver.inner.lock().unwrap();
        inner.attempts += 1;
        let secret = inner.secret.clone().unwrap_or_default();
        if Webhook::new(&secret).is_ok_and(|webhook| webhook.verify(&body, &headers).is_err()) {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        let answer = inner.answer.clone();
        if let Answer::Status(200..=299) = answer {
            let id = headers["webhook-id"].to_str().unwrap().to_owned();
            inner.accepted.push(Received { id, body: serde_json::from_slice(&body).unwrap() });
        }
        answer
    };
    match answer {
        Answer::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Answer::Redirect(to) => {
            (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, HeaderValue::from_str(&to).unwrap())]).into_response()
        }
        Answer::Slow => {
            sleep(Duration::from_secs(20)).await;
            StatusCode::NO_CONTENT.into_response()
        }
    }
}
