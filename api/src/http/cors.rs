//! Which other origins' pages may call. None, unless some are configured.

use std::time::Duration;

use axum::http::{HeaderValue, Method, header};
use tower_http::cors::{AllowHeaders, CorsLayer};

use super::request;

/// How long a browser may remember the answer to a preflight.
const MAX_AGE: Duration = Duration::from_hours(1);

/// Answers preflights for the configured origins; `None` when there are none.
pub(super) fn layer(origins: &[String]) -> Option<CorsLayer> {
    let origins: Vec<HeaderValue> = origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect();
    if origins.is_empty() {
        return None;
    }
    // No cookie is ever read, so credentials stay off, and any header may come along: clients send names of their own.
    let cors = CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([request::HEADER, header::RETRY_AFTER])
        .max_age(MAX_AGE);
    Some(cors)
}
