//! Results as a stream of events: the distinct connections mode of the protocol of graphql-sse.
//!
//! Each result is an event `next`, the end of the operation an event `complete`. A stream that breaks off without
//! `complete` is one that its client begins again: when the gateway stops, and when the token ends.

use axum::{
    http::HeaderValue,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::{StreamExt, future::ready, stream::once};

use super::{
    Gateway,
    answer::{Errors, refused},
    results::Results,
};
use crate::auth::Viewer;

/// Answers with the results as they come, for as long as the token lasts and the gateway does not stop.
pub(super) fn answer(gateway: Gateway, Results { stream, push }: Results, viewer: Option<Viewer>) -> Response {
    let keep_alive = KeepAlive::new().interval(gateway.app.config.limits.keep_alive);
    let (stop, expiry) = (gateway.stop.clone(), gateway.expiry(viewer));
    let over = async move {
        tokio::select! {
            () = stop.cancelled() => {}
            () = expiry => {}
        }
    };
    let next = stream.map(move |result| {
        if let Some(booked) = &push {
            gateway.pushed(booked);
        }
        let event = Event::default().event("next");
        if refused(&result) { event.json_data(Errors { errors: result.errors }) } else { event.json_data(result) }
    });
    let complete = once(ready(Ok(Event::default().event("complete").data(""))));
    let events = next.chain(complete).take_until(over);
    let mut answer = Sse::new(events).keep_alive(keep_alive).into_response();
    // Proxies such as nginx would gather events until there are enough of them.
    answer.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    answer
}
