//! Results as a stream of events: the distinct connections mode of the protocol of graphql-sse.
//!
//! Each result is an event `next`, the end of the operation an event `complete`. A stream that breaks off without
//! `complete` is one that its client begins again: when the gateway stops, and when the token ends.

use std::{panic::AssertUnwindSafe, task::Poll};

use async_graphql::Response as GraphqlResponse;
use axum::{
    http::HeaderValue,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::{
    StreamExt,
    future::ready,
    stream::{once, poll_fn},
};

use super::{
    Gateway,
    answer::{Errors, refused},
    refusal::masked,
    results::Results,
};
use crate::{auth::Viewer, graphql::RequestId};

/// Answers with the results as they come; those of a subscription for as long as the token lasts and the gateway does not
/// stop.
pub(super) fn answer(gateway: Gateway, id: RequestId, results: Results, viewer: Option<Viewer>) -> Response {
    let Results { stream, push } = results;
    let keep_alive = KeepAlive::new().interval(gateway.app.config.limits.keep_alive);
    let (stop, expiry, watches) = (gateway.stop.clone(), gateway.expiry(viewer), push.is_some());
    let over = async move {
        tokio::select! {
            () = stop.cancelled(), if watches => {}
            () = expiry, if watches => {}
            else => std::future::pending().await,
        }
    };
    let next = AssertUnwindSafe(stream).catch_unwind().map(move |result| {
        let result = result.unwrap_or_else(|_| GraphqlResponse::from_errors(vec![masked(&id)]));
        let event = Event::default().event("next");
        if refused(&result) {
            (event.json_data(Errors { errors: result.errors }), None)
        } else {
            (event.json_data(result), push.clone())
        }
    });
    // The next event is only asked for once the connection has taken this one: it counts as pushed then.
    let next = next.flat_map(move |(event, push)| {
        let gateway = gateway.clone();
        let count = poll_fn(move |_| {
            if let Some(booked) = &push {
                gateway.pushed(booked);
            }
            Poll::Ready(None)
        });
        once(ready(event)).chain(count)
    });
    let complete = once(ready(Ok(Event::default().event("complete").data(""))));
    let events = next.chain(complete).take_until(over);
    let mut answer = Sse::new(events).keep_alive(keep_alive).into_response();
    // Proxies such as nginx would gather events until there are enough of them.
    answer.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    answer
}
