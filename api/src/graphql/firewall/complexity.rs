//! The complexity of an operation: its fields, with lists counted by their page, and its values, with variables counted
//! wherever they are named.
//!
//! Both depend on the variables of a request. So the operation is walked once, and what is kept is enough to compute
//! the complexity for any variables without walking it again.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned, Variables,
    parser::types::{Directive, Field, OperationDefinition, Selection, SelectionSet},
};
use async_graphql_value::{ConstValue, Value};

use super::{
    Rejection,
    shape::{Shape, root},
    size, variables,
};
use crate::{
    config::DocumentLimits,
    graphql::{own_account::EXPORT_COST, plan_change::PREVIEW_COST, usage::USAGE_COST},
    page::{DEFAULT_PAGE, MAX_PAGE},
};

/// Fields that cost more than one, by name.
const EXPENSIVE: [(&str, usize); 3] =
    [("exportAccount", EXPORT_COST), ("previewPlanChange", PREVIEW_COST), ("usage", USAGE_COST)];

/// The arguments that give the size of a page. A field that takes the first of them is a page.
const SIZES: [&str; 2] = ["first", "last"];

/// The complexity of one operation, for any variables.
pub(super) struct Complexity {
    /// Selections, directives and values, where a variable is one value, and every 64 bytes of a string are another one.
    pub(super) parts: usize,
    /// The number of places where each variable is named.
    named: HashMap<Name, usize>,
    fields: Fields,
}

impl Complexity {
    /// Walks an operation whose fragments were expanded and whose equal fields were merged.
    pub(super) fn of(operation: &OperationDefinition, shape: &Shape) -> Self {
        let mut walk = Walk { shape, parts: 0, named: HashMap::new() };
        walk.directives(&operation.directives);
        let fields = walk.set(Some(root(operation.ty)), &operation.selection_set.node);
        Self { parts: walk.parts, named: walk.named, fields }
    }

    /// Checks the complexity with the variables of a request. No value is cloned.
    ///
    /// # Errors
    /// [`Rejection::Complexity`] and [`Rejection::Page`], which names the argument.
    pub(super) fn check(
        &self,
        operation: &OperationDefinition,
        given: &Variables,
        limits: &DocumentLimits,
    ) -> Result<(), Rejection> {
        let lookup = Lookup { operation, given };
        let named = self.named.iter().map(|(name, times)| {
            lookup.find(name).map_or(0, |value| variables::size(value).saturating_sub(1)).saturating_mul(*times)
        });
        let parts = named.fold(self.parts, usize::saturating_add);
        let fields = self.fields.count(&lookup, limits.page)?;
        let (weight, limit) = (parts.max(fields), limits.complexity);
        if weight > limit { Err(Rejection::Complexity { weight, limit }) } else { Ok(()) }
    }
}

struct Walk<'a> {
    shape: &'a Shape,
    parts: usize,
    named: HashMap<Name, usize>,
}

impl<'a> Walk<'a> {
    fn set(&mut self, parent: Option<&'a str>, set: &'a SelectionSet) -> Fields {
        let mut fields = Fields::default();
        for selection in &set.items {
            self.parts += 1;
            self.directives(selection.node.directives());
            match &selection.node {
                Selection::Field(field) => self.field(parent, &field.node, &mut fields),
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    let parent = condition.map(|condition| condition.node.on.node.as_str()).or(parent);
                    fields.add(self.set(parent, &inline.node.selection_set.node));
                }
                // Only fragments that do not exist are still spread by name.
                Selection::FragmentSpread(_) => {}
            }
        }
        fields
    }

    fn field(&mut self, parent: Option<&'a str>, field: &'a Field, fields: &mut Fields) {
        let name = field.name.node.as_str();
        self.arguments(&field.arguments);
        let inner = self.set(self.shape.of_field(parent, name), &field.selection_set.node);
        if name == "__typename" {
            return;
        }
        let expensive = EXPENSIVE.iter().find(|(expensive, _)| *expensive == name);
        fields.own = fields.own.saturating_add(expensive.map_or(1, |(_, cost)| *cost));
        if self.shape.takes_argument(parent, name, SIZES[0]) == Some(true) {
            let [first, last] = SIZES.map(|size| field.get_argument(size).map(|value| PageSize::of(&value.node)));
            fields.pages.push(Page { first, last, fields: inner });
        } else {
            fields.add(inner);
        }
    }

    fn directives(&mut self, directives: &[Positioned<Directive>]) {
        self.parts += directives.len();
        for directive in directives {
            self.arguments(&directive.node.arguments);
        }
    }

    fn arguments(&mut self, arguments: &[(Positioned<Name>, Positioned<Value>)]) {
        for (_, value) in arguments {
            self.parts += size::values(&value.node);
            self.name(&value.node);
        }
    }

    fn name(&mut self, value: &Value) {
        match value {
            Value::Variable(name) => *self.named.entry(name.clone()).or_default() += 1,
            Value::List(items) => items.iter().for_each(|item| self.name(item)),
            Value::Object(fields) => fields.values().for_each(|field| self.name(field)),
            _ => {}
        }
    }
}

/// The fields of a selection set.
#[derive(Default)]
struct Fields {
    /// Those that are answered once.
    own: usize,
    pages: Vec<Page>,
}

/// The fields of a page, which are answered once for every row.
struct Page {
    first: Option<PageSize>,
    last: Option<PageSize>,
    fields: Fields,
}

enum PageSize {
    Variable(Name),
    Constant(Option<async_graphql::Number>),
}

impl PageSize {
    fn of(value: &Value) -> Self {
        match value {
            Value::Variable(name) => Self::Variable(name.clone()),
            Value::Number(number) => Self::Constant(Some(number.clone())),
            // The validation refuses what is neither a number nor null.
            _ => Self::Constant(None),
        }
    }

    /// The rows of the page, where the client says how many. `field` is the argument.
    fn rows(&self, field: &'static str, lookup: &Lookup<'_>, limit: u64) -> Result<Option<u64>, Rejection> {
        let number = match self {
            Self::Constant(number) => number.as_ref(),
            Self::Variable(name) => match lookup.find(name) {
                Some(ConstValue::Number(number)) => Some(number),
                _ => None,
            },
        };
        let Some(number) = number else { return Ok(None) };
        let rows = number.as_u64().filter(|rows| *rows <= limit);
        rows.map(Some).ok_or(Rejection::Page { limit, field })
    }
}

impl Fields {
    fn add(&mut self, other: Self) {
        self.own = self.own.saturating_add(other.own);
        self.pages.extend(other.pages);
    }

    fn count(&self, lookup: &Lookup<'_>, limit: u64) -> Result<usize, Rejection> {
        let mut sum = self.own;
        for page in &self.pages {
            let rows = |size: &Option<PageSize>, field| match size {
                Some(size) => size.rows(field, lookup, limit),
                None => Ok(None),
            };
            let (first, last) = (rows(&page.first, SIZES[0])?, rows(&page.last, SIZES[1])?);
            let rows = first.or(last).unwrap_or(DEFAULT_PAGE).min(MAX_PAGE);
            let rows = usize::try_from(rows).unwrap_or(usize::MAX);
            sum = sum.saturating_add(rows.saturating_mul(page.fields.count(lookup, limit)?));
        }
        Ok(sum)
    }
}

/// Finds the values of variables.
struct Lookup<'a> {
    operation: &'a OperationDefinition,
    given: &'a Variables,
}

impl<'a> Lookup<'a> {
    /// The value that was given, or else the default.
    fn find(&self, name: &Name) -> Option<&'a ConstValue> {
        self.given.get(name).or_else(|| {
            let mut definitions = self.operation.variable_definitions.iter().map(|definition| &definition.node);
            definitions.find(|definition| definition.name.node == *name)?.default_value()
        })
    }
}
