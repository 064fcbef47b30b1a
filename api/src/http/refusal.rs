//! Refusals of requests, as GraphQL clients read them: `{"errors": [...]}` with a code, and no cause.

use async_graphql::{ErrorExtensionValues, ServerError};
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::accept::MediaType;
use crate::{error::Error, graphql::RequestId, telemetry};

/// The body of a refusal: errors without data, not even null.
#[derive(Serialize)]
pub(super) struct Errors {
    /// At least one.
    pub(super) errors: Vec<ServerError>,
}

/// Marks the response to a refused request, whose media type is negotiated like that of a result.
#[derive(Clone, Copy)]
pub(super) struct Refused;

/// A response that ends a request before its GraphQL is read.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    error: Box<ServerError>,
    /// Seconds.
    retry_after: Option<u64>,
}

impl Refusal {
    /// Creates a refusal with a status, a code for programs and a human-readable sentence.
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, error: Box::new(coded(code, message)), retry_after: None }
    }

    /// The request cannot be understood.
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
    }

    /// The refusal that an error of a use case leads to. The cause of an internal error goes to the log only.
    pub(super) fn of(error: &Error, id: &RequestId) -> Self {
        let status = match error {
            Error::Unauthenticated(_) | Error::WrongCredentials => StatusCode::UNAUTHORIZED,
            Error::Forbidden(_) => StatusCode::FORBIDDEN,
            Error::NotFound(_) => StatusCode::NOT_FOUND,
            Error::Conflict | Error::AlreadyExists(_) | Error::KeyReused => StatusCode::CONFLICT,
            Error::BadInput(_) => StatusCode::BAD_REQUEST,
            Error::RateLimited(_) | Error::TooManyCheckouts(_) => StatusCode::TOO_MANY_REQUESTS,
            Error::TooSlow => StatusCode::GATEWAY_TIMEOUT,
            Error::StripeDisabled | Error::MailDisabled | Error::StripeUnavailable | Error::Unavailable(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Error::Internal(_) | Error::StripeRefused(_) | Error::Unreadable(_) => return Self::internal(error, id),
        };
        if let Error::Unavailable(cause) = error {
            tracing::error!(%cause, "a request failed");
        }
        Self { retry_after: error.retry_after(), ..Self::new(status, error.code(), error.to_string()) }
    }

    /// The caller has opened as many of a kind as is allowed.
    pub(super) fn too_many(message: &'static str) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", message)
    }

    /// Too many bytes of unfinished requests are in memory.
    pub(super) fn busy() -> Self {
        let message = "The server is receiving too many requests. Retry in a moment.";
        Self { retry_after: Some(1), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", message) }
    }

    /// The limit of connections is reached; this one was accepted for probes only.
    pub(super) fn server_full() -> Self {
        let message = "The server has too many open connections. Retry in a moment.";
        Self { retry_after: Some(5), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", message) }
    }

    fn internal(cause: &Error, id: &RequestId) -> Self {
        tracing::error!(%cause, "a request failed");
        Self::panicked(id)
    }

    /// The handler panicked. The panic itself is in the log already.
    pub(super) fn panicked(id: &RequestId) -> Self {
        let error = Box::new(masked(id));
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, code: "INTERNAL", error, retry_after: None }
    }
}

/// Gives the response to a refused request the media type that the client prefers. Some clients read its body as GraphQL only
/// by the newer one.
pub(super) fn negotiate(response: &mut Response, preferred: Option<MediaType>) {
    if preferred == Some(MediaType::Graphql) && response.extensions().get::<Refused>().is_some() {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(MediaType::Graphql.as_str()));
    }
}

/// An error with a code for programs and a human-readable sentence.
pub(super) fn coded(code: &str, message: impl Into<String>) -> ServerError {
    let mut error = ServerError::new(message, None);
    error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("code", code);
    error
}

/// An error of a use case, as an error of GraphQL.
pub(super) fn graphql_error(error: &Error) -> ServerError {
    let mut graphql = coded(error.code(), error.to_string());
    if let Some(seconds) = error.retry_after() {
        graphql.extensions.get_or_insert_with(ErrorExtensionValues::default).set("retryAfter", seconds);
    }
    graphql
}

/// An internal error, as clients see it.
pub(super) fn masked(RequestId(id): &RequestId) -> ServerError {
    let message = "An internal error occurred. Report the request id to support.";
    let mut error = coded("INTERNAL", message);
    error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("requestId", &**id);
    error
}

impl IntoResponse for Refusal {
    fn into_response(mut self) -> Response {
        telemetry::record_error(self.code);
        // The limit that was reached has counted the refusal under its own name.
        if self.retry_after.is_none() && self.status != StatusCode::GATEWAY_TIMEOUT {
            telemetry::rejected(self.code);
        }
        if let Some(seconds) = self.retry_after {
            self.error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("retryAfter", seconds);
        }
        let mut response = (self.status, Json(Errors { errors: vec![*self.error] })).into_response();
        response.extensions_mut().insert(Refused);
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Answers every path that does not exist.
pub(super) fn nothing_here() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "NOT_FOUND", "This path does not exist. The API is at /graphql.")
}

/// Answers every method that a path does not support. The router lists the supported ones in `Allow`.
pub(super) async fn other_method() -> Refusal {
    Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "BAD_REQUEST",
        "This path does not support the method. The header Allow lists those that it supports.",
    )
}
