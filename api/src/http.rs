//! HTTP: routes, limits, and what surrounds every request. Handlers are thin; what they answer is decided elsewhere.
//!
//! `/graphql` takes POST, GET and the websocket; `/api/payments/webhook` takes what Stripe says. `/healthz` and `/readyz`
//! are for whoever runs the process, every other path for people.

mod accept;
mod answer;
mod body;
mod cors;
mod graphql;
mod ops;
mod origin;
mod pages;
mod parameters;
mod refusal;
mod request;
mod site;
mod socket;
mod viewer;
mod webhook;

use std::{sync::Arc, time::Duration};

use axum::{
    Router, middleware,
    routing::{get, post},
    serve::ListenerExt,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use pages::Pages;
pub use site::Site;

use crate::{
    app::App,
    graphql::{BookedAt, Executor},
    telemetry,
};

/// What every handler gets.
#[derive(Clone)]
struct Gateway {
    app: App,
    executor: Executor,
    pages: Arc<Pages>,
    stop: CancellationToken,
}

impl Gateway {
    /// Counts a subscription's result that was written to its client.
    fn pushed(&self, booked: &BookedAt) {
        let delay = booked.take().map(|moment| self.app.clock.now() - moment);
        telemetry::push(delay.and_then(|delay| delay.to_std().ok()));
    }
}

/// Every route. Sockets are closed, and `/readyz` says no, once `stop` is cancelled.
pub fn router(app: App, executor: Executor, pages: Pages, stop: CancellationToken) -> Router {
    let mut graphql = Router::new()
        .route("/graphql", get(graphql::get).post(graphql::post))
        .method_not_allowed_fallback(refusal::other_method);
    if let Some(cors) = cors::layer(&app.config.cors_origins) {
        graphql = graphql.layer(cors);
    }
    Router::new()
        .route("/api/payments/webhook", post(webhook::receive))
        .route("/", get(pages::home))
        .route("/graphiql", get(pages::graphiql))
        .method_not_allowed_fallback(refusal::other_method)
        .merge(graphql)
        .fallback(pages::file)
        .layer(middleware::from_fn(request::observe))
        // Probes come every few seconds: they are not worth a line in the log.
        .route("/healthz", get(ops::health))
        .route("/readyz", get(ops::ready))
        .merge(if app.config.metrics_bind == Some(app.config.bind) { ops::metrics() } else { Router::new() })
        .with_state(Gateway { app, executor, pages: Arc::new(pages), stop })
}

/// The numbers for Prometheus, where they have an address of their own.
pub fn metrics() -> Router {
    ops::metrics()
}

/// Serves until `stop` is cancelled, and then for as long as requests are open, but no longer than `drain`.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken, drain: Duration) {
    // A pushed balance is one small packet that nothing follows: it must not wait to be filled up.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
    });
    let server = axum::serve(listener, router).with_graceful_shutdown(stop.clone().cancelled_owned());
    let patience = async {
        stop.cancelled().await;
        tokio::time::sleep(drain).await;
    };
    tokio::select! {
        ended = server => if let Err(error) = ended { tracing::error!(%error, "no longer serving") },
        () = patience => tracing::warn!("stopped before every request was answered"),
    }
}
