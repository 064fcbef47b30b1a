//! Results as a stream of events: the distinct connections mode of the protocol of graphql-sse.
//!
//! Each result is an event `next`, the end of the operation an event `complete`.

use axum::{
    http::HeaderValue,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::StreamExt;

use super::{
    answer::refused,
    gateway::Gateway,
    refusal::Errors,
    results::Results,
    stream::{Step, steps},
};
use crate::{auth::Viewer, graphql::RequestId};

/// Answers with the results as they come.
pub(super) fn answer(gateway: Gateway, id: RequestId, results: Results, viewer: Option<Viewer>) -> Response {
    let keep_alive = KeepAlive::new().interval(gateway.app.config.limits.keep_alive);
    let events = steps(gateway, id, results, viewer).map(|step| {
        let next = Event::default().event("next");
        match step {
            Step::Result(result) if refused(&result) => next.json_data(Errors { errors: result.errors }),
            Step::Result(result) => next.json_data(result),
            Step::Complete => Ok(Event::default().event("complete").data("")),
        }
    });
    let mut answer = Sse::new(events).keep_alive(keep_alive).into_response();
    // Proxies such as nginx would otherwise buffer events.
    answer.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    answer
}
