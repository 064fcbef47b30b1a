//! The one way in for documents, whatever they come by: HTTP, a socket, a stream of events.

use std::sync::Arc;

use async_graphql::{Request, Response, futures_util::stream::BoxStream, parser::types::OperationType};

use super::{
    Documents, Schema,
    firewall::{Firewall, Rejection},
};
use crate::{app::App, telemetry};

/// Admits documents and runs them. Cheap to clone.
#[derive(Clone)]
pub struct Executor(Arc<Parts>);

struct Parts {
    schema: Schema,
    firewall: Firewall,
    documents: Documents,
}

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
    /// An executor for the gateway's schema, of documents that may be asked for by their hash.
    #[must_use]
    pub fn new(app: &App, documents: Documents) -> Self {
        let firewall = Firewall::new(app.config.limits.document.clone(), app.config.introspection, &super::sdl());
        Self(Arc::new(Parts { schema: super::schema(app), firewall, documents }))
    }

    /// Looks a document over before anything else does.
    ///
    /// # Errors
    /// [`Rejection`]: it is not run, and its client is told why.
    pub fn admit(&self, request: Request) -> Result<Operation, Rejection> {
        self.look_over(request).inspect_err(|rejection| telemetry::rejected(rejection.as_str()))
    }

    fn look_over(&self, mut request: Request) -> Result<Operation, Rejection> {
        self.0.documents.place(&mut request)?;
        let kind = self.0.firewall.inspect(&mut request)?;
        Ok(Operation { request, kind })
    }

    /// Runs a query or a mutation.
    pub async fn execute(&self, operation: Operation) -> Response {
        self.0.schema.execute(operation.request).await
    }

    /// Runs any operation; queries and mutations have one result.
    #[must_use]
    pub fn stream(&self, operation: Operation) -> BoxStream<'static, Response> {
        self.0.schema.execute_stream(operation.request)
    }
}
