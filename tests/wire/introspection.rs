//! Introspection, and suggestions in errors, are off unless enabled.

use insta::assert_json_snapshot;
use serde_json::json;

use super::{on_the_wire, with_settings};
use crate::harness::TestApp;

const QUESTIONS: [&str; 5] = [
    "{ __schema { types { name } } }",
    "{ __type(name: \"User\") { name } }",
    "{ plans { tier } shape: __schema { queryType { name } } }",
    "{ ... on Query { ...Shape } } fragment Shape on Query { __schema { queryType { name } } }",
    "query ($yes: Boolean!) { __schema @include(if: $yes) { queryType { name } } }",
];

async fn without(fact: impl AsyncFnOnce(TestApp)) {
    with_settings(|config| config.introspection = false, |app| fact(app)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_is_hidden_if_introspection_is_disabled() {
    without(async |app| {
        for question in QUESTIONS {
            let code = app.visitor().is_refused(question, json!({ "yes": true })).await;
            assert_eq!(code, "INTROSPECTION_DISABLED", "{question}");
        }
        assert_json_snapshot!(app.visitor().asks(QUESTIONS[0]).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn typename_works_without_introspection() {
    without(async |app| {
        let plans = app.visitor().gets("{ plans { __typename } }", json!({})).await;
        assert_eq!(plans[0]["__typename"], "Plan");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_misspelt_name_is_corrected_only_with_introspection() {
    const MISSPELT: [&str; 2] = ["{ plan { tier } }", "{ ledger(firs: 1) { nodes { id } } }"];
    on_the_wire(async |app| {
        for document in MISSPELT {
            let answer = app.visitor().asks(document).await.to_string();
            assert!(answer.contains("Did you mean"), "{answer}");
        }
    })
    .await;
    without(async |app| {
        for document in MISSPELT {
            let answer = app.visitor().asks(document).await.to_string();
            assert!(!answer.contains("Did you mean"), "{answer}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_name_is_not_corrected() {
    on_the_wire(async |app| {
        for (bytes, is_searched) in [(64, true), (65, false)] {
            let name = format!("{:_<bytes$}", "");
            for document in
                [format!("{{ plans {{ {name} }} }}"), format!("{{ ledger({name}: 1) {{ nodes {{ id }} }} }}")]
            {
                let answer = app.visitor().asks(&document).await;
                let error = &answer["errors"][0];
                assert_eq!(error["extensions"]["code"], "BAD_REQUEST", "{answer}");
                let named = error["message"].as_str().unwrap().contains(&name);
                assert_eq!(named, is_searched, "{answer}");
            }
        }
    })
    .await;
}
