//! Questions about the schema: whether they may be asked, and how far they go round.
//!
//! Fields have types, types have fields: a question of ten lines that follows them round and round is answered with
//! megabytes, of which no limit on fields knows. graphql-js draws the line at the same place.

use async_graphql::parser::types::{Field, Selection, SelectionSet};

use super::Rejection;

/// The fields that lead to lists of a type's parts.
const LISTS: [&str; 4] = ["fields", "inputFields", "interfaces", "possibleTypes"];

/// How many of them may be one in the other. GraphiQL's own question has one.
const MAX_LISTS: usize = 2;

/// Checks the operation's own fields.
///
/// # Errors
/// [`Rejection::Introspection`] where it is not allowed, [`Rejection::IntrospectionDepth`], or [`Rejection::RootFields`] when
/// the whole schema is asked for twice.
pub(super) fn check(fields: &[&Field], allowed: bool) -> Result<(), Rejection> {
    let is = |field: &&&Field, name: &str| field.name.node.as_str() == name;
    let schemas = fields.iter().filter(|field| is(field, "__schema"));
    let questions = schemas.clone().chain(fields.iter().filter(|field| is(field, "__type")));
    if !allowed && questions.clone().next().is_some() {
        return Err(Rejection::Introspection);
    }
    if schemas.count() > 1 {
        return Err(Rejection::RootFields("query of the schema", 1));
    }
    questions.map(|field| &field.selection_set.node).try_for_each(|set| lists(set, 0))
}

fn lists(set: &SelectionSet, outer: usize) -> Result<(), Rejection> {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => {
                let inner = outer + usize::from(LISTS.contains(&field.node.name.node.as_str()));
                if inner > MAX_LISTS {
                    return Err(Rejection::IntrospectionDepth(MAX_LISTS));
                }
                lists(&field.node.selection_set.node, inner)?;
            }
            Selection::InlineFragment(inline) => lists(&inline.node.selection_set.node, outer)?,
            // Only what is missing is still spread by its name.
            Selection::FragmentSpread(_) => {}
        }
    }
    Ok(())
}
