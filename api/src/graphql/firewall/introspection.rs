//! Introspection: refused where it is disabled, and limited by the length of its answer.
//!
//! Types have fields and fields have types: a query of ten lines that follows them in circles is answered with megabytes,
//! which a limit on the fields of the document does not prevent. So the bytes of the answer are counted here, by the lists that
//! the schema really has, before anything runs.

use std::collections::HashMap;

use async_graphql::{
    Request,
    parser::types::{Field, Selection, SelectionSet},
};
use async_graphql_value::Value as Argument;
use futures_util::FutureExt;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Rejection;
use crate::graphql::Schema;

/// The longest answer, as a multiple of the one to [`EVERYTHING`], which selects all that GraphiQL and code generators do.
const MARGIN: usize = 2;

/// All that a schema says about itself.
const EVERYTHING: &str = "{ __schema { description queryType { name } mutationType { name } subscriptionType { name }
    types { kind name description specifiedByURL isOneOf fields(includeDeprecated: true) { name description ...Arguments
    type { ...Reference } isDeprecated deprecationReason } inputFields(includeDeprecated: true) { ...Input }
    interfaces { ...Reference } enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
    possibleTypes { ...Reference } }
    directives { name description isRepeatable locations args(includeDeprecated: true) { ...Input } } } }
fragment Arguments on __Field { args(includeDeprecated: true) { ...Input } }
fragment Input on __InputValue { name description type { ...Reference } defaultValue isDeprecated deprecationReason }
fragment Reference on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
    ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } }";

/// The schema's description of itself, and the limit that follows from it.
#[derive(Default)]
pub(super) struct Introspection {
    schema: Value,
    types: HashMap<String, Value>,
    /// Bytes of an answer.
    limit: usize,
}

impl Introspection {
    /// Returns a schema's answer to an introspection query. Nothing in it waits.
    pub(super) fn of(schema: &Schema) -> Self {
        let answer = schema.execute(Request::new(EVERYTHING)).now_or_never();
        let data = answer.and_then(|answer| answer.data.into_json().ok()).unwrap_or_default();
        let limit = MARGIN * data.to_string().len();
        let schema = data.get("__schema").cloned().unwrap_or_default();
        let types = schema.get("types").and_then(Value::as_array).into_iter().flatten();
        let types = types.filter_map(|one| Some((one.get("name")?.as_str()?.to_owned(), one.clone()))).collect();
        Self { schema, types, limit }
    }

    /// The schema's types, in the form of `T`. Types that do not have this form are left out.
    pub(super) fn types<T: DeserializeOwned>(&self) -> Vec<T> {
        self.types.values().filter_map(|one| serde_json::from_value(one.clone()).ok()).collect()
    }

    /// True if the schema has a type of this name.
    pub(super) fn has_type(&self, name: &str) -> bool {
        self.types.contains_key(name)
    }

    /// Checks the fields that an operation starts with.
    ///
    /// # Errors
    /// [`Rejection::Introspection`] where introspection is disabled, and [`Rejection::IntrospectionSize`].
    pub(super) fn check(&self, fields: &[&Field], enabled: bool) -> Result<(), Rejection> {
        let mut count = Count { of: self, left: self.limit };
        for field in fields {
            let is_schema = match field.name.node.as_str() {
                "__schema" => true,
                "__type" => false,
                _ => continue,
            };
            if !enabled {
                return Err(Rejection::Introspection);
            }
            let set = &field.selection_set.node;
            match field.get_argument("name").map(|name| &name.node) {
                _ if is_schema => count.object(set, &self.schema)?,
                Some(Argument::String(name)) => count.object(set, self.types.get(name).unwrap_or(&Value::Null))?,
                // A variable may name any type, so all of them count.
                _ => self.types.values().try_for_each(|one| count.object(set, one))?,
            }
        }
        Ok(())
    }
}

/// Counts the bytes of an answer, and stops when none are left. Every step takes at least one.
struct Count<'a> {
    of: &'a Introspection,
    left: usize,
}

impl Count<'_> {
    fn take(&mut self, bytes: usize) -> Result<(), Rejection> {
        self.left = self.left.checked_sub(bytes + 1).ok_or(Rejection::IntrospectionSize(self.of.limit))?;
        Ok(())
    }

    /// Counts an object. A reference to a type is replaced by the whole type.
    fn object(&mut self, set: &SelectionSet, object: &Value) -> Result<(), Rejection> {
        let (of, mut object) = (self.of, object);
        if object.get("kind").is_some()
            && let Some(name) = object.get("name").and_then(Value::as_str)
        {
            object = of.types.get(name).unwrap_or(object);
        }
        for selection in &set.items {
            self.take(0)?;
            match &selection.node {
                Selection::Field(field) => self.field(&field.node, object)?,
                Selection::InlineFragment(inline) => self.object(&inline.node.selection_set.node, object)?,
                // Only fragments that do not exist are still spread by name.
                Selection::FragmentSpread(_) => {}
            }
        }
        Ok(())
    }

    fn field(&mut self, field: &Field, object: &Value) -> Result<(), Rejection> {
        const PUNCTUATION: usize = 4;
        self.take(field.response_key().node.len() + PUNCTUATION)?;
        let set = &field.selection_set.node;
        match object.get(field.name.node.as_str()) {
            Some(Value::Array(items)) => items.iter().try_for_each(|item| self.value(set, item)),
            Some(value) => self.value(set, value),
            // `__typename`, or a field that does not exist.
            None => self.take("__InputValue".len()),
        }
    }

    fn value(&mut self, set: &SelectionSet, value: &Value) -> Result<(), Rejection> {
        match value {
            Value::Object(_) => self.object(set, value),
            Value::String(text) => self.take(text.len()),
            _ => self.take("false".len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::builder;

    #[test]
    fn the_schema_describes_its_types_to_the_firewall() {
        let introspection = Introspection::of(&builder().finish());
        assert!(introspection.types.contains_key("Query") && introspection.types.contains_key("ChargeExportInput"));
    }
}
