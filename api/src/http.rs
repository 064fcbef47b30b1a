//! HTTP: routes, limits, and the frame of every request. Handlers are thin; the results come from other layers.
//!
//! `/graphql` takes POST, GET and the websocket; `/api/payments/webhook` takes Stripe's events. `/healthz` and `/readyz`
//! are for operators, all other paths are pages.

mod accept;
mod address;
mod answer;
mod body;
mod concurrency;
mod connections;
mod cors;
mod events;
mod gateway;
mod graphql;
mod memory;
mod multipart;
mod ops;
mod origin;
mod pages;
mod parameters;
mod protection;
mod readiness;
mod received;
mod refusal;
mod request;
mod results;
mod site;
mod socket;
mod stream;
mod token_end;
mod viewer;
mod webhook;

use std::sync::Arc;

use axum::{
    Router, middleware,
    routing::{get, post},
};
use tokio_util::sync::CancellationToken;

pub use connections::{fit_to_descriptors, serve};
pub use gateway::Pages;
pub use site::Site;

use self::{
    concurrency::ConcurrencyLimit,
    gateway::{Gateway, MemoryBudgets, OpenLimits},
    memory::MemoryBudget,
    readiness::Readiness,
};
use crate::{app::App, graphql::Executor};

/// Bytes that unfinished input of one kind may take.
const MEMORY_BYTES: usize = 32 * 1024 * 1024;

/// Bytes that unfinished input of one kind from one address may take. One input of the allowed size always fits.
const MEMORY_BYTES_PER_ADDRESS: usize = 8 * 1024 * 1024;

fn memory_budget(limit: usize) -> MemoryBudget {
    MemoryBudget::new(MEMORY_BYTES.max(limit), MEMORY_BYTES_PER_ADDRESS.max(limit))
}

/// Builds all routes. Sockets are closed, and `/readyz` fails, once `stop` is cancelled.
pub fn router(app: App, executor: Executor, pages: Pages, stop: CancellationToken) -> Router {
    let limits = &app.config.limits;
    let open = OpenLimits {
        user_sockets: ConcurrencyLimit::new(limits.user_sockets),
        address_sockets: ConcurrencyLimit::new(limits.address_sockets),
        user_subscriptions: ConcurrencyLimit::new(limits.user_subscriptions),
    };
    let memory = MemoryBudgets {
        requests: memory_budget(limits.body_bytes),
        webhooks: memory_budget(limits.webhook_bytes),
        messages: memory_budget(limits.body_bytes),
    };
    let gateway = Gateway {
        app,
        executor,
        pages: Arc::new(pages),
        open: Arc::new(open),
        memory: Arc::new(memory),
        readiness: Readiness::default(),
        stop,
    };
    let config = &gateway.app.config;
    let mut graphql = Router::new()
        .route("/graphql", get(graphql::get).post(graphql::post))
        .method_not_allowed_fallback(refusal::other_method)
        .layer(middleware::from_fn_with_state(gateway.clone(), address::admit));
    if let Some(cors) = cors::layer(&gateway.app) {
        graphql = graphql.layer(cors);
    }
    Router::new()
        .route("/api/payments/webhook", post(webhook::receive))
        .layer(middleware::from_fn_with_state(gateway.clone(), address::admit_webhook))
        .route("/", get(pages::home))
        .route("/graphiql", get(pages::graphiql))
        .method_not_allowed_fallback(refusal::other_method)
        .merge(graphql)
        .fallback(pages::file)
        .layer(middleware::from_fn(request::observe))
        // Probes come every few seconds. They are not worth a line in the log.
        .route("/healthz", get(ops::health))
        .route("/readyz", get(ops::ready))
        .merge(if config.metrics_bind == Some(config.bind) { ops::metrics() } else { Router::new() })
        .layer(middleware::from_fn_with_state(gateway.clone(), protection::protect))
        .with_state(gateway.clone())
}

/// The metrics for Prometheus, if they have an address of their own.
pub fn metrics() -> Router {
    ops::metrics().layer(middleware::map_response(protection::protected))
}
