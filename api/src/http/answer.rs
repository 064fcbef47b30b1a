//! The form of a GraphQL response: its content type and its status, by the GraphQL over HTTP specification.

use super::{accept::MediaType, refusal::Errors};
use async_graphql::{Response as GraphqlResponse, Value};
use async_graphql_axum::GraphQLResponse;
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

/// Returns true if the request was refused before anything ran: its document does not parse, validate or fit the limits.
pub(super) fn refused(response: &GraphqlResponse) -> bool {
    response.is_err() && response.data == Value::Null && response.errors.iter().all(|error| error.path.is_empty())
}

/// Puts a response into the form that the client prefers. With `application/json` the status is always 200; with
/// the newer type it shows a refused request.
pub(super) fn answer(response: GraphqlResponse, media_type: MediaType) -> Response {
    let mut answer = if refused(&response) {
        let status = if media_type == MediaType::Json { StatusCode::OK } else { StatusCode::BAD_REQUEST };
        (status, Json(Errors { errors: response.errors })).into_response()
    } else {
        GraphQLResponse::from(response).into_response()
    };
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type.as_str()));
    answer
}
