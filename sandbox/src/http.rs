//! The HTTP server: Stripe's API, the pages, and the control interface.
//!
//! `/v1/...` is Stripe's API, whose routes are in `routes`. `/` is the dashboard; customers see `/pay/...`,
//! `/portal/...`, `/invoice/...` and `/authenticate/...`. `/sandbox/...` is the control interface, which takes and returns JSON; `reference`
//! lists its requests.

pub(crate) mod api;
pub(crate) mod auth;
pub(crate) mod control;
pub(crate) mod guard;
pub(crate) mod pages;
pub(crate) mod pdf;
pub(crate) mod reply;
pub(crate) mod routes;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{any, get, post},
};

use self::pages::{authentication, dashboard, invoice, pay, portal};
use crate::store::Store;

const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Builds all routes.
pub(crate) fn router(store: Arc<Store>) -> Router {
    pages()
        .merge(controls())
        .route("/v1/{*path}", any(api::serve))
        .layer(middleware::from_fn(guard::local_only))
        .route("/healthz", get(async || "ok"))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(store)
}

fn pages() -> Router<Arc<Store>> {
    Router::new()
        .route("/", get(dashboard::show).post(dashboard::act))
        .route("/dashboard.js", get(dashboard::script))
        .route("/object/{id}", get(dashboard::object))
        .route("/pay/{session}", get(pay::show).post(pay::pay))
        .route("/portal/{session}", get(portal::show).post(portal::act))
        .route("/invoice/{invoice}", get(invoice::show).post(invoice::pay))
        .route("/invoice/{invoice}/pdf", get(invoice::download))
        .route("/authenticate/{intent}", get(authentication::show).post(authentication::act))
}

fn controls() -> Router<Arc<Store>> {
    Router::new()
        .route("/sandbox/now", get(control::now))
        .route("/sandbox/advance", post(control::advance))
        .route("/sandbox/faults", post(control::add_fault).delete(control::clear_faults))
        .route("/sandbox/requests", get(control::requests))
        .route("/sandbox/retries", post(control::set_after_retries))
        .route("/sandbox/tax", post(control::set_tax))
        .route("/sandbox/sessions/{session}/settle", post(control::settle_session))
        .route("/sandbox/payments/{payment}/settle", post(control::settle_payment))
        .route("/sandbox/subscriptions/{subscription}/renew", post(control::renew))
        .route("/sandbox/subscriptions/{subscription}/card", post(control::change_card))
        .route("/sandbox/subscriptions/{subscription}/fail_next_payments", post(control::fail_next_payments))
        .route("/sandbox/subscriptions/{subscription}/retry_payment", post(control::retry_payment))
        .route("/sandbox/refunds", post(control::refund))
        .route("/sandbox/refunds/hold", post(control::hold_refunds))
        .route("/sandbox/refunds/{refund}/settle", post(control::settle_refund))
        .route("/sandbox/disputes", post(control::dispute))
        .route("/sandbox/disputes/{dispute}", post(control::proceed))
        .route("/sandbox/objects/{id}/disown", post(control::disown))
        .route("/sandbox/rate_limit", post(control::set_rate_limit))
        .route("/sandbox/events/{event}/deliver", post(control::deliver_again))
}
