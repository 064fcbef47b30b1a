//! `POST /api/payments/webhook`: what Stripe says, settled before it is answered.

use axum::{
    Extension, Json,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{Gateway, body, refusal::Refusal};
use crate::{
    error::Error,
    graphql::RequestId,
    settle::{self, Receipt},
    stripe::signature,
};

/// Takes an event. 200 says that it is stored; 4xx that it never will be; 5xx that Stripe shall send it again.
pub(super) async fn receive(
    State(Gateway { app, .. }): State<Gateway>,
    Extension(id): Extension<RequestId>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let refuse = |error: Error| Refusal::of(&error, &id);
    let secrets = &app.payments().map_err(refuse)?.webhook_secrets;
    let body = body::read(body, app.config.limits.webhook_bytes).await?;
    let header = headers.get("stripe-signature").and_then(|value| value.to_str().ok());
    let header = header.ok_or_else(|| Refusal::bad_request("there is no Stripe-Signature header"))?;
    signature::verify(&body, header, secrets, app.clock.wall()).map_err(|error| {
        tracing::warn!(%error, "webhook refused");
        Refusal::bad_request(error.to_string())
    })?;
    // In a task of its own: a sender that hangs up does not take back what is half settled.
    let gateway = app.clone();
    let settled = app.finish(async move { Ok(settle::receive(&gateway, &body).await) }).await.map_err(refuse)?;
    match settled {
        Ok(receipt) => Ok(received(receipt)),
        Err(settle::Refusal::Unreadable(reason)) => Err(Refusal::bad_request(reason)),
        Err(settle::Refusal::Ours(error)) => Err(refuse(error)),
    }
}

fn received(receipt: Receipt) -> Response {
    (StatusCode::OK, Json(json!({ "received": true, "outcome": receipt.word() }))).into_response()
}
