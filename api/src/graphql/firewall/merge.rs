//! What is selected twice is run once.
//!
//! The specification merges fields of one response key before it runs them. async-graphql runs each and merges what they
//! answer: a charge that two fragments select would be made twice. So fragments are put in their place here, and fields that
//! are alike become one. What has one key and is not alike is refused: by [`super::roots`] where it changes something, by
//! the validation where it is a contradiction.

use std::{
    collections::{HashMap, HashSet},
    mem,
};

use async_graphql::{
    Name, Positioned,
    parser::types::{
        Directive, DocumentOperations, ExecutableDocument, Field, FragmentDefinition, InlineFragment,
        OperationDefinition, Selection, SelectionSet,
    },
};

use super::shape::{Shape, root};

type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;
type Items = Vec<Positioned<Selection>>;

/// Leaves an operation with each of its fields once, and with no fragment that has a name. The document has no cycles, and
/// fits its limits.
pub(super) fn once_each(document: &mut ExecutableDocument, name: Option<&str>, shape: &Shape) {
    let Some(operation) = operation(&mut document.operations, name) else { return };
    let (kind, set) = (operation.ty, mem::take(&mut operation.selection_set.node));
    let (mut here, mut elsewhere) = (HashSet::new(), HashSet::new());
    spread(&document.fragments, &set, &mut here);
    let merged = Merge { fragments: &document.fragments, shape }.set(Some(root(kind)), set.items);
    // The operation itself is empty now, and spreads nothing.
    for (_, other) in document.operations.iter() {
        spread(&document.fragments, &other.node.selection_set.node, &mut elsewhere);
    }
    // What nobody spreads stays, and is refused for that.
    document.fragments.retain(|name, _| !here.contains(name) || elsewhere.contains(name));
    if let Some(operation) = self::operation(&mut document.operations, name) {
        operation.selection_set.node = merged;
    }
}

fn operation<'a>(operations: &'a mut DocumentOperations, name: Option<&str>) -> Option<&'a mut OperationDefinition> {
    let operation = match operations {
        DocumentOperations::Single(operation) => Some(operation),
        DocumentOperations::Multiple(operations) => match name {
            Some(name) => operations.get_mut(name),
            None => operations.values_mut().next(),
        },
    };
    operation.map(|operation| &mut operation.node)
}

/// Names the fragments that a set comes to, each once.
fn spread(fragments: &Fragments, set: &SelectionSet, names: &mut HashSet<Name>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => spread(fragments, &field.node.selection_set.node, names),
            Selection::InlineFragment(inline) => spread(fragments, &inline.node.selection_set.node, names),
            Selection::FragmentSpread(one) => {
                let name = &one.node.fragment_name.node;
                if let Some(fragment) = fragments.get(name)
                    && names.insert(name.clone())
                {
                    spread(fragments, &fragment.node.selection_set.node, names);
                }
            }
        }
    }
}

struct Merge<'a> {
    fragments: &'a Fragments,
    shape: &'a Shape,
}

impl Merge<'_> {
    fn set(&self, parent: Option<&str>, items: Items) -> SelectionSet {
        let mut merged = Merged::default();
        self.place(parent, items, &mut merged);
        for item in &mut merged.items {
            match &mut item.node {
                Selection::Field(field) => {
                    let of = self.shape.of(parent, &field.node.name.node);
                    self.again(of, &mut field.node.selection_set.node);
                }
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref().map(|condition| condition.node.on.node.clone());
                    self.again(condition.as_deref().or(parent), &mut inline.node.selection_set.node);
                }
                Selection::FragmentSpread(_) => {}
            }
        }
        SelectionSet { items: merged.items }
    }

    fn again(&self, parent: Option<&str>, set: &mut SelectionSet) {
        *set = self.set(parent, mem::take(&mut set.items));
    }

    /// Puts everything that applies to `parent` for certain into one set, and what applies on a condition behind it.
    fn place(&self, parent: Option<&str>, items: Items, merged: &mut Merged) {
        for item in items {
            match item.node {
                Selection::Field(field) => merged.field(field),
                Selection::InlineFragment(inline) => self.fragment(parent, inline, merged),
                Selection::FragmentSpread(one) => match self.fragments.get(&one.node.fragment_name.node) {
                    Some(fragment) => {
                        let inline = InlineFragment {
                            type_condition: Some(fragment.node.type_condition.clone()),
                            directives: one.node.directives,
                            selection_set: fragment.node.selection_set.clone(),
                        };
                        self.fragment(parent, Positioned::new(inline, one.pos), merged);
                    }
                    None => merged.items.push(Positioned::new(Selection::FragmentSpread(one), item.pos)),
                },
            }
        }
    }

    fn fragment(&self, parent: Option<&str>, inline: Positioned<InlineFragment>, merged: &mut Merged) {
        let condition = inline.node.type_condition.as_ref().map(|condition| condition.node.on.node.as_str());
        if inline.node.directives.is_empty() && (condition.is_none() || condition == parent) {
            self.place(parent, inline.node.selection_set.node.items, merged);
        } else {
            merged.inline(inline);
        }
    }
}

/// A set that holds what is alike once.
#[derive(Default)]
struct Merged {
    items: Items,
    /// Where the fields of a response key stand.
    fields: HashMap<Name, Vec<usize>>,
    /// Where the fragments of a condition stand.
    inlines: HashMap<Option<Name>, Vec<usize>>,
}

impl Merged {
    fn field(&mut self, field: Positioned<Field>) {
        let places = self.fields.entry(field.node.response_key().node.clone()).or_default();
        for place in places.iter() {
            if let Selection::Field(first) = &mut self.items[*place].node
                && alike(&first.node, &field.node)
            {
                first.node.selection_set.node.items.extend(field.node.selection_set.node.items);
                return;
            }
        }
        places.push(self.items.len());
        let pos = field.pos;
        self.items.push(Positioned::new(Selection::Field(field), pos));
    }

    fn inline(&mut self, inline: Positioned<InlineFragment>) {
        let condition = inline.node.type_condition.as_ref().map(|condition| condition.node.on.node.clone());
        let places = self.inlines.entry(condition).or_default();
        for place in places.iter() {
            if let Selection::InlineFragment(first) = &mut self.items[*place].node
                && same_directives(&first.node.directives, &inline.node.directives)
            {
                first.node.selection_set.node.items.extend(inline.node.selection_set.node.items);
                return;
            }
        }
        places.push(self.items.len());
        let pos = inline.pos;
        self.items.push(Positioned::new(Selection::InlineFragment(inline), pos));
    }
}

fn alike(one: &Field, other: &Field) -> bool {
    one.name == other.name
        && one.arguments.len() == other.arguments.len()
        && one.arguments.iter().all(|(name, value)| other.get_argument(&name.node) == Some(value))
        && same_directives(&one.directives, &other.directives)
}

fn same_directives(one: &[Positioned<Directive>], other: &[Positioned<Directive>]) -> bool {
    let pairs = one.iter().zip(other).map(|(one, other)| (&one.node, &other.node));
    one.len() == other.len()
        && pairs.into_iter().all(|(one, other)| one.name == other.name && one.arguments == other.arguments)
}
