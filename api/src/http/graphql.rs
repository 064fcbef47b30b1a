//! `/graphql`: POST for every operation but subscriptions, GET for queries and for the websocket.

use async_graphql::{Request as GraphqlRequest, parser::types::OperationType};
use axum::{
    Extension,
    body::Body,
    extract::{Query, State, WebSocketUpgrade, rejection::QueryRejection, ws::rejection::WebSocketUpgradeRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};

use super::{
    Gateway,
    answer::{answer, prefers_page},
    body,
    parameters::{Parameters, QueryString, operation},
    refusal::Refusal,
    socket,
    viewer::{authorization, viewer},
};
use crate::{error::Error, graphql::RequestId};

/// Runs the operation in the body.
pub(super) async fn post(
    State(gateway): State<Gateway>,
    Extension(id): Extension<RequestId>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    if !is_json(&headers) {
        let message = "send the request as Content-Type: application/json";
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_REQUEST", message));
    }
    let body = body::read(body, gateway.app.config.limits.body_bytes).await?;
    let parameters = Parameters::read(&body)?;
    let request = authorised(&gateway, parameters, &headers, id).await?;
    execute(&gateway, request, &headers).await
}

/// Runs the query in the query string, or opens a socket, or leads a person on.
pub(super) async fn get(
    State(gateway): State<Gateway>,
    Extension(id): Extension<RequestId>,
    headers: HeaderMap,
    (query, upgrade): (Result<Query<QueryString>, QueryRejection>, Result<WebSocketUpgrade, WebSocketUpgradeRejection>),
) -> Result<Response, Refusal> {
    if headers.contains_key(header::UPGRADE) {
        let upgrade = upgrade.map_err(|rejection| Refusal::bad_request(rejection.body_text()))?;
        return socket::open(gateway, id, &headers, upgrade);
    }
    let Query(query) = query.map_err(|_| Refusal::bad_request("the query string cannot be read"))?;
    let Some(parameters) = query.read()? else {
        return no_query(&gateway, &headers);
    };
    let mut request = authorised(&gateway, parameters, &headers, id).await?;
    if operation(&mut request) == Some(OperationType::Mutation) {
        let message = "a mutation must come by POST";
        return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "BAD_REQUEST", message));
    }
    execute(&gateway, request, &headers).await
}

async fn authorised(
    gateway: &Gateway,
    parameters: Parameters,
    headers: &HeaderMap,
    id: RequestId,
) -> Result<GraphqlRequest, Refusal> {
    let refuse = |error: Error| Refusal::of(&error, &id);
    let viewer = viewer(&gateway.app, authorization(headers)).await.map_err(refuse)?;
    Ok(parameters.request(viewer, id))
}

async fn execute(gateway: &Gateway, mut request: GraphqlRequest, headers: &HeaderMap) -> Result<Response, Refusal> {
    if operation(&mut request) == Some(OperationType::Subscription) {
        let message = "a subscription needs a websocket: connect here with the subprotocol graphql-transport-ws";
        return Err(Refusal::bad_request(message));
    }
    Ok(answer(gateway.schema.execute(request).await, headers))
}

fn no_query(gateway: &Gateway, headers: &HeaderMap) -> Result<Response, Refusal> {
    if gateway.pages.graphiql && prefers_page(headers) {
        return Ok(Redirect::to("/graphiql").into_response());
    }
    Err(Refusal::bad_request("send a query: by POST as JSON, or by GET as ?query="))
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("application/json")
}
