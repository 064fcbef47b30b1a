//! The client's `Accept` decides media type and status of a response, by the GraphQL over HTTP specification.

use insta::assert_json_snapshot;
use reqwest::{RequestBuilder, header};
use serde_json::{Value, json};

use super::{GRAPHQL_RESPONSE, is_refused, on_the_wire};
use crate::harness::{Socket, TestApp};

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
async fn a_malformed_request_has_its_status_whatever_is_accepted() {
    on_the_wire(async |app| {
        for accept in [JSON, GRAPHQL_RESPONSE] {
            let request = app.http().post(app.url("/graphql")).header(header::ACCEPT, accept);
            is_refused(request.header(header::CONTENT_TYPE, JSON).body("{"), 400, "BAD_REQUEST").await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_accepts_neither_type_gets_406_and_nothing_runs() {
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
async fn a_syntax_error_is_reported_by_its_place_without_the_parsers_terms() {
    on_the_wire(async |app| {
        let (long, cut) = (format!("{{ tier }} {}", "x".repeat(120)), format!("\"{}\"", "x".repeat(40)));
        for (document, found) in [
            ("{ tier", "its end"),
            ("{\n  plans(: ) { tier }\n}", "\":\""),
            ("query { \"a secret\" }", "a string"),
            ("{ tier }}", "\"}\""),
            ("{\n  \u{e9}\u{e9} plans { tier }\n}", "\"\u{e9}\""),
            ("\u{0}", "\"\\0\""),
            (long.as_str(), cut.as_str()),
        ] {
            let answer = answer(asks(&app, GRAPHQL_RESPONSE, document)).await;
            let error = &answer["body"]["errors"][0];
            let place = &error["locations"][0];
            let (line, column) = (&place["line"], &place["column"]);
            let expected = format!("The document has a syntax error in line {line}, column {column}, at {found}.");
            assert_eq!(error["message"], expected, "{document}");
            assert!(line.is_u64() && column.is_u64(), "{answer}");
        }
        let open = answer(asks(&app, GRAPHQL_RESPONSE, "{ a(b: \"\"\"c) }")).await;
        let message = "The document has a syntax error: a block string is not closed.";
        assert_eq!(open["body"]["errors"][0]["message"], message);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_has_the_accepted_media_type() {
    on_the_wire(async |app| {
        let post = |accept: &str| app.http().post(app.url("/graphql")).header(header::ACCEPT, accept);
        let good = json!({ "query": "{ tier }" });
        for (accept, media_type) in [
            (GRAPHQL_RESPONSE, GRAPHQL_RESPONSE),
            ("application/graphql-response+json,application/json;q=0.9", GRAPHQL_RESPONSE),
            (JSON, JSON),
            ("*/*", JSON),
            ("text/html", JSON),
        ] {
            for (request, status) in [
                (post(accept).json(&good).bearer_auth("ended"), 401),
                (post(accept).header(header::CONTENT_TYPE, JSON).body("x"), 400),
                (post(accept).json(&json!([good])), 400),
                (post(accept).header(header::CONTENT_TYPE, JSON).body(" ".repeat(70_000)), 413),
                (post(accept).body("x"), 415),
                (app.http().put(app.url("/graphql")).header(header::ACCEPT, accept), 405),
            ] {
                let response = request.send().await.unwrap();
                assert_eq!(response.headers()[header::CONTENT_TYPE], media_type, "{accept} {status}");
                if accept != "text/html" {
                    assert_eq!(response.status(), status, "{accept}");
                }
                let body: Value = response.json().await.unwrap();
                assert!(body["errors"][0]["extensions"]["code"].is_string(), "{body}");
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_authorization_is_none() {
    on_the_wire(async |app| {
        for empty in ["", " ", "\t"] {
            let plans = asks(&app, JSON, "{ plans { tier } }").header(header::AUTHORIZATION, empty);
            let plans: Value = plans.send().await.unwrap().json().await.unwrap();
            assert!(plans["data"]["plans"].is_array(), "{empty:?}: {plans}");
            let tier = asks(&app, JSON, "{ tier }").header(header::AUTHORIZATION, empty);
            let tier: Value = tier.send().await.unwrap().json().await.unwrap();
            assert_eq!(tier["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{empty:?}: {tier}");
            let mut socket = Socket::open(app.address(), Some(json!({ "Authorization": empty }))).await;
            socket.subscribes("1", "{ plans { tier } }", json!({})).await;
            assert_eq!(socket.next().await["type"], "next");
        }
        for wrong in [&b"Bearer"[..], b"Bearer ", b"\xff", b"Basic YTpi"] {
            let value = header::HeaderValue::from_bytes(wrong).unwrap();
            is_refused(
                asks(&app, GRAPHQL_RESPONSE, "{ plans { tier } }").header(header::AUTHORIZATION, value),
                401,
                "UNAUTHENTICATED",
            )
            .await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_to_another_protocol_is_ignored() {
    on_the_wire(async |app| {
        let url = app.url("/graphql?query={plans{tier}}");
        for other in ["h2c", "TLS/1.3, h2c", "websockets"] {
            let request = app.http().get(&url).header(header::CONNECTION, "upgrade").header(header::UPGRADE, other);
            assert_eq!(request.send().await.unwrap().status(), 200, "{other}");
        }
        let request = app.http().get(&url).header(header::CONNECTION, "upgrade").header(header::UPGRADE, "WebSocket");
        is_refused(request, 400, "BAD_REQUEST").await;
    })
    .await;
}
