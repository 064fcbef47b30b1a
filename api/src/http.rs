//! HTTP: routes, limits, and what surrounds every request. Handlers are thin; what they answer is decided elsewhere.
//!
//! `/graphql` takes POST, GET and the websocket; `/api/payments/webhook` takes what Stripe says. `/healthz` and `/readyz`
//! are for whoever runs the process, every other path for people.

mod accept;
mod address;
mod answer;
mod body;
mod connections;
mod cors;
mod events;
mod graphql;
mod ops;
mod origin;
mod pages;
mod parameters;
mod protection;
mod refusal;
mod request;
mod results;
mod seats;
mod site;
mod socket;
mod viewer;
mod webhook;

use std::sync::Arc;

use axum::{
    Router, middleware,
    routing::{get, post},
};
use tokio_util::sync::CancellationToken;

pub use connections::serve;
pub use pages::Pages;
pub use site::Site;

use self::seats::Seats;
use crate::{app::App, graphql::Executor, throttle::Address};

/// What every handler gets.
#[derive(Clone)]
struct Gateway {
    app: App,
    executor: Executor,
    pages: Arc<Pages>,
    seating: Arc<Seating>,
    stop: CancellationToken,
}

/// What callers may have open at once.
struct Seating {
    user_sockets: Seats<i64>,
    address_sockets: Seats<Address>,
    user_subscriptions: Seats<i64>,
}

/// Every route. Sockets are closed, and `/readyz` says no, once `stop` is cancelled.
pub fn router(app: App, executor: Executor, pages: Pages, stop: CancellationToken) -> Router {
    let limits = &app.config.limits;
    let seating = Seating {
        user_sockets: Seats::new(limits.user_sockets),
        address_sockets: Seats::new(limits.address_sockets),
        user_subscriptions: Seats::new(limits.user_subscriptions),
    };
    let gateway = Gateway { app, executor, pages: Arc::new(pages), seating: Arc::new(seating), stop };
    let config = &gateway.app.config;
    let mut graphql = Router::new()
        .route("/graphql", get(graphql::get).post(graphql::post))
        .method_not_allowed_fallback(refusal::other_method)
        .layer(middleware::from_fn_with_state(gateway.clone(), address::admit));
    if let Some(cors) = cors::layer(&config.cors_origins) {
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
        .layer(middleware::from_fn_with_state(gateway.clone(), protection::protect))
        // Probes come every few seconds: they are not worth a line in the log.
        .route("/healthz", get(ops::health))
        .route("/readyz", get(ops::ready))
        .merge(if config.metrics_bind == Some(config.bind) { ops::metrics() } else { Router::new() })
        .with_state(gateway.clone())
}

/// The numbers for Prometheus, where they have an address of their own.
pub fn metrics() -> Router {
    ops::metrics()
}
