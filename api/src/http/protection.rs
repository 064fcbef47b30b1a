//! Headers by which browsers protect their users.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

use super::{address, gateway::Gateway};

/// The policy of responses that set none.
const ALWAYS: [(HeaderName, &str); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
];

/// The policy of answers that are not pages: they load nothing. Pages set their own; at least, nobody may frame them.
const NO_PAGE: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
const PAGE: HeaderValue = HeaderValue::from_static("frame-ancestors 'none'");

/// Two years, as browsers' preload lists require. Subdomains are not included, since others may run them.
const HTTPS_ONLY: &str = "max-age=63072000";

/// Adds the headers. `Strict-Transport-Security` is sent over https only.
pub(super) async fn protect(State(gateway): State<Gateway>, request: Request, next: Next) -> Response {
    let https = address::is_https(&gateway, &request);
    let private = request.uri().path() == "/graphql";
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if private {
        // Responses contain tokens and balances.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    add(headers);
    if https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HTTPS_ONLY));
    }
    response
}

/// A response with the headers that every response has.
pub(super) async fn protected(mut response: Response) -> Response {
    add(response.headers_mut());
    response
}

/// Adds the headers that every response has.
pub(super) fn add(headers: &mut HeaderMap) {
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    let page = headers.get(header::CONTENT_TYPE).is_some_and(|content| content.as_bytes().starts_with(b"text/html"));
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(if page { PAGE } else { NO_PAGE });
}
