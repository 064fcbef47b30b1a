//! The size of every page that is asked for, in the document or by a variable.

use async_graphql::{
    Name, Value, Variables,
    parser::types::{Field, OperationDefinition, Selection, SelectionSet},
};

use super::Rejection;

/// The arguments that say how many rows a page has.
const SIZES: [&str; 2] = ["first", "last"];

/// Checks each page.
///
/// # Errors
/// [`Rejection::Page`].
pub(super) fn check(operation: &OperationDefinition, variables: &Variables, limit: u64) -> Result<(), Rejection> {
    Pages { operation, variables, limit }.set(&operation.selection_set.node)
}

struct Pages<'a> {
    operation: &'a OperationDefinition,
    variables: &'a Variables,
    limit: u64,
}

impl Pages<'_> {
    fn set(&self, set: &SelectionSet) -> Result<(), Rejection> {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    self.field(&field.node)?;
                    self.set(&field.node.selection_set.node)?;
                }
                Selection::InlineFragment(inline) => self.set(&inline.node.selection_set.node)?,
                // Only what is missing is still spread by its name.
                Selection::FragmentSpread(_) => {}
            }
        }
        Ok(())
    }

    fn field(&self, field: &Field) -> Result<(), Rejection> {
        let sizes = field.arguments.iter().filter(|(name, _)| SIZES.contains(&name.node.as_str()));
        for (_, size) in sizes {
            // What is no number is refused by the validation.
            if let Ok(Value::Number(size)) = size.node.clone().into_const_with(|name| self.given(&name).ok_or(()))
                && size.as_u64().is_none_or(|size| size > self.limit)
            {
                return Err(Rejection::Page(self.limit));
            }
        }
        Ok(())
    }

    fn given(&self, name: &Name) -> Option<Value> {
        let default = || {
            let mut definitions = self.operation.variable_definitions.iter().map(|definition| &definition.node);
            definitions.find(|definition| definition.name.node == *name)?.default_value().cloned()
        };
        self.variables.get(name).cloned().or_else(default)
    }
}
