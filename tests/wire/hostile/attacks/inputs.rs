//! Documents with values of wrong types and unknown names.

use serde_json::json;

use super::{Attack, numbered};

pub(super) fn attacks() -> Vec<Attack> {
    [inputs(), named_everywhere(), invalid()].into_iter().flatten().collect()
}

fn inputs() -> Vec<Attack> {
    let sign_up = "mutation ($input: SignUpInput!) { signUp(input: $input) { token } }";
    let deep = (0..100).fold(json!(1), |inner, _| json!({ "email": inner }));
    let wide: serde_json::Map<_, _> = (0..5000).map(|n| (format!("a{n}"), json!(n))).collect();
    let many = |count: usize| numbered(count, |n| format!("$a{n}: Int "));
    vec![
        Attack::new("a deep input", "TOO_DEEP", sign_up).with(json!({ "input": deep })),
        Attack::new("a deep list", "TOO_DEEP", sign_up)
            .with(json!({ "input": (0..100).fold(json!(1), |inner, _| json!([inner])) })),
        Attack::new("a wide input", "BAD_REQUEST", sign_up).with(json!({ "input": wide })),
        Attack::new("a long list", "BAD_REQUEST", sign_up).with(json!({ "input": vec![1; 30_000] })),
        Attack::new("a long value", "BAD_REQUEST", "query ($n: Int!) { creditQuote(credits: $n) { credits } }")
            .with(json!({ "n": "x".repeat(60_000) })),
        Attack::new("variables that nobody uses", "BAD_REQUEST", format!("query ({}) {{ tier }}", many(450))),
        Attack::new("variables by the thousand", "TOO_MANY_TOKENS", format!("query ({}) {{ tier }}", many(4000))),
        Attack::new(
            "one variable by the hundred",
            "BAD_REQUEST",
            format!("query ({}) {{ creditQuote(credits: $a) {{ credits }} }}", "$a: Int! ".repeat(380)),
        )
        .with(json!({ "a": 1 })),
        Attack::new(
            "variables that nobody declared",
            "BAD_REQUEST",
            format!("{{ plans {{ {} }} }}", numbered(200, |n| format!("tier(a: $a{n}) "))),
        ),
        Attack::new(
            "a default that is deep",
            "TOO_DEEP",
            format!("query ($a: Int = {}1{}) {{ tier }}", "[".repeat(20_000), "]".repeat(20_000)),
        ),
        Attack::new(
            "a variable that is missing",
            "BAD_REQUEST",
            "query ($n: Int!) { creditQuote(credits: $n) { credits } }",
        ),
    ]
}

/// One large variable, named in as many places as a document has room for.
fn named_everywhere() -> Vec<Attack> {
    let input = json!({ "email": "a", "password": "b" });
    let objects = json!({ "v": vec![input; 1900] });
    let text = json!({ "v": "x".repeat(55_000) });
    let fields = "ledger(first: $v) { nodes { id } } ".repeat(120);
    let pages = |count: usize| numbered(count, |n| format!("a{n}: ledger(after: $v) {{ nodes {{ id }} }} "));
    let others = numbered(45, |n| format!(" query O{n}($v: [LogInInput!]) {{ ...F }}"));
    let spread = "...F ".repeat(40);
    let skips = "tier @skip(if: $v) ".repeat(48);
    vec![
        Attack::new(
            "a list of objects, named by fragments",
            "TOO_COMPLEX",
            format!("query ($v: [LogInInput!]) {{ {spread} }} fragment F on Query {{ {fields} }}"),
        )
        .with(objects.clone()),
        Attack::new(
            "a list of objects, named by arguments",
            "TOO_COMPLEX",
            format!("query ($v: [LogInInput!]) {{ {fields} }}"),
        )
        .with(objects.clone()),
        Attack::new(
            "a list of objects, named by operations that do not run",
            "BAD_REQUEST",
            format!(
                "query A {{ nonsense }}{others} fragment F on Query {{ {} }}",
                "ledger(first: $v) { nodes { id } } ".repeat(12)
            ),
        )
        .with(objects.clone())
        .named("A"),
        Attack::new(
            "a list of objects, named by directives",
            "TOO_COMPLEX",
            format!("query ($v: [LogInInput!]) {{ {skips} }}"),
        )
        .with(objects),
        Attack::new("a long text, named by pages", "TOO_COMPLEX", format!("query ($v: String) {{ {} }}", pages(20)))
            .with(text),
        Attack::new(
            "a long default, named by pages",
            "TOO_COMPLEX",
            format!("query ($v: String = \"{}\") {{ {} }}", "x".repeat(55_000), pages(20)),
        ),
        Attack::new(
            "a long default, named by a fragment of another operation",
            "BAD_REQUEST",
            format!(
                "query A($v: String = \"{}\") {{ tier }} query B {{ ...F }} \
                 fragment F on Query {{ ledger(after: [{}]) {{ nodes {{ id }} }} }}",
                "x".repeat(50_000),
                "$v ".repeat(940)
            ),
        )
        .named("A"),
        Attack::new(
            "a list, declared by the hundred",
            "BAD_REQUEST",
            format!("query ({}) {{ tier }}", "$v: [Int] ".repeat(300)),
        )
        .with(json!({ "v": vec![1; 25_000] })),
    ]
}

fn invalid() -> Vec<Attack> {
    let names = |count: usize, bytes: usize| numbered(count, |n| format!("{n:x>bytes$} "));
    vec![
        Attack::new("unknown fields", "BAD_REQUEST", format!("{{ plans {{ {} }} }}", names(1900, 32))),
        Attack::new("unknown fields with long names", "BAD_REQUEST", format!("{{ plans {{ {} }} }}", names(600, 100))),
        Attack::new(
            "unknown arguments",
            "BAD_REQUEST",
            format!("{{ ledger({}) {{ nodes {{ id }} }} }}", numbered(600, |n| format!("{n:x>90}:1 "))),
        ),
        Attack::new(
            "unknown fragments",
            "BAD_REQUEST",
            format!("{{ {} }}", numbered(900, |n| format!("...{n:x>60} "))),
        ),
        Attack::new(
            "unknown types",
            "BAD_REQUEST",
            format!("{{ plans {{ {} }} }}", numbered(300, |n| format!("... on {n:x>90} {{ tier }} "))),
        ),
        Attack::new(
            "unknown types of variables",
            "BAD_REQUEST",
            format!("query ({}) {{ tier }}", numbered(450, |n| format!("$a{n}: {n:x>90} "))),
        ),
        Attack::new("a default of a list of an unknown type", "BAD_REQUEST", "query ($a: [Nothing] = [1]) { tier }"),
        Attack::new(
            "a default of an unknown type in an operation that does not run",
            "BAD_REQUEST",
            "query A { tier } query B($a: [[Nothing!]] = [[1]]) { tier }",
        )
        .named("A"),
        Attack::new(
            "unknown directives",
            "BAD_REQUEST",
            format!("{{ plans {{ {} }} }}", numbered(48, |n| format!("tier @{n:x>900} "))),
        ),
        Attack::new(
            "fields that contradict each other",
            "BAD_REQUEST",
            format!("{{ plans {{ {} }} }}", numbered(250, |n| format!("tier(a: {n}) "))),
        ),
        Attack::new(
            "fields that contradict each other, in fragments",
            "BAD_REQUEST",
            format!("{{ plans {{ {} }} }}", numbered(150, |n| format!("... on Plan {{ tier(a: {n}) }} "))),
        ),
        Attack::new("leaves with fields", "BAD_REQUEST", format!("{{ plans {{ {} }} }}", "tier { a } ".repeat(450))),
    ]
}
