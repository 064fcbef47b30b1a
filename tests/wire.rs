//! HTTP works as clients, browsers and proxies expect.

mod connections;
mod documents;
mod events;
mod fault;
mod fields;
mod hostile;
mod introspection;
mod limits;
mod multipart;
mod negotiation;
mod once;
mod origin;
mod pages;
mod passwords;
mod protection;
mod site;
mod socket;

use patch_hive::config::Config;
use reqwest::{Method, RequestBuilder, Response, header};
use serde_json::{Value, json};

use crate::harness::{Backend, TestApp, app::run_with};

const ORIGIN: &str = "https://app.patchhive.example";

/// The media type whose status shows a refused request.
const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";

/// Runs a fact that does not depend on the database.
async fn on_the_wire<F: Future<Output = ()>>(fact: impl FnOnce(TestApp) -> F) {
    run_with(Backend::Sqlite, |_| {}, fact).await;
}

/// Runs a fact as [`on_the_wire`] does, with other settings.
async fn with_settings<F: Future<Output = ()>>(change: impl FnOnce(&mut Config), fact: impl FnOnce(TestApp) -> F) {
    run_with(Backend::Sqlite, change, fact).await;
}

fn posts(app: &TestApp, content_type: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
    let request = app.http().post(app.url("/graphql")).header(header::ACCEPT, GRAPHQL_RESPONSE);
    request.header(header::CONTENT_TYPE, content_type).body(body)
}

/// The status, and the code of the first error.
async fn refusal(request: RequestBuilder) -> (u16, String) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    assert!(body.get("data").is_none(), "{body}");
    let message = body["errors"][0]["message"].as_str().unwrap_or_default();
    assert!(!message.is_empty(), "{body}");
    (status, body["errors"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("{body}")).to_owned())
}

async fn is_refused(request: RequestBuilder, status: u16, code: &str) {
    assert_eq!(refusal(request).await, (status, code.to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limit_is_too_large() {
    on_the_wire(async |app| {
        let query = "{ plans { tier } }";
        let fits = json!({ "query": format!("{query}{}", " ".repeat(60_000)) });
        assert_eq!(posts(&app, "application/json", fits.to_string()).send().await.unwrap().status(), 200);
        for bytes in [65_537, 1_000_000] {
            let body = json!({ "query": format!("{query}{}", " ".repeat(bytes)) }).to_string();
            is_refused(posts(&app, "application/json", body), 413, "PAYLOAD_TOO_LARGE").await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_not_a_request_is_refused() {
    on_the_wire(async |app| {
        for body in [
            "",
            " ",
            "{",
            "null",
            "[]",
            "{}",
            "42",
            r#""query""#,
            r#"{"query": 42}"#,
            r#"{"query": null}"#,
            r#"[{"query": "{ plans { tier } }"}]"#,
            r#"{"query": "{ plans { tier } }", "variables": []}"#,
            "\u{feff}{}",
        ] {
            is_refused(posts(&app, "application/json", body), 400, "BAD_REQUEST").await;
        }
        is_refused(posts(&app, "application/json", vec![0xff, 0xfe]), 400, "BAD_REQUEST").await;
        let deep = format!(
            r#"{{"query": "{{ plans {{ tier }} }}", "variables": {{"a": {}{}}}}}"#,
            "[".repeat(9000),
            "]".repeat(9000)
        );
        is_refused(posts(&app, "application/json", deep), 400, "BAD_REQUEST").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_json_is_read() {
    on_the_wire(async |app| {
        let body = r#"{"query": "{ plans { tier } }"}"#;
        for other in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/graphql",
            "application/jsonp",
            "",
        ] {
            is_refused(posts(&app, other, body), 415, "BAD_REQUEST").await;
        }
        is_refused(app.http().post(app.url("/graphql")).body(body), 415, "BAD_REQUEST").await;
        is_refused(posts(&app, "application/json; charset=latin1", body), 415, "BAD_REQUEST").await;
        for json in ["application/json", "application/json; charset=utf-8", "Application/JSON;Charset=\"UTF-8\""] {
            assert_eq!(posts(&app, json, body).send().await.unwrap().status(), 200, "{json}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_may_come_by_get() {
    on_the_wire(async |app| {
        let ada = app.signs_up("ada").await;
        let query = [
            ("query", "query ($credits: Int!) { viewer { username } creditQuote(credits: $credits) { credits } }"),
            ("variables", r#"{"credits": 30}"#),
        ];
        let url = reqwest::Url::parse_with_params(&app.url("/graphql"), query).unwrap();
        let answer: Value = app.http().get(url).bearer_auth(ada.token()).send().await.unwrap().json().await.unwrap();
        let data = json!({ "viewer": { "username": "ada" }, "creditQuote": { "credits": 30 } });
        assert_eq!(answer, json!({ "data": data }));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mutation_by_get_changes_nothing() {
    on_the_wire(async |app| {
        let ada = app.signs_up("ada").await;
        let mutation = "mutation { cancelSubscription { __typename } }";
        let hidden = format!("query Read {{ plans {{ tier }} }} {mutation}").replace("mutation {", "mutation Write {");
        for query in [vec![("query", mutation)], vec![("query", hidden.as_str()), ("operationName", "Write")]] {
            let url = reqwest::Url::parse_with_params(&app.url("/graphql"), query).unwrap();
            let response = app.http().get(url.clone()).bearer_auth(ada.token()).send().await.unwrap();
            assert_eq!(response.headers()[header::ALLOW], "POST");
            is_refused(app.http().get(url).bearer_auth(ada.token()), 405, "BAD_REQUEST").await;
        }
        assert!(app.sandbox().requests().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_get_without_a_query_says_what_to_send() {
    on_the_wire(async |app| {
        for path in ["/graphql", "/graphql?query=", "/graphql?query={plans{tier}}&variables=nonsense"] {
            is_refused(app.http().get(app.url(path)), 400, "BAD_REQUEST").await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_methods_learn_which_to_use() {
    on_the_wire(async |app| {
        for (method, path, known) in [
            (Method::PUT, "/graphql", "GET,HEAD,POST"),
            (Method::DELETE, "/graphql", "GET,HEAD,POST"),
            (Method::TRACE, "/graphql", "GET,HEAD,POST"),
            (Method::GET, "/api/payments/webhook", "POST"),
            (Method::POST, "/", "GET,HEAD"),
        ] {
            let request = || app.http().request(method.clone(), app.url(path));
            let response = request().send().await.unwrap();
            assert_eq!(response.headers()[header::ALLOW], known, "{method} {path}");
            is_refused(request(), 405, "BAD_REQUEST").await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_cannot_run_has_a_code_and_no_data() {
    on_the_wire(async |app| {
        for document in [
            "",
            "{",
            "{ nonsense }",
            "{ plans { nonsense } }",
            "{ plans }",
            "{ creditQuote { credits } }",
            r#"{ creditQuote(credits: "ten") { credits } }"#,
            "query One { plans { tier } } query Two { plans { tier } }",
            "subscription { balanceChanged { version } }",
            "fragment F on Plan { tier }",
            "{ ...Missing }",
        ] {
            let body = json!({ "query": document }).to_string();
            is_refused(posts(&app, "application/json", body), 400, "BAD_REQUEST").await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_too_deep_or_too_wide_is_refused_before_it_runs() {
    let settings = |config: &mut Config| {
        (config.limits.document.depth, config.limits.document.complexity) = (3, 100);
    };
    with_settings(settings, async |app| {
        let deep = "{ ledger { nodes { payment { id } } } }";
        let wide = "{ ledger(first: 100) { nodes { id version changeType creditsDelta balanceAfter notes createdAt __typename \
                    a: id b: id c: id } } }";
        for (document, code) in [(deep, "TOO_DEEP"), (wide, "TOO_COMPLEX")] {
            let body = json!({ "query": document }).to_string();
            is_refused(posts(&app, "application/json", body), 400, code).await;
        }
        let ada = app.signs_up("ada").await;
        ada.gets("{ ledger(first: 10) { nodes { id } } }", json!({})).await;
        let answer = ada.asks("{ ledger(first: 100) { nodes { id version } } }").await;
        let error = &answer["errors"][0];
        // The list once, and its nodes with two fields for each of a hundred rows.
        let expected = json!({ "code": "TOO_COMPLEX", "limit": 100, "weight": 301 });
        assert_eq!(error["extensions"], expected, "{answer}");
        let message = "The document has 301 fields, arguments and values, counting lists by their page. The limit is 100.";
        assert_eq!(error["message"], message);
        let answer = ada.asks(deep).await;
        assert_eq!(answer["errors"][0]["extensions"], json!({ "code": "TOO_DEEP", "limit": 3 }));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_limits_let_a_rich_page_through_and_not_a_hundred_of_them() {
    on_the_wire(async |app| {
        let ada = app.signs_up("ada").await;
        let page = "ledger(first: 100) { nodes { id version changeType creditsDelta balanceAfter payment { id amount { \
                    amount currency } status } } pageInfo { endCursor hasNextPage } }";
        ada.gets(&format!("{{ {page} }}"), json!({})).await;
        let many = (0..100).map(|n| format!("a{n}: {page}")).collect::<Vec<_>>().join(" ");
        assert_eq!(ada.is_refused(&format!("{{ {many} }}"), json!({})).await, "TOO_MANY_TOKENS");
        let some = (0..20).map(|n| format!("a{n}: {page}")).collect::<Vec<_>>().join(" ");
        assert_eq!(ada.is_refused(&format!("{{ {some} }}"), json!({})).await, "TOO_COMPLEX");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_names_its_request() {
    on_the_wire(async |app| {
        let id = |response: &Response| response.headers()["x-request-id"].to_str().unwrap().to_owned();
        let mut seen = Vec::new();
        for path in ["/", "/graphql?query={plans{tier}}", "/graphql", "/nowhere"] {
            seen.push(id(&app.http().get(app.url(path)).send().await.unwrap()));
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 4);
        let request = app.http().get(app.url("/nowhere")).header("x-request-id", "proxy-1");
        assert_eq!(id(&request.send().await.unwrap()), "proxy-1");
        for odd in ["", "two words", &"x".repeat(65), "<script>"] {
            let request = app.http().get(app.url("/nowhere")).header("x-request-id", odd);
            assert_ne!(id(&request.send().await.unwrap()), odd);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_paths_are_not_found() {
    on_the_wire(async |app| {
        for path in ["/nowhere", "/graphql/", "/api", "/.env", "/..%2f..%2fetc/passwd", "/%00", "/%ff"] {
            is_refused(app.http().get(app.url(path)), 404, "NOT_FOUND").await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_origins_pages_may_not_call_unless_they_are_named() {
    on_the_wire(async |app| {
        let response = preflight(&app, ORIGIN).await;
        assert!(response.headers().keys().all(|name| !name.as_str().starts_with("access-control")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_a_named_origin_may_call() {
    let settings = |config: &mut Config| config.cors_origins = vec![ORIGIN.to_owned()];
    with_settings(settings, async |app| {
        let allowed = preflight(&app, ORIGIN).await;
        assert_eq!(allowed.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], ORIGIN);
        let headers = allowed.headers()[header::ACCESS_CONTROL_ALLOW_HEADERS].to_str().unwrap().to_owned();
        assert!(headers.contains("authorization") && headers.contains("content-type"), "{headers}");
        assert!(!allowed.headers().contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));

        let call = posts(&app, "application/json", r#"{"query": "{ plans { tier } }"}"#).header(header::ORIGIN, ORIGIN);
        assert_eq!(call.send().await.unwrap().headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], ORIGIN);

        let stranger = preflight(&app, "https://evil.example").await;
        assert!(!stranger.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
    })
    .await;
}

async fn preflight(app: &TestApp, origin: &str) -> Response {
    let request = app
        .http()
        .request(Method::OPTIONS, app.url("/graphql"))
        .header(header::ORIGIN, origin)
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization,content-type");
    request.send().await.unwrap()
}
