//! People and probes receive the right pages.

use futures_util::future::join_all;
use patch_hive::{
    clock::Clock,
    config::DEMO,
    server::{self, Site},
};
use reqwest::header;
use serde_json::{Value, json};

use super::{on_the_wire, site::Pages, with_settings};
use crate::harness::TestApp;

async fn page(app: &TestApp, path: &str) -> (u16, String) {
    let response = app.http().get(app.url(path)).header(header::ACCEPT, "text/html").send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_are_answered() {
    on_the_wire(async |app| {
        assert_eq!(page(&app, "/healthz").await, (200, "ok".to_owned()));
        assert_eq!(page(&app, "/readyz").await, (200, "ready".to_owned()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_probes_at_once_share_one_check_of_the_database() {
    on_the_wire(async |app| {
        const PROBES: usize = 200;
        let database = app.inside().await.database.clone();
        let before = database.statements();
        let probes = (0..PROBES).map(|_| async { app.http().get(app.url("/readyz")).send().await.unwrap().status() });
        assert!(join_all(probes).await.iter().all(|status| *status == 200));
        // A check takes several statements, and the gateway's jobs run meanwhile.
        let statements = database.statements() - before;
        assert!(statements < PROBES as u64 / 2, "{statements} statements");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_whose_database_is_behind_is_alive_and_not_ready() {
    on_the_wire(async |app| {
        let database = app.inside().await.database.clone();
        migration::down(database.write(), 1).await.unwrap();
        assert_eq!(page(&app, "/healthz").await.0, 200);
        let (status, text) = page(&app, "/readyz").await;
        migration::up(database.write()).await.unwrap();
        assert_eq!(status, 503);
        assert!(text.contains("migrate"), "{text}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_build_a_page_says_how_to_build_it() {
    on_the_wire(async |app| {
        for path in ["/account", "/pricing", "/nowhere"] {
            let (status, text) = page(&app, path).await;
            assert_eq!(status, 404, "{path}");
            assert!(text.contains("npm --prefix web run build"), "{path}: {text}");
        }
        // A program reads JSON.
        let answer = app.http().get(app.url("/account")).send().await.unwrap();
        assert_eq!(answer.status(), 404);
        assert!(answer.text().await.unwrap().contains("NOT_FOUND"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_page_leads_to_graphiql() {
    on_the_wire(async |app| {
        let (status, home) = page(&app, "/").await;
        assert_eq!(status, 200);
        assert!(home.contains(r#"href="/graphiql""#));
        let response = app.http().get(app.url("/graphql")).header(header::ACCEPT, "text/html").send().await.unwrap();
        assert_eq!(response.headers()[header::LOCATION], "/graphiql");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_build_graphiql_says_how_to_build_it_and_loads_nothing() {
    on_the_wire(async |app| {
        let (status, graphiql) = page(&app, "/graphiql").await;
        assert_eq!(status, 200);
        assert!(graphiql.contains("npm --prefix web run build"), "{graphiql}");
        for foreign in ["http:", "https:", "<script", "<link"] {
            assert!(!graphiql.contains(foreign), "{foreign} is in {graphiql}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operations_of_graphiql_fit_the_schema() {
    on_the_wire(async |app| {
        let story = include_str!("../../api/src/http/pages/story.graphql");
        let mut count = 0;
        for tab in story.trim().split("\n\n") {
            let operations = tab.lines().filter_map(|line| line.strip_suffix(" {")?.split_once(' '));
            for (_, name) in operations.filter(|(kind, _)| ["query", "mutation"].contains(kind)) {
                let request = app.http().post(app.url("/graphql"));
                let request = request.json(&json!({ "query": tab, "operationName": name }));
                let answer: Value = request.send().await.unwrap().json().await.unwrap();
                let code = answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("none");
                assert_ne!(code, "BAD_REQUEST", "{name}\n{answer}");
                count += 1;
            }
        }
        assert_eq!(count, 12);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn graphiql_can_read_the_schema_within_the_limits() {
    on_the_wire(async |app| {
        let schema = app.visitor().gets(INTROSPECTION, json!({})).await;
        assert_eq!(schema["queryType"]["name"], "Query");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_demo_hands_out_a_token() {
    on_the_wire(async |app| {
        for (demo, file) in [(None, "plain.db"), (Some(DEMO), "demo.db")] {
            let mut config = app.inside().await.config.clone();
            config.database.url = format!("sqlite:{}", app.folder().join(file).display());
            let options = server::Options { migrate: true, demo, site: Site::of::<Pages>() };
            let gateway = Box::pin(server::start_with(config, Clock::default(), options)).await.unwrap();
            let url = format!("http://{}/graphiql", gateway.address());
            let graphiql = app.http().get(&url).send().await.unwrap().text().await.unwrap();
            match gateway.demo() {
                Some(demo) => {
                    assert!(graphiql.contains(&format!("Bearer {}", demo.token)));
                    // A name that somebody else made to lead here.
                    for host in ["rebound.example", "127.0.0.1.rebound.example", "localhost.rebound.example:8000"] {
                        let page = app.http().get(&url).header(header::HOST, host).send().await.unwrap();
                        assert!(!page.text().await.unwrap().contains("Bearer "), "{host}");
                    }
                }
                None => assert!(!graphiql.contains("Bearer "), "a token without a demo"),
            }
            gateway.stop().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn graphiql_can_be_disabled() {
    with_settings(
        |config| config.graphiql = false,
        async |app| {
            assert_eq!(page(&app, "/graphiql").await.0, 404);
            assert!(!page(&app, "/").await.1.contains("/graphiql"));
            assert_eq!(page(&app, "/graphql").await.0, 400);
        },
    )
    .await;
}

/// The introspection query that GraphiQL sends when it starts.
const INTROSPECTION: &str = "query IntrospectionQuery { __schema { queryType { name } mutationType { name } \
    subscriptionType { name } types { ...FullType } directives { name description locations \
    args { ...InputValue } } } } \
    fragment FullType on __Type { kind name description fields(includeDeprecated: true) { name description \
    args { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason } inputFields { ...InputValue } \
    interfaces { ...TypeRef } enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } \
    possibleTypes { ...TypeRef } } \
    fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue } \
    fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name \
    ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }";
