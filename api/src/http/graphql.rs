//! `/graphql`: POST for every operation but subscriptions, GET for queries and for the websocket.

use async_graphql::parser::types::OperationType;
use axum::{
    Extension,
    body::Body,
    extract::{Query, State, WebSocketUpgrade, rejection::QueryRejection, ws::rejection::WebSocketUpgradeRejection},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use tracing::Span;

use super::{
    accept::{Form, StreamForm, prefers_page},
    address::Caller,
    answer::answer,
    body,
    connections::Meter,
    events,
    gateway::Gateway,
    multipart,
    parameters::{Parameters, QueryString},
    refusal::Refusal,
    results::AdmittedOperation,
    socket,
    viewer::{authorization, viewer},
};
use crate::{
    auth::Viewer,
    error::Error,
    graphql::{Rejection, RequestId},
};

/// Runs the operation in the body.
pub(super) async fn post(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    if !is_json(&headers) {
        let message = "Send the request as Content-Type: application/json, in UTF-8.";
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_REQUEST", message));
    }
    let form = Form::preferred(&headers).ok_or_else(not_acceptable)?;
    let limit = gateway.app.config.limits.body_bytes;
    let body = body::read(body, limit, gateway.memory.requests.reserve(caller.address)).await?;
    let parameters = Parameters::read(&body)?;
    run(gateway, caller, parameters, &Method::POST, &headers, form).await
}

/// Runs the query in the query string, or opens a socket, or redirects a browser to GraphiQL.
pub(super) async fn get(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    meter: Option<Extension<Meter>>,
    query: Result<Query<QueryString>, QueryRejection>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    if asks_for_websocket(&headers) {
        let upgrade = upgrade.map_err(|rejection| Refusal::bad_request(rejection.body_text()))?;
        let meter = meter.map(|Extension(meter)| meter).unwrap_or_default();
        return socket::open(gateway, caller, meter, &headers, upgrade);
    }
    let Query(query) = query.map_err(|_| Refusal::bad_request("The query string cannot be read."))?;
    let Some(parameters) = query.read()? else {
        return no_query(&gateway, &headers);
    };
    let form = Form::preferred(&headers).ok_or_else(not_acceptable)?;
    run(gateway, caller, parameters, &Method::GET, &headers, form).await
}

async fn run(
    gateway: Gateway,
    Caller { id, address, .. }: Caller,
    parameters: Parameters,
    method: &Method,
    headers: &HeaderMap,
    form: Form,
) -> Result<Response, Refusal> {
    let refuse = |error: Error| Refusal::of(&error, &id);
    let (viewer, bad_token) = match viewer(&gateway.app, authorization(headers)).await {
        Err(error @ Error::Unauthenticated(_)) => (None, Some(error)),
        viewer => (viewer.map_err(refuse)?, None),
    };
    gateway.count(viewer, None).map_err(refuse)?;
    let admitted = gateway.admit(parameters.request(viewer, id.clone()).data(address));
    if let Some(error) = bad_token
        && !admitted.as_ref().is_ok_and(|admitted| admitted.operation.needs_no_token())
    {
        return Err(refuse(error));
    }
    let kind = admitted.as_ref().ok().map(|admitted| admitted.operation.kind());
    match (form, kind) {
        (_, Some(OperationType::Mutation)) if method != Method::POST => {
            let refusal = Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "BAD_REQUEST", "Send mutations by POST.");
            Ok(([(header::ALLOW, "POST")], refusal).into_response())
        }
        (Form::Document(_), Some(OperationType::Subscription)) => {
            let form = StreamForm::named(headers).ok_or_else(|| Refusal::bad_request(NO_STREAM))?;
            Ok(stream(gateway, id, admitted, viewer, form))
        }
        (Form::Stream(form), _) => Ok(stream(gateway, id, admitted, viewer, form)),
        (Form::Document(media_type), _) => match admitted {
            Ok(admitted) => Ok(answer(gateway.execute(admitted.operation).await.map_err(refuse)?, media_type)),
            Err(rejection) => Ok(answer(rejection.into(), media_type)),
        },
    }
}

fn stream(
    gateway: Gateway,
    id: RequestId,
    admitted: Result<AdmittedOperation, Rejection>,
    viewer: Option<Viewer>,
    form: StreamForm,
) -> Response {
    let results = gateway.results(admitted, viewer).in_span(Span::current());
    match form {
        StreamForm::Events => events::answer(gateway, id, results, viewer),
        StreamForm::Multipart => multipart::answer(gateway, id, results, viewer),
    }
}

const NO_STREAM: &str = "Subscriptions require a websocket with the subprotocol graphql-transport-ws, or Accept: \
                         text/event-stream, or Accept: multipart/mixed;subscriptionSpec=1.0.";

fn not_acceptable() -> Refusal {
    let message = "Accept application/graphql-response+json or application/json. No other media types are available.";
    Refusal::new(StatusCode::NOT_ACCEPTABLE, "BAD_REQUEST", message)
}

/// Returns true if a request is to become a websocket. Servers ignore upgrades to protocols that they do not speak (RFC
/// 9110, section 7.8).
fn asks_for_websocket(headers: &HeaderMap) -> bool {
    let protocols = headers.get_all(header::UPGRADE).iter().filter_map(|value| value.to_str().ok());
    protocols.flat_map(|value| value.split(',')).any(|protocol| protocol.trim().eq_ignore_ascii_case("websocket"))
}

fn no_query(gateway: &Gateway, headers: &HeaderMap) -> Result<Response, Refusal> {
    if gateway.pages.graphiql && prefers_page(headers) {
        return Ok(Redirect::to("/graphiql").into_response());
    }
    Err(Refusal::bad_request("Send a query, by POST as JSON or by GET as ?query=."))
}

/// Returns true if the body is declared as JSON, in the encoding of JSON.
fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = content_type.split(';').map(str::trim);
    let utf8 = |part: &str| match part.split_once('=') {
        Some((name, charset)) if name.eq_ignore_ascii_case("charset") => {
            charset.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    };
    parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/json")) && parts.all(utf8)
}
