//! The one way in for documents, whatever they come by: HTTP, a socket, a stream of events.

use std::sync::Arc;

use async_graphql::{
    Request, Response,
    futures_util::stream::BoxStream,
    parser::types::{DocumentOperations, ExecutableDocument, OperationType},
};

use super::{Schema, rejection::Rejection};
use crate::{app::App, telemetry};

/// Admits documents and runs them. Cheap to clone.
#[derive(Clone)]
pub struct Executor(Arc<Schema>);

/// An operation that was admitted, and nothing but that can be run.
pub struct Operation {
    request: Request,
    kind: OperationType,
}

impl Operation {
    /// Whether it reads, changes or watches.
    #[must_use]
    pub const fn kind(&self) -> OperationType {
        self.kind
    }

    /// The name of the operation, where the client gave it.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.request.operation_name.as_deref()
    }
}

impl Executor {
    /// An executor for the gateway's schema.
    #[must_use]
    pub fn new(app: &App) -> Self {
        Self(Arc::new(super::schema(app)))
    }

    /// Looks a document over before anything else does.
    ///
    /// # Errors
    /// [`Rejection`]: it is not run, and its client is told why.
    pub fn admit(&self, request: Request) -> Result<Operation, Rejection> {
        Self::look_over(request).inspect_err(|rejection| telemetry::rejected(rejection.as_str()))
    }

    fn look_over(mut request: Request) -> Result<Operation, Rejection> {
        let name = request.operation_name.clone();
        let document = request.parsed_query().map_err(|error| Rejection::syntax(&error))?;
        let kind = kind(document, name.as_deref())?;
        Ok(Operation { request, kind })
    }

    /// Runs a query or a mutation.
    pub async fn execute(&self, operation: Operation) -> Response {
        self.0.execute(operation.request).await
    }

    /// Runs any operation; queries and mutations have one result.
    #[must_use]
    pub fn stream(&self, operation: Operation) -> BoxStream<'static, Response> {
        self.0.execute_stream(operation.request)
    }
}

fn kind(document: &ExecutableDocument, name: Option<&str>) -> Result<OperationType, Rejection> {
    let operation = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(operation),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => operations.values().next(),
        _ => None,
    };
    operation.map(|operation| operation.node.ty).ok_or(Rejection::NoOperation)
}
