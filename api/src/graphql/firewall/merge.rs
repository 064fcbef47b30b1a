//! Merges fields that are selected twice, so that they run once.
//!
//! The specification merges the fields of one response key before it runs them. async-graphql runs each of them and merges
//! the results: a charge that two fragments select would be made twice. So fragments are expanded here and equal fields
//! become one. Fields of one key that are not equal are refused: by [`super::root_fields`] in mutations and subscriptions,
//! and by the validation where they contradict each other.

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

/// Leaves an operation with each of its fields once, and without named fragments. The document must have no cycles and fit its
/// limits.
pub(super) fn once_each(document: &mut ExecutableDocument, name: Option<&str>, shape: &Shape) {
    let Some(operation) = operation(&mut document.operations, name) else { return };
    let (kind, set) = (operation.ty, mem::take(&mut operation.selection_set.node));
    let (mut here, mut elsewhere) = (HashSet::new(), HashSet::new());
    spread(&document.fragments, &set, &mut here);
    let merged = Merge { fragments: &document.fragments, shape }.set(Some(root(kind)), set.items);
    // The operation itself is empty now and spreads nothing.
    for (_, other) in document.operations.iter() {
        spread(&document.fragments, &other.node.selection_set.node, &mut elsewhere);
    }
    // Fragments that no operation spreads stay, so that the validation refuses the document for them.
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

/// Collects the names of the fragments that a set reaches.
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
        let mut merged = MergedSelection::default();
        self.place(parent, items, &mut merged);
        for item in &mut merged.items {
            match &mut item.node {
                Selection::Field(field) => {
                    let of = self.shape.of_field(parent, &field.node.name.node);
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

    /// Collects the items of a set: what applies to `parent` in any case becomes part of it, the rest stays in inline fragments.
    fn place(&self, parent: Option<&str>, items: Items, merged: &mut MergedSelection) {
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

    fn fragment(&self, parent: Option<&str>, inline: Positioned<InlineFragment>, merged: &mut MergedSelection) {
        let condition = inline.node.type_condition.as_ref().map(|condition| condition.node.on.node.as_str());
        if inline.node.directives.is_empty() && (condition.is_none() || condition == parent) {
            self.place(parent, inline.node.selection_set.node.items, merged);
        } else {
            merged.inline(inline);
        }
    }
}

/// A set that holds equal items once.
#[derive(Default)]
struct MergedSelection {
    items: Items,
    /// The positions of the fields of each response key.
    fields: HashMap<Name, Vec<usize>>,
    /// The positions of the inline fragments of each type condition.
    inlines: HashMap<Option<Name>, Vec<usize>>,
}

impl MergedSelection {
    fn field(&mut self, field: Positioned<Field>) {
        let places = self.fields.entry(field.node.response_key().node.clone()).or_default();
        for place in places.iter() {
            if let Selection::Field(first) = &mut self.items[*place].node
                && equal(&first.node, &field.node)
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

fn equal(one: &Field, other: &Field) -> bool {
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
