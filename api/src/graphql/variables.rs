//! Variables that a document declares and a client leaves out, as clients do with optional ones.
//!
//! The limit on complexity reads the arguments of lists before anything runs, and async-graphql takes a variable that was
//! left out for an undefined one there. None of our arguments has a default, so to leave one out is to say null.

use std::sync::Arc;

use async_graphql::{
    Name, Request, ServerResult, Value,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest},
};

/// Says null for every optional variable that was left out.
pub(super) struct LeftOut;

impl ExtensionFactory for LeftOut {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for LeftOut {
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        for name in optional(&mut request) {
            request.variables.entry(name).or_insert(Value::Null);
        }
        next.run(ctx, request).await
    }
}

/// The optional variables that the document declares. One that does not parse is refused in its own place.
fn optional(request: &mut Request) -> Vec<Name> {
    let chosen = request.operation_name.clone();
    let Ok(document) = request.parsed_query() else { return Vec::new() };
    let operations = document.operations.iter();
    let operations = operations.filter(|(name, _)| chosen.is_none() || name.map(Name::as_str) == chosen.as_deref());
    let definitions = operations.flat_map(|(_, operation)| &operation.node.variable_definitions);
    definitions
        .filter(|definition| definition.node.var_type.node.nullable && definition.node.default_value.is_none())
        .map(|definition| definition.node.name.node.clone())
        .collect()
}
