//! Health, readiness and metrics, for operators.

use axum::{Router, extract::State, http::StatusCode, http::header, response::IntoResponse, routing::get};

use super::gateway::Gateway;
use crate::telemetry;

/// Reports that the process is alive.
pub(super) async fn health() -> &'static str {
    "ok"
}

/// Reports that the process can serve requests: it can read and write the database, and every migration of this program is
/// applied.
pub(super) async fn ready(State(gateway): State<Gateway>) -> (StatusCode, &'static str) {
    if gateway.stop.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping");
    }
    match gateway.readiness.check(&gateway.app).await {
        Ok(()) => (StatusCode::OK, "ready"),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, reason),
    }
}

/// The metrics alone, for an address that the public does not reach.
pub(super) fn metrics<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/metrics", get(page))
}

/// Prometheus' text format, version 0.0.4.
async fn page() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], telemetry::page())
}
