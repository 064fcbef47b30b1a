//! The frame of every request: an id, a span, a log line, and a response even if the handler panics.

use std::panic::AssertUnwindSafe;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use tokio::time::Instant;
use tracing::{Instrument, field::Empty};

use super::{
    accept::MediaType,
    received,
    refusal::{self, Refusal},
};
use crate::{clock, graphql::RequestId, telemetry};

/// Header of the request id, in requests and responses.
pub(super) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Maximum length of a request id from a client or proxy.
const MAX_ID_BYTES: usize = 64;

/// Gives the request an id and a span, and logs its end.
pub(super) async fn observe(mut request: Request, next: Next) -> Response {
    let id = RequestId(given(request.headers()).unwrap_or_else(clock::random_id).into());
    // The path only: a query string may contain personal data.
    let (method, path) = (request.method(), request.uri().path());
    let span = tracing::info_span!(
        "request",
        request_id = &*id.0,
        %method,
        path,
        user_id = Empty,
        operation_type = Empty,
        operation_name = Empty,
        error_code = Empty,
        otel.name = Empty,
        otel.kind = Empty
    );
    if telemetry::exporting() {
        span.record("otel.name", format!("{method} {path}")).record("otel.kind", "server");
        telemetry::adopt(&span, |name| Some(request.headers().get(name)?.to_str().ok()?.to_owned()));
    }
    request.extensions_mut().insert(id.clone());
    let (request, received) = received::watch(request);
    let mut response = watched(id, request, next).instrument(span).await;
    if !received.is_whole() {
        // The server closes the connection instead of reading the rest. Without this header, a client would send its next
        // request there.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

async fn watched(id: RequestId, request: Request, next: Next) -> Response {
    let (started, media_type) = (Instant::now(), MediaType::preferred(request.headers()));
    let done = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let mut response = done.unwrap_or_else(|_| Refusal::panicked(&id).into_response());
    refusal::negotiate(&mut response, media_type);
    let elapsed_ms = telemetry::milliseconds(started.elapsed());
    tracing::info!(target: telemetry::ACCESS, status = response.status().as_u16(), elapsed_ms, "request");
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

/// Returns the request's own id if it is short and plain enough for the log.
fn given(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(HEADER)?.to_str().ok()?;
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte));
    (plain && (1..=MAX_ID_BYTES).contains(&id.len())).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use axum::{Router, middleware, routing::get};
    use serde_json::Value;
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_answered_with_the_request_id_and_without_its_message() {
        let panics = get(async || -> &'static str { panic!("the secret is 42") });
        let router = Router::new().route("/", panics).layer(middleware::from_fn(observe));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        for _ in 0..2 {
            let response = client.get(&url).header(HEADER, "proxy-7").send().await.unwrap();
            assert_eq!(
                (response.status().as_u16(), &response.headers()[HEADER]),
                (500, &HeaderValue::from_static("proxy-7"))
            );
            let answer: Value = response.json().await.unwrap();
            assert_eq!(
                answer["errors"][0]["extensions"],
                serde_json::json!({ "code": "INTERNAL", "requestId": "proxy-7" })
            );
            assert!(!answer.to_string().contains("42"), "{answer}");
        }
    }
}
