//! Persisted and trusted documents run by their hash.

use insta::assert_json_snapshot;
use patch_hive::{clock::Clock, config::Config, server};
use reqwest::{RequestBuilder, Url};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{limits::rates, on_the_wire, with_settings};
use crate::harness::{Socket, TestApp};

const PLANS: &str = "query Plans { plans { tier } }";

fn hash(document: &str) -> String {
    hex::encode(Sha256::digest(document))
}

fn persisted(document: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hash(document) } })
}

fn posts(app: &TestApp, body: &Value) -> RequestBuilder {
    app.http().post(app.url("/graphql")).json(body)
}

/// The code of the error; `data` when there is none.
async fn outcome(request: RequestBuilder) -> String {
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    match answer["errors"][0]["extensions"]["code"].as_str() {
        Some(code) => code.to_owned(),
        None if answer["data"].is_object() => "data".to_owned(),
        None => panic!("{answer}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_was_sent_with_its_hash_is_remembered() {
    on_the_wire(async |app| {
        let by_hash = json!({ "extensions": persisted(PLANS) });
        let first: Value = posts(&app, &by_hash).send().await.unwrap().json().await.unwrap();
        assert_json_snapshot!(first);
        let with_text = json!({ "query": PLANS, "extensions": persisted(PLANS) });
        assert_eq!(outcome(posts(&app, &with_text)).await, "data");
        assert_eq!(outcome(posts(&app, &by_hash)).await, "data");
        assert_eq!(outcome(posts(&app, &json!({ "query": "", "extensions": persisted(PLANS) }))).await, "data");
        for id in [hash(PLANS), hash(PLANS).to_uppercase(), format!("sha256:{}", hash(PLANS))] {
            assert_eq!(outcome(posts(&app, &json!({ "documentId": id }))).await, "data", "{id}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persisted_document_runs_by_get_and_over_a_socket() {
    on_the_wire(async |app| {
        let extensions = persisted(PLANS).to_string();
        let get = |query: &[(&str, &str)]| app.http().get(Url::parse_with_params(&app.url("/graphql"), query).unwrap());
        assert_eq!(outcome(get(&[("extensions", &extensions)])).await, "PERSISTED_QUERY_NOT_FOUND");
        assert_eq!(outcome(get(&[("query", PLANS), ("extensions", &extensions)])).await, "data");
        assert_eq!(outcome(get(&[("extensions", &extensions)])).await, "data");
        assert_eq!(outcome(get(&[("documentId", &hash(PLANS))])).await, "data");

        let mut socket = Socket::open(app.address(), None).await;
        let subscribe = |id: &str, payload: Value| json!({ "type": "subscribe", "id": id, "payload": payload });
        socket.sends(&subscribe("known", json!({ "extensions": persisted(PLANS) }))).await;
        assert_eq!(socket.next().await["type"], "next");
        assert_eq!(socket.next().await["type"], "complete");
        socket.sends(&subscribe("unknown", json!({ "extensions": persisted("{ tier }") }))).await;
        let message = socket.next().await;
        assert_eq!(message["payload"][0]["extensions"]["code"], "PERSISTED_QUERY_NOT_FOUND", "{message}");
        socket.sends(&subscribe("neither", json!({ "variables": {} }))).await;
        assert_eq!(u16::from(socket.closes().await.code), 4400);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mutation_by_get_is_refused_by_its_hash_too() {
    on_the_wire(async |app| {
        let mutation = "mutation { cancelSubscription { __typename } }";
        let body = json!({ "query": mutation, "extensions": persisted(mutation) });
        assert_eq!(outcome(posts(&app, &body)).await, "UNAUTHENTICATED");
        let query = [("extensions", persisted(mutation).to_string())];
        let url = Url::parse_with_params(&app.url("/graphql"), &query).unwrap();
        assert_eq!(app.http().get(url).send().await.unwrap().status(), 405);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_good_documents_are_remembered() {
    on_the_wire(async |app| {
        let deep = format!("{}{}", "{ a".repeat(30), "}".repeat(30));
        let users = "{ users(first: 100) { nodes { a: balance { credits version } b: balance { credits version } \
                     c: balance { credits version } d: balance { credits version } e: balance { credits version } \
                     f: balance { credits version } g: balance { credits version } h: balance { credits version } \
                     i: balance { credits version } j: balance { credits version } k: balance { credits version } \
                     l: balance { credits version } m: balance { credits version } n: balance { credits version } \
                     o: balance { credits version } p: balance { credits version } q: balance { credits version } } } }";
        for (bad, code) in [("{ nonsense }", "BAD_REQUEST"), ("{ tier", "BAD_REQUEST"), (deep.as_str(), "TOO_DEEP"), (users, "TOO_COMPLEX")] {
            let body = json!({ "query": bad, "extensions": persisted(bad) });
            assert_eq!(outcome(posts(&app, &body)).await, code, "{bad}");
            let body = json!({ "extensions": persisted(bad) });
            assert_eq!(outcome(posts(&app, &body)).await, "PERSISTED_QUERY_NOT_FOUND", "{bad}");
        }
        let body = json!({ "query": PLANS, "extensions": persisted("{ tier }") });
        assert_eq!(outcome(posts(&app, &body)).await, "BAD_REQUEST");
        assert_eq!(outcome(posts(&app, &json!({ "extensions": persisted("{ tier }") }))).await, "PERSISTED_QUERY_NOT_FOUND");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_hash_is_refused() {
    on_the_wire(async |app| {
        for odd in [
            json!({ "persistedQuery": "x" }),
            json!({ "persistedQuery": {} }),
            json!({ "persistedQuery": { "version": 2, "sha256Hash": hash(PLANS) } }),
            json!({ "persistedQuery": { "version": 1, "sha256Hash": "abc" } }),
            json!({ "persistedQuery": { "version": 1, "sha256Hash": "g".repeat(64) } }),
            json!({ "persistedQuery": { "version": 1, "sha256Hash": ["a"] } }),
        ] {
            assert_eq!(outcome(posts(&app, &json!({ "extensions": odd }))).await, "BAD_REQUEST", "{odd}");
        }
        assert_eq!(outcome(posts(&app, &json!({ "documentId": "../../etc/passwd" }))).await, "BAD_REQUEST");
        assert_eq!(
            outcome(posts(&app, &json!({ "query": PLANS, "extensions": { "persistedQuery": null } }))).await,
            "data"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documents_that_were_used_longest_ago_are_forgotten() {
    with_settings(
        |config| config.limits.persisted_documents = 2,
        async |app| {
            let documents = ["{ plans { tier } }", "{ plans { name } }", "{ plans { tier name } }"];
            for document in documents {
                let body = json!({ "query": document, "extensions": persisted(document) });
                assert_eq!(outcome(posts(&app, &body)).await, "data");
            }
            let mut known = Vec::new();
            for document in documents {
                known.push(outcome(posts(&app, &json!({ "extensions": persisted(document) }))).await);
            }
            assert_eq!(known, ["PERSISTED_QUERY_NOT_FOUND", "data", "data"]);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_without_a_token_persist_documents_at_a_limited_rate() {
    const FLOOD: usize = 200;
    const ROOM: usize = 150;
    let settings = |config: &mut Config| {
        rates(|_| {})(config);
        config.limits.persisted_documents = ROOM;
    };
    with_settings(settings, async |app| {
        let ada = app.signs_up("ada").await;
        let sends = async |document: &str, token: Option<&str>| {
            let request = posts(&app, &json!({ "query": document, "extensions": persisted(document) }));
            let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
            assert_eq!(outcome(request).await, "data");
        };
        let is_persisted =
            async |document: &str| outcome(posts(&app, &json!({ "extensions": persisted(document) }))).await == "data";
        sends(PLANS, Some(ada.token())).await;
        let flood: Vec<_> = (0..FLOOD).map(|number| format!("{{ a{number}: plans {{ tier }} }}")).collect();
        for document in &flood {
            sends(document, None).await;
        }
        assert!(is_persisted(PLANS).await, "the flood evicted what a user needs");
        assert!(is_persisted(&flood[0]).await);
        // A user has a rate of their own.
        sends("{ plans { name } }", Some(ada.token())).await;
        assert!(is_persisted("{ plans { name } }").await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn long_documents_of_others_do_not_evict_short_ones() {
    with_settings(
        |config| config.limits.persisted_bytes = 1_000_000,
        async |app| {
            let [ada, eve] = [app.signs_up("ada").await, app.signs_up("eve").await];
            let sends = async |document: &str, token: Option<&str>| {
                let request = posts(&app, &json!({ "query": document, "extensions": persisted(document) }));
                let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
                assert_eq!(outcome(request).await, "data");
            };
            sends(PLANS, Some(ada.token())).await;
            for number in 0..20 {
                let long = format!("{{ a{number}: plans {{ tier }} }} #{}", "x".repeat(60_000));
                sends(&long, None).await;
                sends(&format!("{long}x"), Some(eve.token())).await;
            }
            assert_eq!(outcome(posts(&app, &json!({ "extensions": persisted(PLANS) }))).await, "data");
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_persisted_if_that_is_disabled() {
    with_settings(
        |config| config.limits.persisted_documents = 0,
        async |app| {
            let body = json!({ "query": PLANS, "extensions": persisted(PLANS) });
            assert_eq!(outcome(posts(&app, &body)).await, "data");
            let body = json!({ "extensions": persisted(PLANS) });
            assert_eq!(outcome(posts(&app, &body)).await, "PERSISTED_QUERY_NOT_SUPPORTED");
        },
    )
    .await;
}

const LEDGER: &str =
    "query Ledger($first: Int!, $after: String) { ledger(first: $first, after: $after) { nodes { id } } }
mutation SignUp($input: SignUpInput!) { signUp(input: $input) { token } }";

/// A file of trusted documents, which lasts as long as the folder.
fn manifest(folder: &tempfile::TempDir, manifest: &Value) -> std::path::PathBuf {
    let path = folder.path().join("documents.json");
    std::fs::write(&path, manifest.to_string()).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn only_trusted_documents_run_where_there_are_some() {
    let flat = json!({ hash(PLANS): PLANS, hash(LEDGER): LEDGER });
    let entry = |document: &str| json!({ "id": hash(document), "name": "x", "type": "query", "body": document });
    let apollo = json!({ "format": "apollo-persisted-query-manifest", "version": 1, "operations": [entry(PLANS), entry(LEDGER)] });
    for form in [flat, apollo] {
        let folder = tempfile::tempdir().unwrap();
        let path = manifest(&folder, &form);
        let settings = |config: &mut Config| config.trusted_documents = Some(path);
        with_settings(settings, async |app| {
            let plans = |extra: Value| {
                let mut body = extra;
                body["operationName"] = "Plans".into();
                posts(&app, &body)
            };
            assert_eq!(outcome(plans(json!({ "extensions": persisted(PLANS) }))).await, "data");
            assert_eq!(outcome(plans(json!({ "documentId": hash(PLANS) }))).await, "data");
            assert_eq!(outcome(plans(json!({ "query": PLANS }))).await, "data");
            assert_eq!(outcome(plans(json!({ "query": PLANS, "extensions": persisted(PLANS) }))).await, "data");
            let ledger = json!({ "documentId": hash(LEDGER), "operationName": "Ledger", "variables": { "first": 1 } });
            assert_eq!(outcome(posts(&app, &ledger)).await, "UNAUTHENTICATED");
            for other in [
                json!({ "query": "{ plans { tier } }" }),
                json!({ "query": "{ __schema { types { name } } }" }),
                json!({ "documentId": hash("{ tier }") }),
                json!({ "query": "{ tier }", "extensions": persisted("{ tier }") }),
                json!({ "query": "{ tier", "extensions": persisted("{ tier") }),
            ] {
                assert_eq!(outcome(posts(&app, &other)).await, "DOCUMENT_NOT_TRUSTED", "{other}");
            }
            let mut socket = Socket::open(app.address(), None).await;
            socket.subscribes("one", "{ tier }", json!({})).await;
            assert_eq!(socket.next().await["payload"][0]["extensions"]["code"], "DOCUMENT_NOT_TRUSTED");
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trusted_documents_that_cannot_be_right_stop_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let deep = format!("{}{}", "{ a".repeat(30), "}".repeat(30));
    let mut complaints = Vec::new();
    for wrong in [
        json!({ hash("{ tier }"): PLANS }),
        json!({ "plans": PLANS }),
        json!({ hash("{ nonsense }"): "{ nonsense }" }),
        json!({ hash("{ tier"): "{ tier" }),
        json!({ hash(&deep): deep }),
        json!({}),
        json!([]),
        json!({ hash(PLANS): 1 }),
        json!({ "format": "another", "operations": [] }),
    ] {
        complaints.push(complaint(&folder, manifest(&folder, &wrong)).await);
    }
    complaints.push(complaint(&folder, folder.path().join("missing.json")).await);
    assert_json_snapshot!(complaints);
}

/// The error of a start with a file of documents.
async fn complaint(folder: &tempfile::TempDir, path: std::path::PathBuf) -> String {
    let database = format!("sqlite:{}", folder.path().join("gateway.db").display());
    let mut config =
        Config::development("127.0.0.1:0".parse().unwrap(), database, "http://127.0.0.1:1/".to_owned()).unwrap();
    config.trusted_documents = Some(path);
    let Err(error) = server::start(config, Clock::default()).await else { panic!("it starts") };
    assert!(!folder.path().join("gateway.db").exists(), "a refused start made a database");
    error.to_string().replace(&folder.path().display().to_string(), "[folder]")
}
