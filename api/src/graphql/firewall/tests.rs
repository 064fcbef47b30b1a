//! The firewall with random documents.

use std::sync::LazyLock;

use async_graphql::parser::types::Selection;
use proptest::{collection::vec, prelude::*, sample::select};

use super::*;

static FIREWALL: LazyLock<Firewall> = LazyLock::new(|| Firewall::new(DocumentLimits::default(), true));

/// Words, numbers, strings and signs. What begins like a value is left out: it counts twice.
fn token() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-eg-mo-su-zA-Z_][a-zA-Z0-9_]{0,6}",
        "-?(0|[1-9][0-9]{0,4})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?",
        "\"([a-z é#{]|\\\\[\"n]){0,6}\"",
        "\"\"\"([a-z \n{]|\\\\\"\"\"){0,6}\"\"\"",
        select(vec!["...", "@", "$", "!", "=", ":", "|", "&"]).prop_map(ToOwned::to_owned),
    ]
}

/// Pieces of values, together with what is none.
fn soup() -> impl Strategy<Value = String> {
    let pieces = [
        "0", "1", "-", ".", "e", "null", "true", "x", "\"", "\"\"", "\"\"\"", "\\", " ", "\n", "#", "[", "]", "{", "}",
        "a:", "$", "é", "\u{feff}",
    ];
    vec(select(pieces.to_vec()), 0..16).prop_map(|pieces| pieces.concat())
}

/// A field, and what is selected of it.
#[derive(Clone, Debug)]
struct Node {
    alias: bool,
    directive: bool,
    argument: bool,
    inside: Vec<Self>,
}

impl Node {
    fn tree() -> impl Strategy<Value = Vec<Self>> {
        let node = |((alias, directive, argument), inside)| Self { alias, directive, argument, inside };
        let leaf = any::<(bool, bool, bool)>().prop_map(move |own| node((own, Vec::new())));
        let branch =
            leaf.prop_recursive(6, 40, 4, move |inner| (any::<(bool, bool, bool)>(), vec(inner, 1..4)).prop_map(node));
        vec(branch, 1..4)
    }

    fn write(nodes: &[Self]) -> String {
        let fields = nodes.iter().map(|node| {
            let alias = if node.alias { "b: " } else { "" };
            let argument = if node.argument { "(c: [1, 2])" } else { "" };
            let directive = if node.directive { " @include(if: true)" } else { "" };
            let inside = if node.inside.is_empty() { String::new() } else { Self::write(&node.inside) };
            format!("{alias}a{argument}{directive} {inside}")
        });
        format!("{{ {} }}", fields.collect::<String>())
    }

    /// Limits that it fits with nothing to spare.
    fn limits(nodes: &[Self]) -> DocumentLimits {
        let none = DocumentLimits { depth: 0, aliases: 0, directives: 0, complexity: 0, ..DocumentLimits::default() };
        nodes.iter().fold(none, |sum, node| {
            let inside = Self::limits(&node.inside);
            let parts = 1 + 2 * usize::from(node.directive) + 3 * usize::from(node.argument);
            DocumentLimits {
                depth: sum.depth.max(1 + inside.depth),
                aliases: sum.aliases + usize::from(node.alias) + inside.aliases,
                directives: sum.directives + usize::from(node.directive) + inside.directives,
                complexity: sum.complexity + parts + inside.complexity,
                ..sum
            }
        })
    }
}

/// The number of values that the parser reads in the one argument of the one field.
fn values(document: &ExecutableDocument) -> Option<usize> {
    let (_, operation) = document.operations.iter().next()?;
    let Selection::Field(field) = &operation.node.selection_set.node.items.first()?.node else { return None };
    let (_, value) = field.node.arguments.first()?;
    Some(size::values(&value.node))
}

#[test]
fn a_long_default_counts_in_the_memory_of_its_operation() {
    let parts = |default: &str| {
        let document = format!("query ($v: String = \"{default}\") {{ ledger(after: $v) {{ nodes {{ id }} }} }}");
        FIREWALL.prepare(&document, None).unwrap().parts()
    };
    assert_eq!(parts(&"x".repeat(6400)) - parts(""), 100);
}

proptest! {
    #[test]
    fn as_many_tokens_are_counted_as_were_written(
        text in vec((token(), "([ ,\t\n\r\u{feff}]|#[a-z\"{]{0,5}\n){1,3}"), 1..40)
    ) {
        let tokens = text.len();
        let text: String = text.into_iter().flat_map(|(token, gap)| [token, gap]).collect();
        let check = |tokens| text::check(&text, &DocumentLimits { tokens, ..DocumentLimits::default() });
        prop_assert_eq!(check(tokens), Ok(()));
        prop_assert_eq!(check(tokens - 1), Err(Rejection::Tokens(tokens - 1)));
    }

    #[test]
    fn the_parser_reads_nothing_that_was_not_counted(soup in soup()) {
        let text = format!("{{ a(b: [{soup}]) }}");
        if let Some(values) = parse_query(&text).ok().as_ref().and_then(values) {
            // The list is a value, and nine tokens that are not in it are there for sure.
            let limits = DocumentLimits { tokens: values + 7, ..DocumentLimits::default() };
            prop_assert!(text::check(&text, &limits).is_err(), "{values} values");
        }
    }

    #[test]
    fn a_document_fits_its_own_size_and_nothing_less(nodes in Node::tree()) {
        let document = parse_query(Node::write(&nodes)).unwrap();
        let exact = Node::limits(&nodes);
        prop_assert_eq!(size::check(&document, &exact, &Shape::default()), Ok(()));
        let DocumentLimits { depth, aliases, directives, complexity, .. } = exact;
        let less = |change: fn(&mut DocumentLimits)| {
            let mut less = exact.clone();
            change(&mut less);
            size::check(&document, &less, &Shape::default())
        };
        prop_assert_eq!(less(|limits| limits.depth -= 1), Err(Rejection::Depth(depth - 1)));
        let too_complex = Rejection::Complexity { weight: complexity, limit: complexity - 1 };
        prop_assert_eq!(less(|limits| limits.complexity -= 1), Err(too_complex));
        if aliases > 0 {
            prop_assert_eq!(less(|limits| limits.aliases -= 1), Err(Rejection::Aliases(aliases - 1)));
        }
        if directives > 0 {
            prop_assert_eq!(less(|limits| limits.directives -= 1), Err(Rejection::Directives(directives - 1)));
        }
    }

    #[test]
    fn any_text_is_inspected_and_what_does_not_parse_is_refused(text in "(?s).{0,60}", soup in soup()) {
        for text in [text, format!("{{ a(b: [{soup}]) }}"), format!("{{ {soup} }}"), soup] {
            let parses = parse_query(&text).is_ok();
            prop_assert!(parses || FIREWALL.prepare(&text, None).is_err(), "{text:?}");
        }
    }
}
