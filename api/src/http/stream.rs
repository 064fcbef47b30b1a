//! The results of an operation, one after the other, until it has ended, the token ends or the gateway stops. Clients
//! repeat the operation of a stream that breaks off without [`Step::Complete`].

use std::{panic::AssertUnwindSafe, task::Poll};

use async_graphql::Response as GraphqlResponse;
use futures_util::{
    Stream, StreamExt,
    future::ready,
    stream::{once, poll_fn},
};

use super::{answer::refused, gateway::Gateway, refusal::masked, results::Results, token_end::token_ended};
use crate::{auth::Viewer, graphql::RequestId};

/// The next thing to be sent.
#[expect(clippy::large_enum_variant, reason = "each is written at once, and none is kept")]
pub(super) enum Step {
    /// A result.
    Result(GraphqlResponse),
    /// The operation has ended.
    Complete,
}

/// The steps of an operation. Those of a subscription end with the token and with the gateway.
pub(super) fn steps(
    gateway: Gateway,
    id: RequestId,
    results: Results,
    viewer: Option<Viewer>,
) -> impl Stream<Item = Step> + Send + use<> {
    let Results { stream, push } = results;
    let (stop, ended, watches) = (gateway.stop.clone(), token_ended(gateway.app.clone(), viewer), push.is_some());
    let over = async move {
        tokio::select! {
            () = stop.cancelled(), if watches => {}
            _ = ended, if watches => {}
            else => std::future::pending().await,
        }
    };
    let results = AssertUnwindSafe(stream)
        .catch_unwind()
        .map(move |result| result.unwrap_or_else(|_| GraphqlResponse::from_errors(vec![masked(&id)])));
    // The next step is requested once the connection has taken this one: only then does it count as pushed.
    let steps = results.flat_map(move |result| {
        let gateway = gateway.clone();
        let push = if refused(&result) { None } else { push.clone() };
        let count = poll_fn(move |_| {
            if let Some(posted_at) = &push {
                gateway.pushed(posted_at);
            }
            Poll::Ready(None)
        });
        once(ready(Step::Result(result))).chain(count)
    });
    steps.chain(once(ready(Step::Complete))).take_until(over)
}
