//! The sandbox's HTTP side: Stripe's API, the hosted pages, and what tests in other processes may ask for.
//!
//! `/v1/...` is Stripe's API, whose map is `routes`. `/` is the dashboard, `/pay/...`, `/portal/...` and `/invoice/...` are what
//! customers see. `/sandbox/...` takes and gives JSON:
//!
//! | request | body | what it does |
//! |---|---|---|
//! | `GET now`, `GET requests` | | business time; counts of API requests |
//! | `POST advance` | `{"seconds": 3600}` | moves business time forward |
//! | `POST faults` | a `Fault` or a `DeliveryFault` | makes the next calls or deliveries go wrong; `DELETE` withdraws |
//! | `POST retries` | `{"then": "cancel"}` | also `unpaid`, `past_due`: what follows the last retry of a payment |
//! | `POST sessions/{id}/settle` | `{"arrived": true}` | the money of a delayed payment |
//! | `POST payments/{id}/settle` | `{"arrived": true}` | the same, by payment intent or invoice |
//! | `POST subscriptions/{id}/renew` | | moves time past the next renewal |
//! | `POST subscriptions/{id}/card` | `{"number": "4242..."}` | another card |
//! | `POST subscriptions/{id}/fail_next_payments` | `{"times": 1}` | whatever the card says |
//! | `POST subscriptions/{id}/retry_payment` | | collects the latest invoice now |
//! | `POST refunds` | `{"payment": "pi_..", "amount": 100}` | refunds all that is left, or an amount |
//! | `POST refunds/hold` | `{"times": 1}` | the next refunds stay pending |
//! | `POST refunds/{id}/settle` | `{"arrived": false}` | a refund arrives, or fails |
//! | `POST disputes` | `{"payment": "pi_..", "stage": "inquiry"}` | or `chargeback`, with an `amount` if not over all |
//! | `POST disputes/{id}` | `{"outcome": "won"}` | also `lost`, `under_review`, `escalated`, `warning_closed` |
//! | `POST objects/{id}/disown` | | the object belongs to another account: calls do not find it |
//! | `POST rate_limit` | `{"per_second": 25}` | requests beyond are answered with 429 and `Retry-After`; 0 for no limit |
//! | `POST events/{id}/deliver` | | sends it to every endpoint once more |

mod api;
mod auth;
mod control;
mod dashboard;
mod form_fields;
mod guard;
mod html;
mod invoice_page;
mod pay_page;
mod portal_page;
mod reply;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{any, get, post},
};

use crate::store::Store;

const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Everything that is served.
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
        .route("/pay/{session}", get(pay_page::show).post(pay_page::pay))
        .route("/portal/{session}", get(portal_page::show).post(portal_page::act))
        .route("/invoice/{invoice}", get(invoice_page::show).post(invoice_page::pay))
}

fn controls() -> Router<Arc<Store>> {
    Router::new()
        .route("/sandbox/now", get(control::now))
        .route("/sandbox/advance", post(control::advance))
        .route("/sandbox/faults", post(control::add_fault).delete(control::clear_faults))
        .route("/sandbox/requests", get(control::requests))
        .route("/sandbox/retries", post(control::set_after_retries))
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
