//! The size of a document with every fragment expanded, counted before anything walks it.
//!
//! async-graphql follows a fragment again wherever it is spread, and applies its own limits only after that: thirty fragments
//! that each spread the next one twice are a kilobyte of text and minutes of work. Here each fragment is counted once and its
//! size is remembered, so that counting takes no longer than the document is long.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned,
    parser::types::{Directive, ExecutableDocument, Selection, SelectionSet, VariableDefinition},
};
use async_graphql_value::Value;

use super::{
    Rejection,
    shape::{self, Shape, root},
    variables::BYTES_PER_VALUE,
};
use crate::config::DocumentLimits;

/// Nested selection sets, where a spread counts as one. It is async-graphql's own limit, which it does not
/// apply to fragments that no operation spreads, although it walks them too.
pub(in crate::graphql) const LEVELS: usize = 32;

/// Operations of a document. The validation walks the fragments again for each of them.
const MAX_OPERATIONS: usize = 50;

/// Names that the schema does not have. For each of them the validation looks for similar ones.
const MAX_UNKNOWN: usize = 20;

/// Bytes of a name that the schema does not have. Nobody means a name of the schema by a longer one, and the time of the
/// search for similar ones grows with its length.
const MAX_UNKNOWN_BYTES: usize = 64;

/// Checks the size of a whole document.
///
/// # Errors
/// The limit that is exceeded, or a fragment that spreads itself.
pub(super) fn check(document: &ExecutableDocument, limits: &DocumentLimits, shape: &Shape) -> Result<(), Rejection> {
    if document.operations.iter().count() > MAX_OPERATIONS {
        return Err(Rejection::Operations(MAX_OPERATIONS));
    }
    let mut count = Count { document, shape, known: HashMap::new(), unknown: 0 };
    let mut total = Size::default();
    for (_, operation) in document.operations.iter() {
        let operation = &operation.node;
        total.add(&count.set(Some(root(operation.ty)), &operation.selection_set.node, 0)?);
        total.add(&directives(&operation.directives));
        for definition in &operation.variable_definitions {
            check_default(&definition.node, shape)?;
            total.add(&directives(&definition.node.directives));
        }
    }
    // Fragments that no operation spreads are walked as well, before the document is refused for them.
    for name in document.fragments.keys() {
        if !count.known.contains_key(name.as_str()) {
            total.add(&count.fragment(name, 0)?);
        }
    }
    total.fits(limits)
}

/// The size of a part of a document.
#[derive(Clone, Copy, Default)]
struct Size {
    /// Selections, directives and values.
    parts: usize,
    aliases: usize,
    directives: usize,
    /// Nested fields.
    depth: usize,
    /// Nested selection sets.
    levels: usize,
}

impl Size {
    /// Adds the size of a sibling.
    fn add(&mut self, other: &Self) {
        self.parts = self.parts.saturating_add(other.parts);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.depth = self.depth.max(other.depth);
        self.levels = self.levels.max(other.levels);
    }

    fn fits(&self, limits: &DocumentLimits) -> Result<(), Rejection> {
        if self.depth > limits.depth {
            return Err(Rejection::Depth(limits.depth));
        }
        if self.aliases > limits.aliases {
            return Err(Rejection::Aliases(limits.aliases));
        }
        if self.directives > limits.directives {
            return Err(Rejection::Directives(limits.directives));
        }
        if self.parts > limits.complexity {
            return Err(Rejection::Complexity { weight: self.parts, limit: limits.complexity });
        }
        Ok(())
    }
}

struct Count<'a> {
    document: &'a ExecutableDocument,
    shape: &'a Shape,
    /// The sizes of the fragments that were counted; `None` for those that are being counted.
    known: HashMap<&'a str, Option<Size>>,
    /// Names that the schema does not have.
    unknown: usize,
}

impl<'a> Count<'a> {
    fn set(&mut self, parent: Option<&'a str>, set: &'a SelectionSet, level: usize) -> Result<Size, Rejection> {
        check_level(level)?;
        let mut size = Size::default();
        for selection in &set.items {
            self.look_up(parent, &selection.node)?;
            size.add(&own(&selection.node));
            let mut inner = self.inside(parent, &selection.node, level + 1)?;
            inner.depth += usize::from(matches!(selection.node, Selection::Field(_)));
            size.add(&inner);
        }
        size.levels += 1;
        Ok(size)
    }

    fn inside(&mut self, parent: Option<&'a str>, selection: &'a Selection, level: usize) -> Result<Size, Rejection> {
        match selection {
            Selection::Field(field) if field.node.selection_set.node.items.is_empty() => Ok(Size::default()),
            Selection::Field(field) => {
                let parent = self.shape.of_field(parent, &field.node.name.node);
                self.set(parent, &field.node.selection_set.node, level)
            }
            Selection::InlineFragment(inline) => {
                let condition = inline.node.type_condition.as_ref().map(|condition| condition.node.on.node.as_str());
                self.set(condition.or(parent), &inline.node.selection_set.node, level)
            }
            Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node, level),
        }
    }

    fn fragment(&mut self, name: &'a str, level: usize) -> Result<Size, Rejection> {
        match self.known.get(name) {
            Some(Some(size)) => return check_level(level + size.levels - 1).map(|()| *size),
            Some(None) => return Err(Rejection::Cycle(name.to_owned())),
            None => {}
        }
        // The validation refuses the spread of a fragment that does not exist.
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Size::default()) };
        let fragment = &fragment.node;
        self.known.insert(name, None);
        let mut size =
            self.set(Some(fragment.type_condition.node.on.node.as_str()), &fragment.selection_set.node, level)?;
        size.add(&directives(&fragment.directives));
        self.known.insert(name, Some(size));
        Ok(size)
    }

    /// Counts the names that the schema does not have.
    fn look_up(&mut self, parent: Option<&str>, selection: &Selection) -> Result<(), Rejection> {
        let Selection::Field(field) = selection else { return Ok(()) };
        let name = &field.node.name.node;
        let arguments = field.node.arguments.iter().map(|(argument, _)| &argument.node);
        let unknown = arguments
            .filter(|argument| self.shape.takes_argument(parent, name, argument) == Some(false))
            .chain(self.shape.lacks_field(parent, name).then_some(name));
        for name in unknown {
            self.unknown += 1;
            if name.len() > MAX_UNKNOWN_BYTES {
                return Err(Rejection::UnknownNameLength(MAX_UNKNOWN_BYTES));
            }
            if self.unknown > MAX_UNKNOWN {
                return Err(Rejection::UnknownNames(MAX_UNKNOWN));
            }
        }
        Ok(())
    }
}

/// Checks that the type of a default exists, also where lists wrap it: the validation panics otherwise.
fn check_default(definition: &VariableDefinition, shape: &Shape) -> Result<(), Rejection> {
    let name = shape::named_type(&definition.var_type.node);
    if definition.default_value.is_some() && !shape.introspection.has_type(name) {
        return Err(Rejection::Variable(format!("The type {name} does not exist.")));
    }
    Ok(())
}

fn check_level(level: usize) -> Result<(), Rejection> {
    if level > LEVELS { Err(Rejection::Depth(LEVELS)) } else { Ok(()) }
}

/// The size of a selection without the selections in it.
fn own(selection: &Selection) -> Size {
    let mut size = directives(selection.directives());
    size.parts += 1;
    if let Selection::Field(field) = selection {
        size.aliases = usize::from(field.node.alias.is_some());
        size.parts += arguments(&field.node.arguments);
    }
    size
}

fn directives(directives: &[Positioned<Directive>]) -> Size {
    let inside: usize = directives.iter().map(|directive| arguments(&directive.node.arguments)).sum();
    Size { parts: directives.len() + inside, directives: directives.len(), ..Size::default() }
}

fn arguments(arguments: &[(Positioned<Name>, Positioned<Value>)]) -> usize {
    arguments.iter().map(|(_, value)| values(&value.node)).sum()
}

/// The size of a value, as its copies cost: every spread of a fragment copies its literals. Strings count as those in variables
/// do, and a variable counts as one value.
pub(super) fn values(value: &Value) -> usize {
    match value {
        Value::String(text) => 1 + text.len() / BYTES_PER_VALUE,
        Value::List(items) => 1 + items.iter().map(values).sum::<usize>(),
        Value::Object(fields) => 1 + fields.values().map(values).sum::<usize>(),
        _ => 1,
    }
}
