//! Admits and runs operations of any transport: HTTP, a websocket or a stream of events.

use std::{any::TypeId, sync::Arc, time::Instant};

use async_graphql::{Request, Response, futures_util::stream::BoxStream, parser::types::OperationType};

use super::{
    Documents, Rejection, Schema,
    admission::{Admission, AdmittedDocument},
    documents::PendingDocument,
    observation,
};
use crate::{app::App, auth::Viewer, telemetry};

/// Admits and runs operations. Cheap to clone.
#[derive(Clone)]
pub struct Executor(Arc<Parts>);

struct Parts {
    app: App,
    schema: Schema,
    admission: Admission,
    documents: Documents,
}

/// An operation that was admitted. Nothing else can run.
pub struct Operation {
    request: Request,
    kind: OperationType,
    needs_no_token: bool,
}

impl Operation {
    /// The kind of the operation.
    #[must_use]
    pub const fn kind(&self) -> OperationType {
        self.kind
    }

    /// True for a login, and for other mutations of people without a token: one that has ended does not keep them from it.
    #[must_use]
    pub const fn needs_no_token(&self) -> bool {
        self.needs_no_token
    }

    /// The name of the operation, if it has one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.request.operation_name.as_deref()
    }
}

impl Executor {
    /// An executor for the gateway's schema.
    #[must_use]
    pub fn new(app: &App, documents: Documents) -> Self {
        let admission = Admission::new(&app.config);
        Self(Arc::new(Parts { app: app.clone(), schema: super::schema(app), admission, documents }))
    }

    /// Decides whether a request runs.
    ///
    /// # Errors
    /// [`Rejection`]: the reason for which it does not.
    pub fn admit(&self, request: Request) -> Result<Operation, Rejection> {
        let started = Instant::now();
        self.check(request).inspect_err(|rejection| {
            telemetry::rejected(rejection.as_str());
            telemetry::record_error(rejection.code());
            if let Rejection::Invalid { kind, .. } = rejection {
                observation::count(Some(*kind), "refused", started.elapsed());
            }
        })
    }

    fn check(&self, mut request: Request) -> Result<Operation, Rejection> {
        let placed = self.0.documents.place(&mut request)?;
        let AdmittedDocument { operation, was_remembered } = self.0.admission.admit(&mut request, placed.hash)?;
        let new_operation = (!was_remembered).then(|| self.0.admission.places(&operation));
        let new_document = placed.pending.as_ref().and_then(PendingDocument::places);
        let user_id = viewer(&request).map(|viewer| viewer.user_id);
        if let Some(places) = new_operation.max(new_document)
            && self.0.app.throttle.remembers_document(user_id, places)
        {
            if let Some(hash) = placed.hash {
                self.0.admission.remember(hash, &operation);
            }
            if let Some(pending) = placed.pending {
                pending.keep();
            }
        }
        operation.hand_to(&mut request);
        Ok(Operation { request, kind: operation.kind(), needs_no_token: operation.needs_no_token() })
    }

    /// Runs a query or a mutation.
    pub async fn execute(&self, operation: Operation) -> Response {
        self.0.schema.execute(operation.request).await
    }

    /// Runs any operation. Queries and mutations have one result.
    #[must_use]
    pub fn stream(&self, operation: Operation) -> BoxStream<'static, Response> {
        self.0.schema.execute_stream(operation.request)
    }
}

fn viewer(request: &Request) -> Option<&Viewer> {
    request.data.get(&TypeId::of::<Viewer>())?.downcast_ref()
}
