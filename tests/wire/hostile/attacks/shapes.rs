//! Documents that multiply or recurse.

use std::fmt::Write as _;

use serde_json::json;

use super::{Attack, numbered};

pub(super) fn attacks() -> Vec<Attack> {
    [fragments(), nesting()].into_iter().flatten().collect()
}

/// Fragments under `first` that each spread the next one twice: 2^levels fields.
fn doubling(levels: usize, first: &str) -> String {
    let mut document = first.to_owned();
    for level in 0..levels {
        write!(document, "fragment F{level} on Query{{...F{0} ...F{0}}}", level + 1).unwrap();
    }
    format!("{document}fragment F{levels} on Query{{tier}}")
}

fn fragments() -> Vec<Attack> {
    [doubling_fragments(), full_fragments()].into_iter().flatten().collect()
}

/// Fragments that spread others, or themselves.
fn doubling_fragments() -> Vec<Attack> {
    let wide =
        numbered(5, |level| format!(" fragment F{level} on Query {{ {} }}", format!("...F{} ", level + 1).repeat(20)));
    let chain = numbered(180, |level| format!(" fragment F{level} on Query {{ ...F{} }}", level + 1));
    vec![
        Attack::new("fragments that double, 800 bytes", "TOO_COMPLEX", doubling(21, "{...F0}")),
        Attack::new("fragments that double, unused", "TOO_COMPLEX", doubling(21, "{tier}")),
        Attack::new("fragments that double, deep", "TOO_DEEP", doubling(60, "{...F0}")),
        Attack::new(
            "fragments that double, watched",
            "TOO_COMPLEX",
            doubling(21, "subscription{balanceChanged{version}...F0}"),
        ),
        Attack::new("fragments 20^5 wide", "TOO_COMPLEX", format!("{{ ...F0 }}{wide} fragment F5 on Query {{ tier }}")),
        Attack::new("a fragment that spreads itself", "BAD_REQUEST", "{ ...F } fragment F on Query { tier ...F ...F }"),
        Attack::new(
            "fragments that spread each other",
            "BAD_REQUEST",
            "{ ...F } fragment F on Query { ...G ...G } fragment G on Query { ...F ...F }",
        ),
        Attack::new(
            "fragments that spread themselves, unused",
            "BAD_REQUEST",
            "{ tier } fragment F on Query { ...F ...F }",
        ),
        Attack::new(
            "a long chain of fragments",
            "TOO_DEEP",
            format!("{{ ...F0 }}{chain} fragment F180 on Query {{ tier }}"),
        ),
        Attack::new(
            "a long chain of fragments, unused",
            "TOO_DEEP",
            format!("{{ tier }}{chain} fragment F180 on Query {{ tier }}"),
        ),
    ]
}

/// Fragments that hold much, and are spread often.
fn full_fragments() -> Vec<Attack> {
    let heavy = |inner: &str| format!("{{ {} }} fragment F on Query {{ {inner} }}", "...F ".repeat(400));
    let spread_twice = |times: usize, fragment: &str| {
        let (outer, inner) = ("...G ".repeat(times), "...F ".repeat(40));
        format!("{{ {outer} }} fragment G on Query {{ {inner} }} fragment F on {fragment}")
    };
    let long = "x".repeat(60_000);
    vec![
        Attack::new("fragments full of fields", "TOO_COMPLEX", heavy(&"tier ".repeat(900))),
        Attack::new("fragments full of aliases", "TOO_MANY_ALIASES", heavy(&numbered(40, |n| format!("a{n}: tier ")))),
        Attack::new("fragments full of directives", "TOO_MANY_DIRECTIVES", heavy("tier @skip(if: false)")),
        Attack::new(
            "fragments full of values",
            "TOO_COMPLEX",
            heavy(&format!("ledger(first: [{}]) {{ nodes {{ id }} }}", "1,".repeat(900))),
        ),
        Attack::new(
            "fragments by the hundred",
            "BAD_REQUEST",
            format!("{{ tier }}{}", numbered(240, |n| format!(" fragment F{n} on Query {{ tier }}"))),
        ),
        Attack::new(
            "fragments full of text",
            "TOO_COMPLEX",
            spread_twice(20, &format!("Query {{ ledger(after: \"{long}\") {{ nodes {{ id }} }} }}")),
        ),
        Attack::new(
            "fragments of another type full of text",
            "TOO_COMPLEX",
            spread_twice(40, &format!("Plan {{ tier(a: \"{long}\") }}")),
        ),
    ]
}

/// A type with the types that it wraps.
const TYPE: &str = "type { name ofType { name ofType { name ofType { name } } } }";

/// The fields of a type, and what `inner` selects of the type of each, whatever lists it is wrapped in.
fn around(inner: &str) -> String {
    format!("fields {{ type {{ {inner} ofType {{ {inner} ofType {{ {inner} ofType {{ {inner} }} }} }} }} }}")
}

fn nesting() -> Vec<Attack> {
    let repeated =
        |open: &str, count: usize, close: &str| format!("{{{}a{}}}", open.repeat(count), close.repeat(count));
    let circle = around(&around(&around("fields { name description }")));
    vec![
        Attack::new("fields nested by the thousand", "TOO_DEEP", repeated("a{", 20_000, "}")),
        Attack::new("fields nested 21 deep", "TOO_DEEP", format!("{}a{}", "{a".repeat(21), "}".repeat(21))),
        Attack::new("inline fragments nested by the thousand", "TOO_DEEP", repeated("...{", 12_000, "}")),
        Attack::new(
            "lists nested by the thousand",
            "TOO_DEEP",
            format!("{{ tier(a: {}{}) }}", "[".repeat(30_000), "]".repeat(30_000)),
        ),
        Attack::new(
            "objects nested by the thousand",
            "TOO_DEEP",
            format!("{{ tier(a: {}{}) }}", "{a:".repeat(15_000), "}".repeat(15_000)),
        ),
        Attack::new("brackets without an end", "TOO_DEEP", "{".repeat(60_000)),
        Attack::new("brackets without a beginning", "BAD_REQUEST", "}".repeat(1900)),
        Attack::new("parentheses without an end", "TOO_DEEP", format!("{{ {}", "a(b:[".repeat(12_000))),
        Attack::new("types within types", "TOO_DEEP", format!("query {{ {}{}", "a{".repeat(20_000), "}".repeat(3))),
        Attack::new(
            "a type of many lists",
            "TOO_DEEP",
            format!("query ($a: {}Int{}) {{ tier }}", "[".repeat(20_000), "]".repeat(20_000)),
        ),
        Attack::new(
            "introspection that goes round",
            "TOO_COMPLEX",
            format!("{{ __schema {{ types {{ {circle} }} }} }}"),
        ),
        Attack::new(
            "introspection by alias",
            "TOO_COMPLEX",
            format!(
                "{{ {} }}",
                numbered(20, |n| format!("a{n}: __schema {{ types {{ fields {{ args {{ {TYPE} }} {TYPE} }} }} }} "))
            ),
        ),
        Attack::new(
            "introspection of any type",
            "TOO_COMPLEX",
            format!("query ($name: String!) {{ __type(name: $name) {{ {circle} }} }}"),
        )
        .with(json!({ "name": "__Type" })),
    ]
}
