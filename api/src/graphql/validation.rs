//! What follows once a document was found to fit the schema.

use std::sync::Arc;

use async_graphql::{
    ServerError, ValidationResult,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation},
};

use super::Rejection;
use crate::telemetry;

/// Refuses what comes to more than so many fields, with lists counted by their page.
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
        if result.complexity > self.0 {
            let rejection = Rejection::Complexity(self.0);
            telemetry::rejected(rejection.as_str());
            return Err(vec![rejection.into()]);
        }
        Ok(result)
    }
}
