//! Carries async-stripe's requests over HTTP. async-stripe's own client opens a connection for each call and drops the
//! response headers, `Retry-After` among them; this one keeps connections and reads the errors in full.

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, StatusCode,
    body::Bytes,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, Error as ClientError, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use serde::Deserialize;
use stripe::IdempotencyKey;
use stripe_client_core::{CustomizedStripeRequest, RequestBuilder, StripeClient, StripeClientErr, StripeMethod};
use tokio::time::Instant;

use super::{API_VERSION, Failure, Settings, refusal::Refusal, retry::Attempt};
use crate::telemetry;

/// The time that an idle connection is kept: less than Stripe keeps its side open.
const IDLE: Duration = Duration::from_secs(20);

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const STRIPE_VERSION: HeaderName = HeaderName::from_static("stripe-version");

/// An HTTP client with the secret key. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Transport {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    /// Marked as sensitive, so that its debug form hides the key.
    authorization: HeaderValue,
    /// Ends with a slash.
    api_base: String,
    /// Limits one attempt, its reply included.
    timeout: Duration,
}

impl Transport {
    /// A client of the API at `api_base`, which ends with a slash; nothing is called yet.
    ///
    /// # Errors
    /// [`Failure::Settings`] where the key cannot be sent as a header.
    pub(super) fn new(settings: &Settings, api_base: String) -> Result<Self, Failure> {
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", settings.secret_key))
            .map_err(|_| Failure::Settings("the secret key contains invalid characters".to_owned()))?;
        authorization.set_sensitive(true);
        let connector = HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Ok(Self { client, authorization, api_base, timeout: settings.timeout })
    }

    fn request(&self, request: RequestBuilder, key: Option<&str>) -> Result<Request<Full<Bytes>>, Attempt> {
        let query = request.query.map(|query| format!("?{query}")).unwrap_or_default();
        let method = match request.method {
            StripeMethod::Get => Method::GET,
            StripeMethod::Post => Method::POST,
            StripeMethod::Delete => Method::DELETE,
        };
        let mut builder = Request::builder()
            .method(method)
            .uri(format!("{}v1{}{query}", self.api_base, request.path))
            .header(AUTHORIZATION, self.authorization.clone())
            .header(USER_AGENT, concat!("patch-hive/", env!("CARGO_PKG_VERSION")))
            .header(STRIPE_VERSION, API_VERSION);
        if let Some(key) = key {
            builder = builder.header(IDEMPOTENCY_KEY, key);
        }
        if request.body.is_some() {
            builder = builder.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let body = Full::new(Bytes::from(request.body.unwrap_or_default()));
        builder.body(body).map_err(|error| Attempt::last(Failure::Settings(error.to_string())))
    }

    async fn attempt(&self, request: Request<Full<Bytes>>) -> Result<Bytes, Attempt> {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let started = Instant::now();
        let response = self.client.request(request).await.map_err(|error| not_sent(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.into_body().collect().await;
        log(&method, &path, status, &headers, started.elapsed());
        let body = body.map_err(|error| Attempt::again(Failure::unknown(error.to_string())))?.to_bytes();
        if status.is_success() { Ok(body) } else { Err(refused(status, &headers, &body)) }
    }
}

impl StripeClient for Transport {
    type Err = Attempt;

    async fn execute(&self, request: CustomizedStripeRequest) -> Result<Bytes, Attempt> {
        let (request, options) = request.into_pieces();
        let key = options.request_strategy.and_then(|strategy| strategy.get_key());
        let request = self.request(request, key.as_ref().map(IdempotencyKey::as_str))?;
        tokio::time::timeout(self.timeout, self.attempt(request))
            .await
            .unwrap_or_else(|_| Err(Attempt::again(Failure::unknown("timed out"))))
    }
}

impl StripeClientErr for Attempt {
    /// A success whose reply is not JSON stays so however often it is requested.
    fn deserialize_err(message: impl std::fmt::Display) -> Self {
        Self::last(Failure::unknown(message.to_string()))
    }
}

/// Logs a call with Stripe's own id of the request, by which Stripe's support and dashboard find it. Successful
/// reads are frequent and logged at debug level. Stripe documentation: "Request IDs".
fn log(method: &Method, path: &str, status: StatusCode, headers: &HeaderMap, elapsed: Duration) {
    let stripe_request_id = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let (status, elapsed_ms) = (status.as_u16(), telemetry::milliseconds(elapsed));
    if *method == Method::GET && status < 400 {
        tracing::debug!(%method, path, status, stripe_request_id, elapsed_ms, "call to Stripe");
    } else {
        tracing::info!(%method, path, status, stripe_request_id, elapsed_ms, "call to Stripe");
    }
}

fn not_sent(error: &ClientError) -> Attempt {
    let message = error.to_string();
    Attempt::again(if error.is_connect() { Failure::Unreachable { message } } else { Failure::unknown(message) })
}

/// The body of an error. Stripe documentation: "Errors".
#[derive(Deserialize)]
struct ErrorBody {
    error: ErrorFields,
}

#[derive(Deserialize)]
struct ErrorFields {
    #[serde(rename = "type")]
    kind: String,
    code: Option<String>,
    param: Option<String>,
    decline_code: Option<String>,
    message: Option<String>,
}

/// The wait after a 429 without `Retry-After`: rate limits count calls per second.
const RATE_LIMITED: Duration = Duration::from_secs(1);

/// Reads an error. 409, 424, 429 and 5xx are transient. Stripe documentation: "Advanced error handling".
fn refused(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Attempt {
    let status = status.as_u16();
    let retry_after = retry_after(headers).or_else(|| (status == 429).then_some(RATE_LIMITED));
    let Ok(ErrorBody { error }) = serde_json::from_slice(body) else {
        // A proxy's page, for instance.
        return Attempt::again(Failure::unknown(format!("status {status} without a Stripe error"))).after(retry_after);
    };
    if error.kind == "idempotency_error" && status == 400 {
        return Attempt::last(Failure::Broken { status, code: error.code });
    }
    if status >= 500 {
        return Attempt::again(Failure::Broken { status, code: error.code }).after(retry_after);
    }
    if matches!(status, 409 | 424 | 429) || status < 400 {
        let code = error.code.as_deref().unwrap_or("none");
        return Attempt::again(Failure::unknown(format!("status {status}, code {code}"))).after(retry_after);
    }
    let ErrorFields { code, param, decline_code, message, .. } = error;
    let message = message.unwrap_or_default();
    Attempt::last(Refusal { status, code, param, decline_code, message }.into())
}

/// `Retry-After` in seconds, the only form that Stripe sends.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok().map(Duration::from_secs)
}
