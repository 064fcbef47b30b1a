//! Operations on their way, whatever they came by: within their time, and no more of them than a user may have.

use async_graphql::{
    Request as GraphqlRequest, Response as GraphqlResponse, ServerError, Value, parser::types::OperationType,
};
use futures_util::{
    StreamExt,
    future::ready,
    stream::{BoxStream, once, poll_fn},
};
use tokio::time::{Instant, timeout};
use tracing::Span;

use super::{Gateway, refusal};
use crate::{
    auth::Viewer,
    error::Error,
    graphql::{BookedAt, Operation, Rejection},
    telemetry,
    throttle::Address,
};

/// An operation that may run.
pub(super) struct Admitted {
    pub(super) operation: Operation,
    booked: BookedAt,
}

/// What an operation yields.
pub(super) struct Results {
    /// Each as it comes. It may panic.
    pub(super) stream: BoxStream<'static, GraphqlResponse>,
    /// Of a subscription: when that was booked which the last one tells.
    pub(super) push: Option<BookedAt>,
}

/// Logs the end of an operation over a websocket, when its results are dropped.
struct Logged {
    span: Span,
    started: Instant,
}

impl Drop for Logged {
    fn drop(&mut self) {
        let elapsed_ms = telemetry::milliseconds(self.started.elapsed());
        self.span.in_scope(|| tracing::info!(target: telemetry::ACCESS, elapsed_ms, "operation"));
    }
}

impl Results {
    /// Yields the results inside of a span, and logs the end of the operation.
    pub(super) fn in_span(self, span: Span) -> Self {
        let Self { mut stream, push } = self;
        let logged = Logged { span, started: Instant::now() };
        let stream = poll_fn(move |context| logged.span.in_scope(|| stream.poll_next_unpin(context)));
        Self { stream: stream.boxed(), push }
    }

    fn one(stream: impl Future<Output = GraphqlResponse> + Send + 'static) -> Self {
        Self { stream: once(stream).boxed(), push: None }
    }

    pub(super) fn refused(error: ServerError) -> Self {
        if let Some(Value::String(code)) = error.extensions.as_ref().and_then(|extensions| extensions.get("code")) {
            telemetry::record_error(code);
        }
        Self::one(ready(GraphqlResponse::from_errors(vec![error])))
    }
}

impl Gateway {
    /// Runs a query or a mutation.
    ///
    /// # Errors
    /// [`Error::TooSlow`]. What was asked of Stripe goes on.
    pub(super) async fn execute(&self, operation: Operation) -> Result<GraphqlResponse, Error> {
        let time = self.app.config.limits.operation;
        timeout(time, self.executor.execute(operation)).await.map_err(|_| {
            telemetry::rejected("timeout");
            Error::TooSlow
        })
    }

    /// Looks a document over.
    ///
    /// # Errors
    /// [`Rejection`].
    pub(super) fn admit(&self, request: GraphqlRequest) -> Result<Admitted, Rejection> {
        let booked = BookedAt::default();
        let operation = self.executor.admit(request.data(booked.clone()))?;
        Ok(Admitted { operation, booked })
    }

    /// Runs any operation.
    pub(super) fn results(&self, admitted: Result<Admitted, Rejection>, viewer: Option<Viewer>) -> Results {
        let Admitted { operation, booked } = match admitted {
            Ok(admitted) => admitted,
            Err(rejection) => return Results::one(ready(rejection.into())),
        };
        if operation.kind() != OperationType::Subscription {
            let gateway = self.clone();
            return Results::one(async move {
                let outcome = gateway.execute(operation).await;
                outcome.unwrap_or_else(|error| GraphqlResponse::from_errors(vec![refusal::graphql_error(&error)]))
            });
        }
        let permit = viewer.map(|viewer| self.open.user_subscriptions.acquire(viewer.user_id));
        if let Some(None) = permit {
            telemetry::rejected("subscriptions");
            return Results::refused(refusal::coded("RATE_LIMITED", "too many subscriptions are open: end some first"));
        }
        // The permit lasts as long as the stream.
        let stream = self.executor.stream(operation).map(move |result| {
            let _ = &permit;
            result
        });
        Results { stream: stream.boxed(), push: Some(booked) }
    }

    /// Counts one more operation of the viewer's, and one from this address where nobody else has.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub(super) fn count(&self, viewer: Option<Viewer>, address: Option<Address>) -> Result<(), Error> {
        let throttle = &self.app.throttle;
        address.map_or(Ok(()), |address| throttle.address(address))?;
        viewer.map_or(Ok(()), |viewer| throttle.user(viewer.user_id))
    }

    /// Counts a subscription's result that was written to its client.
    pub(super) fn pushed(&self, booked: &BookedAt) {
        let delay = booked.take().map(|moment| self.app.clock.now() - moment);
        telemetry::push(delay.and_then(|delay| delay.to_std().ok()));
    }
}
