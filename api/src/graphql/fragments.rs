//! What a document becomes with every fragment in its place, counted before anything walks it.
//!
//! async-graphql follows a fragment anew wherever it is spread, and holds a document to its limits only once it has: thirty
//! fragments that each spread the next one twice are a kilobyte, and minutes of work for whoever walks them. Here each is
//! counted once and remembered, so that the count takes no longer than the document is.

use std::{collections::HashMap, convert::Infallible, sync::Arc};

use async_graphql::{
    Request, ServerError, ServerResult, Value,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest},
    parser::types::{ExecutableDocument, Selection, SelectionSet},
};

/// How many levels may be under an operation or a fragment, where a spread is a level too. It is async-graphql's own limit,
/// which it does not apply to fragments that no operation spreads, though it walks them as deep.
pub(super) const NESTING: usize = 32;

/// Refuses documents that come to more than so many selections, directives and values.
pub(super) struct Expansion(pub(super) usize);

impl ExtensionFactory for Expansion {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self(self.0))
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for Expansion {
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        // One that does not parse is refused in its own place.
        if let Ok(document) = request.parsed_query() {
            check(document, self.0)?;
        }
        next.run(ctx, request).await
    }
}

fn check(document: &ExecutableDocument, limit: usize) -> ServerResult<()> {
    let mut count = Count { document, known: HashMap::new() };
    let mut total = 0_usize;
    for (_, operation) in document.operations.iter() {
        total = total.saturating_add(count.set(&operation.node.selection_set.node, 0)?.parts);
    }
    // What no operation spreads is walked as well, before it is refused for that.
    for name in document.fragments.keys() {
        if !count.known.contains_key(name.as_str()) {
            total = total.saturating_add(count.fragment(name, 0)?.parts);
        }
    }
    if total > limit {
        let message = format!("the document comes to more than {limit} selections, directives and values");
        return Err(ServerError::new(message, None));
    }
    Ok(())
}

/// How far a selection set reaches.
#[derive(Clone, Copy, Default)]
struct Extent {
    /// Selections, directives and values.
    parts: usize,
    /// Selection sets, one in the other.
    levels: usize,
}

struct Count<'a> {
    document: &'a ExecutableDocument,
    /// The fragments that were counted, and as `None` those that are being counted.
    known: HashMap<&'a str, Option<Extent>>,
}

impl<'a> Count<'a> {
    fn set(&mut self, set: &'a SelectionSet, level: usize) -> ServerResult<Extent> {
        fits(level)?;
        let mut extent = Extent::default();
        for selection in &set.items {
            let inner = self.inside(&selection.node, level + 1)?;
            extent.parts = extent.parts.saturating_add(own(&selection.node)).saturating_add(inner.parts);
            extent.levels = extent.levels.max(inner.levels);
        }
        extent.levels += 1;
        Ok(extent)
    }

    fn inside(&mut self, selection: &'a Selection, level: usize) -> ServerResult<Extent> {
        match selection {
            Selection::Field(field) if field.node.selection_set.node.items.is_empty() => Ok(Extent::default()),
            Selection::Field(field) => self.set(&field.node.selection_set.node, level),
            Selection::InlineFragment(inline) => self.set(&inline.node.selection_set.node, level),
            Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node, level),
        }
    }

    fn fragment(&mut self, name: &'a str, level: usize) -> ServerResult<Extent> {
        match self.known.get(name) {
            Some(Some(extent)) => return fits(level + extent.levels - 1).map(|()| *extent),
            Some(None) => return Err(ServerError::new(format!("the fragment {name} spreads itself"), None)),
            None => {}
        }
        // One that is missing is refused by the validation.
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Extent::default()) };
        self.known.insert(name, None);
        let extent = self.set(&fragment.node.selection_set.node, level)?;
        self.known.insert(name, Some(extent));
        Ok(extent)
    }
}

/// Whether there may be a selection set at this level.
fn fits(level: usize) -> ServerResult<()> {
    if level > NESTING {
        let message = format!("the document is nested more than {NESTING} levels deep");
        return Err(ServerError::new(message, None));
    }
    Ok(())
}

/// What a selection comes to without those in it.
fn own(selection: &Selection) -> usize {
    let arguments = match selection {
        Selection::Field(field) => field.node.arguments.as_slice(),
        Selection::FragmentSpread(_) | Selection::InlineFragment(_) => &[],
    };
    let directives = selection.directives();
    let arguments = arguments.iter().chain(directives.iter().flat_map(|directive| &directive.node.arguments));
    // A value with variables in it has a type that async-graphql keeps to itself: without them it has one with a name.
    let constants = arguments.map(|(_, value)| {
        let Ok(constant) = value.node.clone().into_const_with(|_| Ok::<_, Infallible>(Value::Null));
        values(&constant)
    });
    1 + directives.len() + constants.sum::<usize>()
}

fn values(value: &Value) -> usize {
    match value {
        Value::List(items) => 1 + items.iter().map(values).sum::<usize>(),
        Value::Object(fields) => 1 + fields.values().map(values).sum::<usize>(),
        _ => 1,
    }
}
