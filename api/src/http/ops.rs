//! For whoever runs the process: is it alive, may it be sent requests, and how is it doing?

use std::time::Duration;

use axum::{Router, extract::State, http::StatusCode, http::header, response::IntoResponse, routing::get};

use super::Gateway;
use crate::telemetry;

/// How long the database may take to show that it is there.
const TIME: Duration = Duration::from_secs(2);

/// The process is alive.
pub(super) async fn health() -> &'static str {
    "ok"
}

/// The process may be sent requests: the database answers, with every step of this program applied.
pub(super) async fn ready(State(gateway): State<Gateway>) -> (StatusCode, &'static str) {
    if gateway.stop.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping");
    }
    match tokio::time::timeout(TIME, migration::pending(gateway.app.database.read())).await {
        Ok(Ok(0)) => (StatusCode::OK, "ready"),
        Ok(Ok(_)) => (StatusCode::SERVICE_UNAVAILABLE, "the database waits for patch-hive migrate up"),
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer")
        }
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database takes too long"),
    }
}

/// The numbers, by themselves: for an address of their own, which the public does not reach.
pub(super) fn metrics<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/metrics", get(page))
}

/// Prometheus' text format, version 0.0.4.
async fn page() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], telemetry::page())
}
