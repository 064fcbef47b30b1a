//! The fields that an operation starts with: their number, and none of them twice in mutations and subscriptions.

use std::collections::HashSet;

use async_graphql::parser::types::{Field, OperationDefinition, OperationType, Selection, SelectionSet};

use super::{Rejection, shape::Shape};
use crate::config::DocumentLimits;

/// Mutations that are there for people without a token: they begin a session, or use or request a mailed link.
const WITHOUT_TOKEN: [&str; 6] =
    ["confirmEmail", "logIn", "requestPasswordReset", "resetPassword", "signUp", "verifyEmail"];

/// True for a mutation of those alone that are there for people without a token.
pub(super) fn need_no_token(operation: &OperationDefinition) -> bool {
    let mut fields = Vec::new();
    collect(&operation.selection_set.node, &mut fields);
    operation.ty == OperationType::Mutation
        && fields.iter().all(|field| WITHOUT_TOKEN.contains(&field.name.node.as_str()))
}

/// Checks an operation whose equal fields were merged; `introspection` is whether it may ask for the schema.
///
/// # Errors
/// The limit that is exceeded, a field that is selected twice, or introspection where it is disabled.
pub(super) fn check(
    operation: &OperationDefinition,
    limits: &DocumentLimits,
    introspection: bool,
    shape: &Shape,
) -> Result<(), Rejection> {
    let mut fields = Vec::new();
    collect(&operation.selection_set.node, &mut fields);
    shape.introspection.check(&fields, introspection)?;
    fields.retain(|field| field.name.node.as_str() != "__typename");
    let (kind, limit) = match operation.ty {
        OperationType::Query => ("query", limits.root_fields),
        OperationType::Mutation => ("mutation", limits.mutations),
        OperationType::Subscription => ("subscription", 1),
    };
    if operation.ty != OperationType::Query {
        unique(&fields)?;
    }
    if fields.len() > limit { Err(Rejection::RootFields(kind, limit)) } else { Ok(()) }
}

fn unique(fields: &[&Field]) -> Result<(), Rejection> {
    let mut keys = HashSet::new();
    match fields.iter().map(|field| &field.response_key().node).find(|key| !keys.insert(*key)) {
        Some(key) => Err(Rejection::Repeated(key.to_string())),
        None => Ok(()),
    }
}

fn collect<'a>(set: &'a SelectionSet, fields: &mut Vec<&'a Field>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => fields.push(&field.node),
            Selection::InlineFragment(inline) => collect(&inline.node.selection_set.node, fields),
            // Only fragments that do not exist are still spread by name.
            Selection::FragmentSpread(_) => {}
        }
    }
}
