//! How an answer travels, by the GraphQL over HTTP specification: the client's `Accept` decides its type and its status.

use insta::assert_json_snapshot;
use reqwest::{RequestBuilder, header};
use serde_json::{Value, json};

use super::{GRAPHQL_RESPONSE, is_refused, on_the_wire};
use crate::harness::TestApp;

const JSON: &str = "application/json";

fn asks(app: &TestApp, accept: &str, query: &str) -> RequestBuilder {
    app.http().post(app.url("/graphql")).header(header::ACCEPT, accept).json(&json!({ "query": query }))
}

/// The status, the media type and the body.
async fn answer(request: RequestBuilder) -> Value {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let media_type = response.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
    json!({ "status": status, "type": media_type, "body": response.json::<Value>().await.unwrap() })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_the_newer_media_type_reads_the_status() {
    on_the_wire(async |app| {
        assert_json_snapshot!([
            answer(asks(&app, GRAPHQL_RESPONSE, "{ tier }")).await,
            answer(asks(&app, GRAPHQL_RESPONSE, "{ nonsense }")).await,
            answer(asks(&app, GRAPHQL_RESPONSE, "{ tier ")).await,
            answer(asks(&app, GRAPHQL_RESPONSE, "{ plans { tier } balance { credits } }")).await,
        ]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_the_older_media_type_gets_200() {
    on_the_wire(async |app| {
        for older in [JSON, "*/*", "application/json, */*;q=0.1"] {
            for query in ["{ plans { tier } }", "{ nonsense }", "{ tier "] {
                let answer = answer(asks(&app, older, query)).await;
                assert_eq!((&answer["status"], &answer["type"]), (&json!(200), &json!(JSON)), "{older} {query}");
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_none_has_its_status_whatever_is_accepted() {
    on_the_wire(async |app| {
        for accept in [JSON, GRAPHQL_RESPONSE] {
            let request = app.http().post(app.url("/graphql")).header(header::ACCEPT, accept);
            is_refused(request.header(header::CONTENT_TYPE, JSON).body("{"), 400, "BAD_REQUEST").await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_accepts_neither_type_is_told_so_and_nothing_runs() {
    on_the_wire(async |app| {
        let sign_up = "mutation { signUp(input: { email: \"eve@patchhive.example\", username: \"eve\", password: \
                       \"eve's password\" }) { token } }";
        for neither in ["text/html", "image/png, application/xml", "application/json;q=0"] {
            is_refused(asks(&app, neither, sign_up), 406, "BAD_REQUEST").await;
            let url = app.url("/graphql?query={plans{tier}}");
            is_refused(app.http().get(url).header(header::ACCEPT, neither), 406, "BAD_REQUEST").await;
        }
        app.signs_up("eve").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_syntax_error_is_told_by_its_place_and_not_by_the_parsers_words() {
    on_the_wire(async |app| {
        for document in ["{ tier", "{\n  plans(: ) { tier }\n}", "query { \"tier\" }", "{ tier }}", "\u{0}"] {
            let answer = answer(asks(&app, GRAPHQL_RESPONSE, document)).await;
            let message = answer["body"]["errors"][0]["message"].as_str().unwrap();
            assert!(message.starts_with("the document has a syntax error in line "), "{message}");
            assert!(message.len() < 80 && !message.contains("expected"), "{message}");
            assert!(answer["body"]["errors"][0]["locations"][0]["line"].is_u64(), "{answer}");
        }
    })
    .await;
}
