//! The validation against the schema: once for a document, and never again when it runs.

use std::sync::Arc;

use async_graphql::{
    CacheControl, Request, ServerError, ValidationResult, Variables,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation},
};
use futures_util::FutureExt;

use super::{Rejection, Schema, firewall::PreparedOperation};

/// Validates documents against a schema with no gateway behind it.
pub(super) struct Validator(Schema);

impl Validator {
    /// A validator. Its messages suggest names of the schema where that is `introspection`'s to tell.
    pub(super) fn new(introspection: bool) -> Self {
        let builder = super::builder().limit_recursive_depth(super::firewall::LEVELS).extension(DryRun);
        let builder = if introspection { builder } else { builder.disable_introspection().disable_suggestions() };
        Self(builder.finish())
    }

    /// Validates the whole document of an operation. Nothing in it waits.
    ///
    /// # Errors
    /// [`Rejection::Invalid`].
    pub(super) fn check(&self, prepared: &PreparedOperation, samples: Variables) -> Result<(), Rejection> {
        let mut request = Request::new("").variables(samples);
        prepared.hand_to(&mut request);
        request.operation_name = prepared.operation_name().map(ToOwned::to_owned);
        match self.0.execute(request).now_or_never() {
            Some(response) if response.errors.is_empty() => Ok(()),
            response => {
                let errors = response.map(|response| response.errors).unwrap_or_default();
                Err(Rejection::invalid(prepared.kind(), errors))
            }
        }
    }
}

/// Ends each execution after the validation, without data: valid documents end without errors.
struct DryRun;

impl ExtensionFactory for DryRun {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for DryRun {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        next.run(ctx).await.and(Err(Vec::new()))
    }
}

/// Skips the validation of operations that were validated when they were admitted. No others reach the schema.
pub(super) struct AlreadyValidated;

impl ExtensionFactory for AlreadyValidated {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for AlreadyValidated {
    async fn validation(
        &self,
        _ctx: &ExtensionContext<'_>,
        _next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        Ok(ValidationResult { cache_control: CacheControl::default(), complexity: 0, depth: 0 })
    }
}
