//! The validation against the schema: once for a document, and never again when it runs.

use std::sync::{Arc, LazyLock};

use async_graphql::{
    Request, SchemaBuilder, ServerError, ValidationResult, Variables,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation},
};
use futures_util::FutureExt;

use super::{Mutation, Query, Rejection, Schema, Subscription, firewall::PreparedOperation};

/// Validates documents against a schema with no gateway behind it. There are two for a process: one whose messages suggest
/// names of the schema, and one for gateways where introspection is disabled.
pub(super) struct Validator(&'static Schema);

static SUGGESTING: LazyLock<Schema> = LazyLock::new(|| dry_run().finish());

static DISCREET: LazyLock<Schema> = LazyLock::new(|| dry_run().disable_introspection().disable_suggestions().finish());

fn dry_run() -> SchemaBuilder<Query, Mutation, Subscription> {
    super::builder().limit_recursive_depth(super::firewall::LEVELS).extension(DryRun)
}

impl Validator {
    /// A validator, whose messages suggest names of the schema where `introspection` is enabled.
    pub(super) fn new(introspection: bool) -> Self {
        Self(if introspection { &SUGGESTING } else { &DISCREET })
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
