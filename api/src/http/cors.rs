//! Cross-origin requests from browsers.

use std::time::Duration;

use axum::http::{Method, header};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use super::{origin, request};
use crate::app::App;

/// Time for which a browser may cache the answer to a preflight.
const MAX_AGE: Duration = Duration::from_hours(1);

/// Answers preflights for the origins that may call; `None` if there are none besides the gateway's own.
pub(super) fn layer(app: &App) -> Option<CorsLayer> {
    if app.config.cors_origins.is_empty() && !app.config.loopback_origins {
        return None;
    }
    let app = app.clone();
    // No cookie is ever read, so credentials stay off, and any header may come along: clients send names of their own.
    let cors = CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin, _| origin::may_call(&app.config, origin)))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([request::HEADER, header::RETRY_AFTER])
        .max_age(MAX_AGE);
    Some(cors)
}
