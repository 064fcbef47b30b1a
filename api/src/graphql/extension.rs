//! The frame of each operation: it is observed, every error gets its code, it is not validated twice, each execution has
//! loaders of its own, and a nullable field that fails is null.
//!
//! This is one extension of async-graphql and not one for each concern, because the library asks every extension about every
//! field, and allocates a future for each answer.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_graphql::{
    CacheControl, Data, Request, Response, ServerError, ServerResult, ValidationResult, Value, Variables,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextExecute, NextParseQuery, NextPrepareRequest, NextRequest,
        NextResolve, NextSubscribe, NextValidation, ResolveInfo,
    },
    futures_util::stream::{BoxStream, StreamExt},
    parser::types::ExecutableDocument,
};
use tracing::Instrument;

use super::{
    RequestId,
    errors::{coded, request_id},
    loaders::Loaders,
    observation::Observer,
};
use crate::app::App;

/// Surrounds the operations of a gateway.
pub(super) struct OperationExtensionFactory(pub(super) App);

/// Surrounds one operation.
struct OperationExtension {
    app: App,
    observer: Observer,
    /// The id of the request, once it is known.
    id: OnceLock<RequestId>,
    /// The errors of nullable fields, until the execution ends.
    errors: Mutex<Vec<ServerError>>,
}

impl ExtensionFactory for OperationExtensionFactory {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(OperationExtension {
            app: self.0.clone(),
            observer: Observer::start(),
            id: OnceLock::new(),
            errors: Mutex::default(),
        })
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for OperationExtension {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let response = next.run(ctx).await;
        let id = self.id.get().cloned().unwrap_or_else(|| request_id(ctx));
        let response = coded(response, &id);
        self.observer.count(&response);
        response
    }

    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        self.observer.read(&mut request);
        next.run(ctx, request).await
    }

    /// The first hook that sees the data of the request.
    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        self.id.get_or_init(|| request_id(ctx));
        next.run(ctx, query, variables).await
    }

    /// Operations were validated when they were admitted. No others reach the schema.
    async fn validation(
        &self,
        _ctx: &ExtensionContext<'_>,
        _next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        Ok(ValidationResult { cache_control: CacheControl::default(), complexity: 0, depth: 0 })
    }

    /// An execution is that of a query, of a mutation, or of one message of a subscription.
    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        let mut data = Data::default();
        data.insert(Loaders::new(&self.app));
        let mut response = next.run_with_data(ctx, operation_name, data).instrument(self.observer.span()).await;
        response.errors.append(&mut self.errors.lock().unwrap_or_else(PoisonError::into_inner));
        response
    }

    /// Sets a nullable field to null if it fails, and leaves its siblings. The library would set the parent to null. GraphQL
    /// specification: "Handling Execution Errors".
    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let is_nullable = !info.return_type.ends_with('!');
        match next.run(ctx, info).await {
            Err(error) if is_nullable => {
                self.errors.lock().unwrap_or_else(PoisonError::into_inner).push(error);
                Ok(None)
            }
            resolved => resolved,
        }
    }

    fn subscribe<'s>(
        &self,
        ctx: &ExtensionContext<'_>,
        stream: BoxStream<'s, Response>,
        next: NextSubscribe<'_>,
    ) -> BoxStream<'s, Response> {
        let (id, observer) = (request_id(ctx), self.observer.clone());
        let finish = move |response| {
            let response = coded(response, &id);
            observer.count(&response);
            response
        };
        next.run(ctx, stream).map(finish).boxed()
    }
}
