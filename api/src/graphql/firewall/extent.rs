//! What a document comes to with every fragment in its place, counted before anything walks it.
//!
//! async-graphql follows a fragment anew wherever it is spread, and holds a document to its limits only once it has: thirty
//! fragments that each spread the next one twice are a kilobyte, and minutes of work for whoever walks them. Here each is
//! counted once and remembered, so that the count takes no longer than the document is.

use std::{collections::HashMap, convert::Infallible};

use async_graphql::{
    Positioned, Value,
    parser::types::{Directive, ExecutableDocument, Selection, SelectionSet},
};

use super::Rejection;
use crate::config::DocumentLimits;

/// How many selection sets may be one in the other, where a spread is one too. It is async-graphql's own limit, which it does
/// not apply to fragments that no operation spreads, though it walks them as deep.
pub(in crate::graphql) const LEVELS: usize = 32;

/// Counts.
///
/// # Errors
/// The limit that is passed, or a fragment that spreads itself.
pub(super) fn check(document: &ExecutableDocument, limits: &DocumentLimits) -> Result<(), Rejection> {
    let mut count = Count { document, known: HashMap::new() };
    let mut total = Extent::default();
    for (_, operation) in document.operations.iter() {
        total.beside(&count.set(&operation.node.selection_set.node, 0)?);
        total.directives = total.directives.saturating_add(operation.node.directives.len());
    }
    // What no operation spreads is walked as well, before it is refused for that.
    for name in document.fragments.keys() {
        if !count.known.contains_key(name.as_str()) {
            total.beside(&count.fragment(name, 0)?);
        }
    }
    total.fits(limits)
}

/// How far a selection set reaches.
#[derive(Clone, Copy, Default)]
struct Extent {
    /// Selections, directives, arguments and values.
    parts: usize,
    aliases: usize,
    directives: usize,
    /// Fields, one in the other.
    depth: usize,
    /// Selection sets, one in the other.
    levels: usize,
}

impl Extent {
    fn beside(&mut self, other: &Self) {
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
            return Err(Rejection::Complexity(limits.complexity));
        }
        Ok(())
    }
}

struct Count<'a> {
    document: &'a ExecutableDocument,
    /// The fragments that were counted, and as `None` those that are being counted.
    known: HashMap<&'a str, Option<Extent>>,
}

impl<'a> Count<'a> {
    fn set(&mut self, set: &'a SelectionSet, level: usize) -> Result<Extent, Rejection> {
        reaches(level)?;
        let mut extent = Extent::default();
        for selection in &set.items {
            extent.beside(&own(&selection.node));
            let mut inner = self.inside(&selection.node, level + 1)?;
            inner.depth += usize::from(matches!(selection.node, Selection::Field(_)));
            extent.beside(&inner);
        }
        extent.levels += 1;
        Ok(extent)
    }

    fn inside(&mut self, selection: &'a Selection, level: usize) -> Result<Extent, Rejection> {
        match selection {
            Selection::Field(field) if field.node.selection_set.node.items.is_empty() => Ok(Extent::default()),
            Selection::Field(field) => self.set(&field.node.selection_set.node, level),
            Selection::InlineFragment(inline) => self.set(&inline.node.selection_set.node, level),
            Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node, level),
        }
    }

    fn fragment(&mut self, name: &'a str, level: usize) -> Result<Extent, Rejection> {
        match self.known.get(name) {
            Some(Some(extent)) => return reaches(level + extent.levels - 1).map(|()| *extent),
            Some(None) => return Err(Rejection::Cycle(name.to_owned())),
            None => {}
        }
        // One that is missing is refused by the validation.
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Extent::default()) };
        self.known.insert(name, None);
        let mut extent = self.set(&fragment.node.selection_set.node, level)?;
        extent.directives = extent.directives.saturating_add(fragment.node.directives.len());
        self.known.insert(name, Some(extent));
        Ok(extent)
    }
}

/// Whether there may be a selection set at this level.
fn reaches(level: usize) -> Result<(), Rejection> {
    if level > LEVELS { Err(Rejection::Depth(LEVELS)) } else { Ok(()) }
}

/// What a selection comes to without those in it.
fn own(selection: &Selection) -> Extent {
    let (arguments, aliased) = match selection {
        Selection::Field(field) => (field.node.arguments.as_slice(), field.node.alias.is_some()),
        Selection::FragmentSpread(_) | Selection::InlineFragment(_) => (&[] as _, false),
    };
    let directives: &[Positioned<Directive>] = selection.directives();
    let arguments = arguments.iter().chain(directives.iter().flat_map(|directive| &directive.node.arguments));
    // A value with variables in it has a type that async-graphql keeps to itself: without them it has one with a name.
    let constants = arguments.map(|(_, value)| {
        let Ok(constant) = value.node.clone().into_const_with(|_| Ok::<_, Infallible>(Value::Null));
        values(&constant)
    });
    let parts = 1 + directives.len() + constants.sum::<usize>();
    Extent { parts, aliases: usize::from(aliased), directives: directives.len(), ..Extent::default() }
}

/// How many values there are in a value, itself included.
pub(super) fn values(value: &Value) -> usize {
    match value {
        Value::List(items) => 1 + items.iter().map(values).sum::<usize>(),
        Value::Object(fields) => 1 + fields.values().map(values).sum::<usize>(),
        _ => 1,
    }
}
