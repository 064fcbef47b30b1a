//! What tests in other processes may ask for, as JSON. `guard` keeps pages of other origins away.

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
    call::Answer,
    delayed_payment,
    dispute::{Outcome, Stage},
    dunning::AfterRetries,
    fault::Fault,
    kind::Kind,
    mishap::DeliveryFault,
    on_request, passing,
    problem::Problem,
    refund,
    store::Store,
    work::{Cause, Work},
};

type Shared = State<Arc<Store>>;

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
pub(super) async fn now(State(store): Shared) -> Json<Value> {
    time(&store)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Advance {
    seconds: u64,
}

/// `POST /sandbox/advance` moves business time forward; answers with the new time.
pub(super) async fn advance(State(store): Shared, Json(advance): Json<Advance>) -> Json<Value> {
    passing::advance(&store, Duration::from_secs(advance.seconds)).await;
    time(&store)
}

/// A fault of a call, or of a delivery.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum AnyFault {
    Call(Fault),
    Delivery(DeliveryFault),
}

/// `POST /sandbox/faults` makes the next matching calls, or deliveries, go wrong.
pub(super) async fn add_fault(State(store): Shared, Json(fault): Json<AnyFault>) -> StatusCode {
    match fault {
        AnyFault::Call(fault) => store.faults.add(fault),
        AnyFault::Delivery(fault) => {
            store.work(Cause::default(), |work| work.state.configured.mishaps.add(fault));
        }
    }
    StatusCode::NO_CONTENT
}

/// `DELETE /sandbox/faults` withdraws those that are still to come.
pub(super) async fn clear_faults(State(store): Shared) -> StatusCode {
    store.faults.clear();
    store.work(Cause::default(), |work| work.state.configured.mishaps.clear());
    StatusCode::NO_CONTENT
}

/// `GET /sandbox/requests` counts the API requests since the start.
pub(super) async fn requests(State(store): Shared) -> Json<BTreeMap<String, u64>> {
    Json(store.requests.counts())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settle {
    arrived: bool,
}

/// `POST /sandbox/sessions/{session}/settle` decides the delayed payment of a checkout session.
pub(super) async fn settle_session(
    State(store): Shared,
    Path(session): Path<String>,
    Json(settle): Json<Settle>,
) -> Result<Json<Value>, Problem> {
    ask(&store, |work| {
        delayed_payment::settle(work, &session, settle.arrived)?;
        work.state.named(Kind::Session, &session)
    })
}

/// `POST /sandbox/payments/{payment}/settle` decides a delayed payment, named by its payment intent or invoice.
pub(super) async fn settle_payment(
    State(store): Shared,
    Path(payment): Path<String>,
    Json(settle): Json<Settle>,
) -> Result<Json<Value>, Problem> {
    ask(&store, |work| delayed_payment::settle(work, &payment, settle.arrived))
}

/// `POST /sandbox/subscriptions/{subscription}/renew` moves time past the next renewal.
pub(super) async fn renew(State(store): Shared, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    on_request::renew(&store, &id).await.map(Json)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CardChange {
    number: String,
}

/// `POST /sandbox/subscriptions/{subscription}/card` puts the card of another test number behind it.
pub(super) async fn change_card(
    State(store): Shared,
    Path(id): Path<String>,
    Json(card): Json<CardChange>,
) -> Result<Json<Value>, Problem> {
    ask(&store, |work| on_request::change_card(work, &id, &card.number))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Times {
    #[serde(default = "once")]
    times: u32,
}

fn once() -> u32 {
    1
}

/// `POST /sandbox/subscriptions/{subscription}/fail_next_payments` with `times`.
pub(super) async fn fail_next_payments(
    State(store): Shared,
    Path(id): Path<String>,
    Json(order): Json<Times>,
) -> Result<Json<Value>, Problem> {
    ask(&store, |work| on_request::fail_next_payments(work, &id, order.times))
}

/// `POST /sandbox/subscriptions/{subscription}/retry_payment` tries to collect its latest invoice.
pub(super) async fn retry_payment(State(store): Shared, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    ask(&store, |work| on_request::retry_payment(work, &id))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Retries {
    then: AfterRetries,
}

/// `POST /sandbox/retries` sets what a subscription comes to after the last one: `cancel`, `unpaid` or `past_due`.
pub(super) async fn set_after_retries(State(store): Shared, Json(retries): Json<Retries>) -> StatusCode {
    store.work(Cause::default(), |work| work.state.after_retries = retries.then);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Payment {
    /// A payment intent or a charge.
    payment: String,
    amount: Option<i64>,
}

/// `POST /sandbox/refunds` refunds a payment.
pub(super) async fn refund(State(store): Shared, Json(order): Json<Payment>) -> Result<Json<Value>, Problem> {
    ask(&store, |work| on_request::refund(work, &order.payment, order.amount))
}

/// `POST /sandbox/refunds/hold` keeps so many of the next refunds pending.
pub(super) async fn hold_refunds(State(store): Shared, Json(order): Json<Times>) -> StatusCode {
    store.work(Cause::default(), |work| work.state.refunds_to_hold = order.times);
    StatusCode::NO_CONTENT
}

/// `POST /sandbox/refunds/{refund}/settle` lets a refund arrive, or fail.
pub(super) async fn settle_refund(
    State(store): Shared,
    Path(id): Path<String>,
    Json(settle): Json<Settle>,
) -> Result<Json<Value>, Problem> {
    ask(&store, |work| refund::settle(work, &id, settle.arrived))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewDispute {
    /// A payment intent or a charge.
    payment: String,
    stage: Stage,
    amount: Option<i64>,
}

/// `POST /sandbox/disputes` opens a dispute.
pub(super) async fn dispute(State(store): Shared, Json(order): Json<NewDispute>) -> Result<Json<Value>, Problem> {
    ask(&store, |work| on_request::dispute(work, &order.payment, order.stage, order.amount))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Proceeding {
    outcome: Outcome,
}

/// `POST /sandbox/disputes/{dispute}` lets it go on.
pub(super) async fn proceed(
    State(store): Shared,
    Path(id): Path<String>,
    Json(proceeding): Json<Proceeding>,
) -> Result<Json<Value>, Problem> {
    ask(&store, |work| on_request::proceed(work, &id, proceeding.outcome))
}

/// `POST /sandbox/objects/{id}/disown` moves an object to another account.
pub(super) async fn disown(State(store): Shared, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    store.work(Cause::default(), |work| on_request::disown(work, &id))?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RateLimit {
    /// Requests a second; 0 for no limit.
    per_second: u32,
}

/// `POST /sandbox/rate_limit` answers requests beyond so many a second with 429.
pub(super) async fn set_rate_limit(State(store): Shared, Json(limit): Json<RateLimit>) -> StatusCode {
    store.rate_limit.set(limit.per_second);
    StatusCode::NO_CONTENT
}

/// `POST /sandbox/events/{event}/deliver` sends an event to every endpoint once more.
pub(super) async fn deliver_again(State(store): Shared, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    store.work(Cause::default(), |work| on_request::deliver_again(work, &id))?;
    Ok(StatusCode::NO_CONTENT)
}
