//! What follows once a document was found to fit the schema.

use std::sync::Arc;

use async_graphql::{
    ServerError, ValidationResult,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation},
};

use super::{Rejection, documents::Fresh};
use crate::telemetry;

/// Refuses what comes to more than so many fields, with lists counted by their page. Remembers the others, where they came
/// with their hash.
pub(super) struct Weight(pub(super) usize);

impl ExtensionFactory for Weight {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self(self.0))
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for Weight {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let result = next.run(ctx).await.inspect_err(|_| telemetry::rejected("validation"))?;
        weigh(&result, self.0).map_err(|rejection| {
            telemetry::rejected(rejection.as_str());
            vec![rejection.into()]
        })?;
        if let Some(fresh) = ctx.data_opt::<Fresh>() {
            fresh.keep();
        }
        Ok(result)
    }
}

/// Goes as far as [`Weight`], and runs nothing: what is good ends without an error, and without data.
pub(super) struct Rehearsal(pub(super) usize);

impl ExtensionFactory for Rehearsal {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self(self.0))
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for Rehearsal {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let result = next.run(ctx).await?;
        weigh(&result, self.0).map_err(|rejection| vec![rejection.into()])?;
        Err(Vec::new())
    }
}

fn weigh(result: &ValidationResult, limit: usize) -> Result<(), Rejection> {
    if result.complexity > limit { Err(Rejection::Complexity(limit)) } else { Ok(()) }
}
