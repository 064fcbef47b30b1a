//! The control interface below `/sandbox`: JSON requests of other processes. `guard` refuses pages of other origins.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    billing::{delayed_payment, time},
    calls::actions,
    resources::{
        dispute::{Outcome, Stage},
        refund,
    },
    store::{
        Store,
        delivery_fault::DeliveryFault,
        fault::Fault,
        kind::Kind,
        problem::{Answer, Problem},
        settings::{AfterRetries, Tax},
        work::{Cause, Work},
    },
};

type SharedStore = State<Arc<Store>>;

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self.body())).into_response()
    }
}

fn ask(store: &Store, act: impl FnOnce(&mut Work<'_>) -> Answer) -> Result<Json<Value>, Problem> {
    store.work(Cause::default(), act).map(Json)
}

fn time(store: &Store) -> Json<Value> {
    Json(json!({ "now": store.clock.now(), "offset_seconds": store.clock.offset_seconds() }))
}

/// `GET /sandbox/now`: business time.
pub(crate) async fn now(State(store): SharedStore) -> Json<Value> {
    time(&store)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Advance {
    seconds: u64,
}

/// `POST /sandbox/advance` moves business time forward, and returns the new time.
pub(crate) async fn advance(State(store): SharedStore, Json(advance): Json<Advance>) -> Json<Value> {
    time::advance(&store, Duration::from_secs(advance.seconds)).await;
    time(&store)
}

/// A fault of a call, or of a delivery.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum AnyFault {
    Call(Fault),
    Delivery(DeliveryFault),
}

/// `POST /sandbox/faults` makes the next matching calls, or deliveries, go wrong.
pub(crate) async fn add_fault(State(store): SharedStore, Json(fault): Json<AnyFault>) -> StatusCode {
    match fault {
        AnyFault::Call(fault) => store.faults.add(fault),
        AnyFault::Delivery(fault) => {
            store.work(Cause::default(), |work| work.state.webhooks.delivery_faults.add(fault));
        }
    }
    StatusCode::NO_CONTENT
}

/// `DELETE /sandbox/faults` removes all faults that are not used up.
pub(crate) async fn clear_faults(State(store): SharedStore) -> StatusCode {
    store.faults.clear();
    store.work(Cause::default(), |work| work.state.webhooks.delivery_faults.clear());
    StatusCode::NO_CONTENT
}

/// `GET /sandbox/requests` counts the API requests since the start.
pub(crate) async fn requests(State(store): SharedStore) -> Json<BTreeMap<String, u64>> {
    Json(store.requests.counts())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settle {
    arrived: bool,
}

/// `POST /sandbox/sessions/{session}/settle` completes the delayed payment of a checkout session, as succeeded or failed.
pub(crate) async fn settle_session(
    State(store): SharedStore,
    Path(session): Path<String>,
    Json(settle): Json<Settle>,
) -> Result<Json<Value>, Problem> {
    ask(&store, |work| {
        delayed_payment::settle(work, &session, settle.arrived)?;
        work.state.named(Kind::Session, &session)
    })
}

/// `POST /sandbox/payments/{payment}/settle` completes a delayed payment, named by its payment intent or invoice.
pub(crate) async fn settle_payment(
    State(store): SharedStore,
    Path(payment): Path<String>,
    Json(settle): Json<Settle>,
) -> Result<Json<Value>, Problem> {
    ask(&store, |work| delayed_payment::settle(work, &payment, settle.arrived))
}

/// `POST /sandbox/subscriptions/{subscription}/renew` moves time past the next renewal.
pub(crate) async fn renew(State(store): SharedStore, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    actions::renew(&store, &id).await.map(Json)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CardChange {
    number: String,
}

/// `POST /sandbox/subscriptions/{subscription}/card` changes the card or bank account.
pub(crate) async fn change_card(
    State(store): SharedStore,
    Path(id): Path<String>,
    Json(card): Json<CardChange>,
) -> Result<Json<Value>, Problem> {
    ask(&store, |work| actions::change_card(work, &id, &card.number))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Times {
    #[serde(default = "once")]
    times: u32,
}

fn once() -> u32 {
    1
}

/// `POST /sandbox/subscriptions/{subscription}/fail_next_payments` with `times`.
pub(crate) async fn fail_next_payments(
    State(store): SharedStore,
    Path(id): Path<String>,
    Json(order): Json<Times>,
) -> Result<Json<Value>, Problem> {
    ask(&store, |work| actions::fail_next_payments(work, &id, order.times))
}

/// `POST /sandbox/subscriptions/{subscription}/retry_payment` tries to collect its latest invoice.
pub(crate) async fn retry_payment(State(store): SharedStore, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    ask(&store, |work| actions::retry_payment(work, &id))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Retries {
    then: AfterRetries,
}

/// `POST /sandbox/retries` sets the outcome for a subscription after the last failed retry: `cancel`, `unpaid` or `past_due`.
pub(crate) async fn set_after_retries(State(store): SharedStore, Json(retries): Json<Retries>) -> StatusCode {
    store.work(Cause::default(), |work| work.state.after_retries = retries.then);
    StatusCode::NO_CONTENT
}

/// `POST /sandbox/tax` sets the rate of Stripe Tax, whether prices include it, and whether it is set up.
pub(crate) async fn set_tax(State(store): SharedStore, Json(tax): Json<Tax>) -> Result<StatusCode, Problem> {
    if tax.percent > 100 {
        return Err(Problem::malformed("`percent` must be at most 100."));
    }
    store.work(Cause::default(), |work| work.state.tax = tax);
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Payment {
    /// A payment intent or a charge.
    payment: String,
    amount: Option<i64>,
}

/// `POST /sandbox/refunds` refunds a payment.
pub(crate) async fn refund(State(store): SharedStore, Json(order): Json<Payment>) -> Result<Json<Value>, Problem> {
    ask(&store, |work| actions::refund(work, &order.payment, order.amount))
}

/// `POST /sandbox/refunds/hold` keeps the next `times` refunds pending.
pub(crate) async fn hold_refunds(State(store): SharedStore, Json(order): Json<Times>) -> StatusCode {
    store.work(Cause::default(), |work| work.state.refunds_to_hold = order.times);
    StatusCode::NO_CONTENT
}

/// `POST /sandbox/refunds/{refund}/settle` makes a refund succeed or fail.
pub(crate) async fn settle_refund(
    State(store): SharedStore,
    Path(id): Path<String>,
    Json(settle): Json<Settle>,
) -> Result<Json<Value>, Problem> {
    ask(&store, |work| refund::settle(work, &id, settle.arrived))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDispute {
    /// A payment intent or a charge.
    payment: String,
    stage: Stage,
    amount: Option<i64>,
}

/// `POST /sandbox/disputes` opens a dispute.
pub(crate) async fn dispute(State(store): SharedStore, Json(order): Json<NewDispute>) -> Result<Json<Value>, Problem> {
    ask(&store, |work| actions::dispute(work, &order.payment, order.stage, order.amount))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proceeding {
    outcome: Outcome,
}

/// `POST /sandbox/disputes/{dispute}` continues a dispute.
pub(crate) async fn proceed(
    State(store): SharedStore,
    Path(id): Path<String>,
    Json(proceeding): Json<Proceeding>,
) -> Result<Json<Value>, Problem> {
    ask(&store, |work| actions::proceed(work, &id, proceeding.outcome))
}

/// `POST /sandbox/objects/{id}/disown` moves an object to another account.
pub(crate) async fn disown(State(store): SharedStore, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    store.work(Cause::default(), |work| actions::disown(work, &id))?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RateLimit {
    /// Requests per second; 0 for no limit.
    per_second: u32,
}

/// `POST /sandbox/rate_limit` answers requests beyond `per_second` with 429.
pub(crate) async fn set_rate_limit(State(store): SharedStore, Json(limit): Json<RateLimit>) -> StatusCode {
    store.rate_limit.set(limit.per_second);
    StatusCode::NO_CONTENT
}

/// `POST /sandbox/events/{event}/deliver` sends an event to every endpoint once more.
pub(crate) async fn deliver_again(State(store): SharedStore, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    store.work(Cause::default(), |work| actions::deliver_again(work, &id))?;
    Ok(StatusCode::NO_CONTENT)
}
