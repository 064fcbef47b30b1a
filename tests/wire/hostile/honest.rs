//! Legitimate documents that resemble hostile ones are accepted.

use serde_json::{Value, json};

use crate::wire::on_the_wire;

fn numbered(count: u32, text: impl Fn(u32) -> String) -> String {
    (0..count).map(text).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn honest_fragments_work() {
    on_the_wire(async |app| {
        let ada = app.signs_up("ada").await;
        let spreads = numbered(20, |number| format!("...F{number} "));
        let fragments = numbered(20, |number| format!("fragment F{number} on Plan {{ tier name }} "));
        let plans = ada.gets(&format!("{{ plans {{ {spreads} }} }} {fragments}"), json!({})).await;
        assert!(plans.as_array().is_some_and(|plans| !plans.is_empty()), "{plans}");
        // Nested as deeply as allowed.
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

/// The introspection query of graphql-js.
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
