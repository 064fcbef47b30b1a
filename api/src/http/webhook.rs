//! `POST /api/payments/webhook`: receives events of Stripe, and applies them before the response.

use axum::{
    Extension, Json,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{address::Caller, body, gateway::Gateway, refusal::Refusal};
use crate::{
    error::Error,
    stripe::signature::{self, SignatureError},
    sync::{self, Receipt},
};

/// Receives an event. The status is 200 if it is stored, 4xx if it never will be, and 5xx if Stripe is to send it again.
pub(super) async fn receive(
    State(Gateway { app, memory, .. }): State<Gateway>,
    Extension(Caller { id, address, .. }): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let refuse = |error: Error| Refusal::of(&error, &id);
    let secrets = &app.payments().map_err(refuse)?.webhook_secrets;
    let header = headers.get("stripe-signature").and_then(|value| value.to_str().ok());
    let header = header.ok_or_else(|| Refusal::bad_request("The Stripe-Signature header is missing."))?;
    let unauthentic = |error: SignatureError| {
        tracing::warn!(%error, "webhook refused");
        Refusal::bad_request(error.to_string())
    };
    // Before the body is read: a sender that does not even pretend to be Stripe gets no memory.
    signature::check_form(header).map_err(unauthentic)?;
    let body = body::read(body, app.config.limits.webhook_bytes, memory.webhooks.reserve(address)).await?;
    signature::verify(&body, header, secrets, app.clock.wall()).map_err(unauthentic)?;
    // In its own task, so that a sender that hangs up does not interrupt it.
    let gateway = app.background();
    let receipt = app.finish(async move { Ok(sync::receive(&gateway, &body).await) }).await.map_err(refuse)?;
    match receipt {
        Ok(receipt) => Ok(received(receipt)),
        Err(sync::Refusal::Unreadable(reason)) => Err(Refusal::bad_request(reason)),
        Err(sync::Refusal::Ours(error)) => Err(refuse(error)),
    }
}

fn received(receipt: Receipt) -> Response {
    (StatusCode::OK, Json(json!({ "received": true, "outcome": receipt.word() }))).into_response()
}
