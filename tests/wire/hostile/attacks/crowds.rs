//! Documents with too many of something.

use serde_json::json;

use super::{Attack, numbered};

pub(super) fn attacks() -> Vec<Attack> {
    [parts(), roots()].into_iter().flatten().collect()
}

fn parts() -> Vec<Attack> {
    vec![
        Attack::new(
            "aliases by the thousand",
            "TOO_MANY_TOKENS",
            format!("{{ {} }}", numbered(5000, |n| format!("a{n}:tier "))),
        ),
        Attack::new(
            "aliases by the hundred",
            "TOO_MANY_ALIASES",
            format!("{{ {} }}", numbered(200, |n| format!("a{n}:tier "))),
        ),
        Attack::new("fields by the thousand", "TOO_MANY_TOKENS", format!("{{ {} }}", "tier ".repeat(12_000))),
        Attack::new("directives by the thousand", "TOO_MANY_TOKENS", format!("{{ tier {} }}", "@a ".repeat(20_000))),
        Attack::new(
            "directives by the hundred",
            "TOO_MANY_DIRECTIVES",
            format!("{{ tier {} }}", "@skip(if: false) ".repeat(280)),
        ),
        Attack::new(
            "directives of the operation",
            "TOO_MANY_DIRECTIVES",
            format!("query {} {{ tier }}", "@a ".repeat(900)),
        ),
        Attack::new(
            "operations by the thousand",
            "TOO_MANY_TOKENS",
            numbered(3000, |n| format!("query A{n} {{ tier }} ")),
        ),
        Attack::new(
            "operations by the hundred",
            "TOO_MANY_OPERATIONS",
            numbered(390, |n| format!("query A{n} {{ tier }} ")),
        ),
        Attack::new("operations of one name", "BAD_REQUEST", "query A { tier } ".repeat(390)),
        Attack::new(
            "arguments by the hundred",
            "BAD_REQUEST",
            format!("{{ plans({}) {{ tier }} }}", numbered(600, |n| format!("a{n}:1 "))),
        ),
        Attack::new(
            "one argument by the hundred",
            "BAD_REQUEST",
            format!("{{ ledger({}) {{ nodes {{ id }} }} }}", "first:1 ".repeat(600)),
        ),
    ]
}

fn roots() -> Vec<Attack> {
    let mutation = "mutation { a: cancelSubscription { __typename } b: cancelSubscription { __typename } }";
    vec![
        Attack::new(
            "root fields",
            "TOO_MANY_ROOT_FIELDS",
            format!("{{ {} }}", numbered(30, |n| format!("a{n}:tier "))),
        ),
        Attack::new(
            "log-ins by alias",
            "TOO_MANY_ROOT_FIELDS",
            format!(
                "mutation {{ {} }}",
                numbered(40, |n| format!(
                    "a{n}: logIn(input: {{ email: \"ada@patchhive.example\", password: \"{n}\" }}) {{ token }} "
                ))
            ),
        ),
        Attack::new("two mutations", "TOO_MANY_ROOT_FIELDS", mutation),
        Attack::new(
            "two subscriptions",
            "TOO_MANY_ROOT_FIELDS",
            "subscription { balanceChanged { version } subscriptionChanged { id } }",
        ),
        Attack::new(
            "pages in pages",
            "TOO_COMPLEX",
            format!(
                "{{ users(first: 100) {{ nodes {{ {} }} }} }}",
                numbered(40, |n| format!("a{n}: balance {{ credits }} "))
            ),
        ),
        Attack::new("a page of a million", "BAD_USER_INPUT", "{ ledger(first: 1000000) { nodes { id } } }"),
        Attack::new(
            "a page of a million, by a variable",
            "BAD_USER_INPUT",
            "query ($n: Int) { ledger(last: $n) { nodes { id } } }",
        )
        .with(json!({ "n": 1_000_000 })),
    ]
}
