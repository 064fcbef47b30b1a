//! Sends events over HTTP: to the addresses that were checked, without following redirects, and with limits on time and size.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Request, StatusCode,
    body::Bytes,
    header::{CONTENT_TYPE, USER_AGENT},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP};
use tokio::time::{Instant, timeout, timeout_at};

use super::{
    signature::sign,
    target::{Resolver, parse},
};

/// Time limit from the start of an attempt to the status of its response.
const LIMIT: Duration = Duration::from_secs(5);

/// Time for which a connection is kept idle.
const IDLE: Duration = Duration::from_secs(20);

/// Bytes of a response that are read, so that its connection can be used again. Nothing depends on them.
const MAX_RESPONSE: usize = 16 * 1024;

/// Maximum length of a reason in characters.
const MAX_REASON: usize = 300;

/// Time limit for reading these bytes.
const READ: Duration = Duration::from_millis(500);

/// The message of one attempt.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// The id of the event, the same in each attempt.
    pub id: &'a str,
    /// The time of the attempt, in seconds since 1970.
    pub timestamp: i64,
    /// The body.
    pub body: &'a str,
}

/// A failed attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The status of the response, if there was one.
    pub status: Option<u16>,
    /// The reason, for operators.
    pub reason: String,
}

impl Failure {
    /// Returns true if the endpoint wants no more events.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.status == Some(StatusCode::GONE.as_u16())
    }

    fn of(reason: impl Into<String>) -> Self {
        Self { status: None, reason: reason.into() }
    }
}

/// The HTTP client of events. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sender {
    client: Client<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>,
    allow_special: bool,
}

impl Sender {
    /// A client; nothing is sent yet. `allow_special` allows http, and addresses that are not public.
    #[must_use]
    pub fn new(allow_special: bool) -> Self {
        let mut http = HttpConnector::new_with_resolver(Resolver { allow_special });
        http.enforce_http(false);
        http.set_connect_timeout(Some(LIMIT));
        let connector = HttpsConnectorBuilder::new().with_webpki_roots();
        let connector = if allow_special { connector.https_or_http() } else { connector.https_only() };
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .pool_timer(TokioTimer::new())
            .build(connector.enable_http1().wrap_connector(http));
        Self { client, allow_special }
    }

    /// Sends a message once, and returns the status of the response, which is any 2xx.
    ///
    /// # Errors
    /// [`Failure`]. The endpoint may have received the message nevertheless.
    pub async fn send(&self, url: &str, secret: &str, message: Message<'_>) -> Result<u16, Failure> {
        let request = self.request(url, secret, message)?;
        let end = Instant::now() + LIMIT;
        let response = timeout_at(end, self.client.request(request)).await;
        let response = response.map_err(|_| Failure::of(format!("no response within {} s", LIMIT.as_secs())))?;
        let response = response.map_err(|error| Failure::of(describe(&error)))?;
        let status = response.status();
        // A body that is longer, or that does not arrive, costs the connection and nothing else.
        timeout(READ, Limited::new(response.into_body(), MAX_RESPONSE).collect()).await.ok();
        if status.is_success() {
            return Ok(status.as_u16());
        }
        let reason = if status.is_redirection() {
            format!("status {status}; redirects are not followed")
        } else {
            format!("status {status}")
        };
        Err(Failure { status: Some(status.as_u16()), reason })
    }

    fn request(&self, url: &str, secret: &str, message: Message<'_>) -> Result<Request<Full<Bytes>>, Failure> {
        // Addresses in URLs are not resolved, so they are checked here.
        let url = parse(url, self.allow_special).map_err(|error| Failure::of(error.to_string()))?;
        let Message { id, timestamp, body } = message;
        let signature = sign(secret, id, timestamp, body).ok_or_else(|| Failure::of("the secret is not valid"))?;
        Request::post(url.as_str())
            .header(USER_AGENT, concat!("patch-hive/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_TYPE, "application/json")
            .header(HEADER_WEBHOOK_ID, id)
            .header(HEADER_WEBHOOK_TIMESTAMP, timestamp)
            .header(HEADER_WEBHOOK_SIGNATURE, signature)
            .body(Full::new(Bytes::from(body.to_owned())))
            .map_err(|error| Failure::of(error.to_string()))
    }
}

/// An error with its causes, as far as they fit: the error itself says only that the connection failed.
fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    // The causes may contain what the endpoint sent, such as the names of its certificate.
    text.chars().take(MAX_REASON).collect()
}
