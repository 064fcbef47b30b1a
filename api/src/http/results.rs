//! Running operations of any transport: their time limit, and the number that a user may have.

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

use super::{gateway::Gateway, refusal};
use crate::{
    auth::Viewer,
    error::Error,
    graphql::{Operation, PostedAt, Rejection},
    telemetry,
    throttle::Address,
};

/// An operation that may run.
pub(super) struct AdmittedOperation {
    pub(super) operation: Operation,
    posted_at: PostedAt,
}

/// The results of an operation.
pub(super) struct Results {
    /// The results as they come. The stream may panic.
    pub(super) stream: BoxStream<'static, GraphqlResponse>,
    /// For a subscription: when the change in the last result was posted.
    pub(super) push: Option<PostedAt>,
}

/// Logs the end of an operation over a websocket or in a stream, when its results are dropped.
struct OperationLog {
    span: Span,
    started: Instant,
}

impl Drop for OperationLog {
    fn drop(&mut self) {
        let elapsed_ms = telemetry::milliseconds(self.started.elapsed());
        self.span.in_scope(|| tracing::info!(target: telemetry::ACCESS, elapsed_ms, "operation"));
    }
}

impl Results {
    /// Yields the results inside of a span, and logs the end of the operation.
    pub(super) fn in_span(self, span: Span) -> Self {
        let Self { mut stream, push } = self;
        let logged = OperationLog { span, started: Instant::now() };
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
    /// [`Error::TooSlow`]. Calls to Stripe go on.
    pub(super) async fn execute(&self, operation: Operation) -> Result<GraphqlResponse, Error> {
        let time = self.app.config.limits.operation;
        timeout(time, self.executor.execute(operation)).await.map_err(|_| {
            telemetry::rejected("timeout");
            Error::TooSlow
        })
    }

    /// Admits a request through the firewall.
    ///
    /// # Errors
    /// [`Rejection`].
    pub(super) fn admit(&self, request: GraphqlRequest) -> Result<AdmittedOperation, Rejection> {
        let posted_at = PostedAt::default();
        let operation = self.executor.admit(request.data(posted_at.clone()))?;
        Ok(AdmittedOperation { operation, posted_at })
    }

    /// Runs any operation.
    pub(super) fn results(&self, admitted: Result<AdmittedOperation, Rejection>, viewer: Option<Viewer>) -> Results {
        let AdmittedOperation { operation, posted_at } = match admitted {
            Ok(admitted) => admitted,
            Err(rejection) => return Results::one(ready(rejection.into())),
        };
        if operation.kind() != OperationType::Subscription {
            let gateway = self.clone();
            return Results::one(async move {
                let outcome = gateway.execute(operation).await;
                outcome.unwrap_or_else(|error| {
                    telemetry::record_error(error.code());
                    GraphqlResponse::from_errors(vec![refusal::graphql_error(&error)])
                })
            });
        }
        let permit = viewer.map(|viewer| self.open.user_subscriptions.acquire(viewer.user_id));
        if let Some(None) = permit {
            telemetry::rejected("subscriptions");
            return Results::refused(refusal::coded(
                "RATE_LIMITED",
                "Too many subscriptions are open. End some first.",
            ));
        }
        // The permit lasts as long as the stream.
        let stream = self.executor.stream(operation).map(move |result| {
            let _ = &permit;
            result
        });
        Results { stream: stream.boxed(), push: Some(posted_at) }
    }

    /// Counts an operation of the viewer and, if given, of the address.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub(super) fn count(&self, viewer: Option<Viewer>, address: Option<Address>) -> Result<(), Error> {
        let throttle = &self.app.throttle;
        address.map_or(Ok(()), |address| throttle.address(address))?;
        viewer.map_or(Ok(()), |viewer| throttle.user(viewer.user_id))
    }

    /// Counts a subscription's result that was written to its client.
    pub(super) fn pushed(&self, posted_at: &PostedAt) {
        let delay = posted_at.take().map(|moment| self.app.clock.now() - moment);
        telemetry::push(delay.and_then(|delay| delay.to_std().ok()));
    }
}
