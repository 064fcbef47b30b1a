//! A service that receives events, and verifies each signature. (`tests/clients` has one in another language.)

use std::{
    collections::BTreeSet,
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
pub(crate) enum Answer {
    Status(u16),
    Redirect(String),
    /// Accepts after a time.
    After(Duration),
}

/// An event as it was received.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) id: String,
    pub(crate) body: Value,
}

impl Received {
    pub(crate) fn kind(&self) -> &str {
        self.body["type"].as_str().unwrap()
    }

    pub(crate) fn version(&self) -> i64 {
        self.body["data"]["version"].as_i64().unwrap()
    }

    pub(crate) fn user(&self) -> String {
        self.body["data"]["userId"].as_str().unwrap().to_owned()
    }
}

/// The service.
#[derive(Clone)]
pub(crate) struct Receiver {
    address: SocketAddr,
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    answer: Answer,
    secret: Option<String>,
    accepted: Vec<Received>,
    attempts: usize,
    /// A user whose events are refused.
    refused: Option<String>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let inner =
            Inner { answer: Answer::Status(204), secret: None, accepted: Vec::new(), attempts: 0, refused: None };
        let receiver = Self { address: listener.local_addr().unwrap(), inner: Arc::new(Mutex::new(inner)) };
        let router = Router::new().fallback(receive).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/events", self.address)
    }

    pub(crate) fn verifies_with(&self, secret: &Value) {
        self.inner.lock().unwrap().secret = Some(secret.as_str().unwrap().to_owned());
    }

    pub(crate) fn answers(&self, answer: Answer) {
        self.inner.lock().unwrap().answer = answer;
    }

    /// Refuses the events of a user.
    pub(crate) fn refuses(&self, user: &str) {
        self.inner.lock().unwrap().refused = Some(user.to_owned());
    }

    pub(crate) fn attempts(&self) -> usize {
        self.inner.lock().unwrap().attempts
    }

    /// The events that were accepted so far.
    pub(crate) fn accepted(&self) -> Vec<Received> {
        self.inner.lock().unwrap().accepted.clone()
    }

    /// Waits until so many events were accepted.
    pub(crate) async fn accepts(&self, count: usize) -> Vec<Received> {
        let arrived = async {
            while self.accepted().len() < count {
                sleep(Duration::from_millis(20)).await;
            }
        };
        let accepted = timeout(PATIENCE, arrived).await.map(|()| self.accepted());
        accepted.unwrap_or_else(|_| panic!("{count} events were expected: {:#?}", self.accepted()))
    }

    /// Waits until so many different events were accepted: one whose response was lost is sent again.
    pub(crate) async fn accepts_different(&self, count: usize) {
        let different = || self.accepted().into_iter().map(|event| event.id).collect::<BTreeSet<_>>().len();
        let arrived = async {
            while different() < count {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, arrived).await.unwrap_or_else(|_| panic!("{count} events were expected"));
    }

    fn answer(&self, event: Received, status: StatusCode) -> Response {
        let mut inner = self.inner.lock().unwrap();
        if inner.refused.as_ref().is_some_and(|refused| *refused == event.user()) {
            return StatusCode::BAD_REQUEST.into_response();
        }
        if status.is_success() {
            inner.accepted.push(event);
        }
        status.into_response()
    }

    /// Waits until so many attempts were made.
    pub(crate) async fn is_tried(&self, count: usize) {
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
        inner.answer.clone()
    };
    let id = headers["webhook-id"].to_str().unwrap().to_owned();
    let event = Received { id, body: serde_json::from_slice(&body).unwrap() };
    match answer {
        Answer::Status(status) => receiver.answer(event, StatusCode::from_u16(status).unwrap()),
        Answer::Redirect(to) => {
            (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, HeaderValue::from_str(&to).unwrap())]).into_response()
        }
        Answer::After(time) => {
            sleep(time).await;
            receiver.answer(event, StatusCode::NO_CONTENT)
        }
    }
}
