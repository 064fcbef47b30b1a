//! Documents that are made to cost: small to send, and long to walk.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{is_refused, on_the_wire, posts};
use crate::harness::{Socket, TestApp};

/// How long the refusal of a document may take, in a build without optimisation: little, and for each kilobyte what it takes
/// to parse it.
fn soon(document: &str) -> Duration {
    Duration::from_millis(200) + Duration::from_micros(20) * u32::try_from(document.len().saturating_sub(4096)).unwrap()
}

/// Fragments under `first` that each spread the next one twice: 2^levels fields.
fn nested(levels: u32, first: &str) -> String {
    let mut document = first.to_owned();
    for level in 0..levels {
        write!(document, " fragment F{level} on Query {{ ...F{0} ...F{0} }}", level + 1).unwrap();
    }
    format!("{document} fragment F{levels} on Query {{ tier }}")
}

/// What `text` says of every number under `count`, in one string.
fn numbered(count: u32, text: impl Fn(u32) -> String) -> String {
    (0..count).map(text).collect()
}

/// Refused over HTTP and over a socket, and soon.
async fn is_refused_soon(app: &TestApp, document: &str) {
    let mut socket = Socket::open(app.address(), None).await;
    let body = json!({ "query": document }).to_string();
    let start = Instant::now();
    is_refused(posts(app, "application/json", body), 400, "BAD_REQUEST").await;
    let over_http = start.elapsed();
    let start = Instant::now();
    socket.subscribes("one", document, json!({})).await;
    let message = socket.next().await;
    let over_a_socket = start.elapsed();
    assert_eq!(message["type"], "error", "{message}");
    assert_eq!(message["payload"][0]["extensions"]["code"], "BAD_REQUEST", "{message}");
    let soon = soon(document);
    assert!(over_http < soon && over_a_socket < soon, "{over_http:?}, {over_a_socket:?}: {document:.80}");
}

#[tokio::test(flavor = "multi_thread")]
async fn fragments_that_multiply_are_refused_before_they_are_walked() {
    on_the_wire(async |app| {
        // The shorter ones are within the limit on nesting.
        for levels in [20, 30, 40] {
            is_refused_soon(&app, &nested(levels, "{ ...F0 }")).await;
            is_refused_soon(&app, &nested(levels, "{ tier }")).await;
            is_refused_soon(&app, &nested(levels, "subscription { balanceChanged { version } ...F0 }")).await;
        }
        // Not deep, and wide: 20^5 fields.
        let wide = (0..5).fold("{ ...F0 }".to_owned(), |document, level| {
            format!("{document} fragment F{level} on Query {{ {} }}", format!("...F{} ", level + 1).repeat(20))
        });
        is_refused_soon(&app, &format!("{wide} fragment F5 on Query {{ tier }}")).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_hangs_on_a_fragment_multiplies_with_it() {
    on_the_wire(async |app| {
        let spreads = "...F ".repeat(2000);
        let directives = "@skip(if: false) ".repeat(1000);
        let list = format!("ledger(first: [{}]) {{ nodes {{ id }} }}", "1,".repeat(10_000));
        for heavy in [format!("... {directives} {{ tier }}"), format!("tier({})", "a: 1 ".repeat(4000)), list] {
            is_refused_soon(&app, &format!("{{ {spreads} }} fragment F on Query {{ {heavy} }}")).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fragments_that_spread_themselves_are_refused() {
    on_the_wire(async |app| {
        for document in [
            "{ ...F } fragment F on Query { tier ...F ...F }",
            "{ ...F } fragment F on Query { ...G ...G } fragment G on Query { ...F ...F }",
            "{ plans { tier } } fragment F on Query { ...F ...F }",
        ] {
            is_refused_soon(&app, document).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_chain_of_fragments_is_refused_spread_or_not() {
    on_the_wire(async |app| {
        let chain = (0..1500).fold(String::new(), |document, level| {
            format!("{document} fragment F{level} on Query {{ ...F{} }}", level + 1)
        });
        for operation in ["{ ...F0 }", "{ tier }"] {
            is_refused_soon(&app, &format!("{operation} {chain} fragment F1500 on Query {{ tier }}")).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_aliases_directives_or_fields_is_refused() {
    on_the_wire(async |app| {
        let aliases = numbered(200, |number| format!("a{number}: tier "));
        is_refused_soon(&app, &format!("{{ {aliases} }}")).await;
        is_refused_soon(&app, &format!("{{ tier {} }}", "@include(if: true) ".repeat(11))).await;
        is_refused_soon(&app, &format!("{{ {} }}", "tier ".repeat(6000))).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn brackets_without_an_end_are_refused() {
    on_the_wire(async |app| {
        for open in ["{a", "[", "{a:", "...{", "a(b:["] {
            is_refused_soon(&app, &format!("{{ tier(a: {} }}", open.repeat(10_000))).await;
            is_refused_soon(&app, &format!("{{ {} }}", open.repeat(10_000))).await;
        }
        let (open, close) = ("[".repeat(25_000), "]".repeat(25_000));
        is_refused_soon(&app, &format!("{{ tier(a: {open}{close}) }}")).await;
        let (open, close) = ("{a".repeat(15_000), "}".repeat(15_000));
        is_refused_soon(&app, &format!("{open}{close}")).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn honest_fragments_work() {
    on_the_wire(async |app| {
        let ada = app.signs_up("ada").await;
        let spreads = numbered(20, |number| format!("...F{number} "));
        let fragments = numbered(20, |number| format!("fragment F{number} on Plan {{ tier name }} "));
        let plans = ada.gets(&format!("{{ plans {{ {spreads} }} }} {fragments}"), json!({})).await;
        assert!(plans.as_array().is_some_and(|plans| !plans.is_empty()), "{plans}");
        // One in the other, as far as it goes.
        let chain = numbered(30, |level| format!("fragment F{level} on Query {{ ...F{} }} ", level + 1));
        ada.gets(&format!("{{ ...F0 }} {chain} fragment F30 on Query {{ tier }}"), json!({})).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_introspection_of_graphiql_works() {
    on_the_wire(async |app| {
        let schema: Value = app.visitor().gets(INTROSPECTION, json!({})).await;
        assert_eq!(schema["queryType"]["name"], "Query");
    })
    .await;
}

/// As graphql-js writes it.
const INTROSPECTION: &str = "query IntrospectionQuery { __schema { queryType { name } mutationType { name } \
    subscriptionType { name } types { ...FullType } directives { name description locations \
    args(includeDeprecated: true) { ...InputValue } } } } \
    fragment FullType on __Type { kind name description specifiedByURL fields(includeDeprecated: true) { name description \
    args(includeDeprecated: true) { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason } \
    inputFields(includeDeprecated: true) { ...InputValue } interfaces { ...TypeRef } \
    enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } } \
    fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated \
    deprecationReason } \
    fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name \
    ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }";
