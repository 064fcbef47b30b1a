//! Results as the parts of one body: the multipart protocol by which Apollo's clients subscribe over plain HTTP.
//!
//! Each result is a part `{"payload": ...}`, and an empty part now and then keeps the connection open. Clients read a part
//! once the boundary behind it has come, so it is sent with the part.
//! <https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol>

use std::{convert::Infallible, pin::Pin};

use async_graphql::Response as GraphqlResponse;
use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures_util::{
    Stream, StreamExt,
    future::ready,
    stream::{once, unfold},
};
use serde::Serialize;
use tokio::time::{Instant, Interval, interval_at};

use super::{
    answer::refused,
    gateway::Gateway,
    refusal::Errors,
    results::Results,
    stream::{Step, steps},
};
use crate::{auth::Viewer, graphql::RequestId};

const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("multipart/mixed;boundary=\"graphql\";subscriptionSpec=1.0");

/// An empty part.
const HEARTBEAT: &str = "{}";

/// A result in the form of a part.
#[derive(Serialize)]
struct Part<T> {
    payload: T,
}

/// The parts to come.
struct Parts<S> {
    steps: Pin<Box<S>>,
    heartbeat: Interval,
    ended: bool,
}

/// Answers with the results as they come.
pub(super) fn answer(gateway: Gateway, id: RequestId, results: Results, viewer: Option<Viewer>) -> Response {
    let every = gateway.app.config.limits.keep_alive;
    let heartbeat = interval_at(Instant::now() + every, every);
    let parts = Parts { steps: Box::pin(steps(gateway, id, results, viewer)), heartbeat, ended: false };
    let parts = unfold(parts, |mut parts| async { Some((parts.next().await?, parts)) });
    let body = once(ready("\r\n--graphql".to_owned())).chain(parts);
    let body = Body::from_stream(body.map(|text| Ok::<_, Infallible>(Bytes::from(text))));
    let mut answer = body.into_response();
    answer.headers_mut().insert(header::CONTENT_TYPE, CONTENT_TYPE);
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // Proxies such as nginx would otherwise buffer parts.
    answer.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    answer
}

impl<S: Stream<Item = Step>> Parts<S> {
    /// The next part with the boundary behind it. `None` when the body ends or breaks off.
    async fn next(&mut self) -> Option<String> {
        if self.ended {
            return None;
        }
        let content = tokio::select! {
            step = self.steps.next() => match step? {
                Step::Result(result) => content(result)?,
                Step::Complete => {
                    self.ended = true;
                    return Some("--\r\n".to_owned());
                }
            },
            _ = self.heartbeat.tick() => HEARTBEAT.to_owned(),
        };
        Some(format!("\r\ncontent-type: application/json\r\n\r\n{content}\r\n--graphql"))
    }
}

fn content(result: GraphqlResponse) -> Option<String> {
    let written = if refused(&result) {
        serde_json::to_string(&Part { payload: Errors { errors: result.errors } })
    } else {
        serde_json::to_string(&Part { payload: result })
    };
    written.inspect_err(|error| tracing::error!(%error, "a part cannot be written")).ok()
}
