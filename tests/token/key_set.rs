//! Keys of another issuer are read from a URL, and read again when they change.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Json, Router, routing::get};
use futures_util::future::join_all;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use patch_hive::config::Config;
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    time::{sleep, timeout},
};

use super::{is_kept_out, is_let_in, soon};
use crate::harness::{Backend, TestApp, app::run_with};

const P256: &str = include_str!("../keys/p256.pem");
const P384: &str = include_str!("../keys/p384.pem");

/// An issuer: the keys it publishes now, and the number of requests for them.
#[derive(Clone, Default)]
struct Issuer {
    keys: Arc<Mutex<BTreeMap<String, Value>>>,
    requests: Arc<AtomicUsize>,
}

impl Issuer {
    /// Starts to publish, and returns the URL.
    async fn publishes(&self) -> String {
        let issuer = self.clone();
        let set = get(async move || {
            issuer.requests.fetch_add(1, Ordering::Relaxed);
            Json(json!({ "keys": issuer.keys.lock().unwrap().values().collect::<Vec<_>>() }))
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/jwks.json", set)).await });
        url
    }

    fn adds(&self, id: &str, pem: &str, algorithm: Algorithm) {
        let key = EncodingKey::from_ec_pem(pem.as_bytes()).unwrap();
        let mut jwk = serde_json::to_value(Jwk::from_encoding_key(&key, algorithm).unwrap()).unwrap();
        jwk["kid"] = id.into();
        self.keys.lock().unwrap().insert(id.to_owned(), jwk);
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

fn token(id: &str, pem: &str, algorithm: Algorithm) -> String {
    token_naming(Some(id), pem, algorithm)
}

fn token_naming(id: Option<&str>, pem: &str, algorithm: Algorithm) -> String {
    let mut header = Header::new(algorithm);
    header.kid = id.map(ToOwned::to_owned);
    let claims =
        json!({ "iss": "https://login.example", "sub": "ada", "email": "ada@patchhive.example", "exp": soon() });
    encode(&header, &claims, &EncodingKey::from_ec_pem(pem.as_bytes()).unwrap()).unwrap()
}

async fn behind<F: Future<Output = ()>>(issuer: &Issuer, fact: impl FnOnce(TestApp) -> F) {
    let url = issuer.publishes().await;
    run_with(Backend::Sqlite, |config: &mut Config| config.tokens.jwks_url = Some(url), fact).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_read_from_the_issuer_and_remembered() {
    let issuer = Issuer::default();
    issuer.adds("first", P256, Algorithm::ES256);
    issuer.adds("second", P384, Algorithm::ES384);
    behind(&issuer, async |app| {
        for _ in 0..3 {
            is_let_in(&app, &token("first", P256, Algorithm::ES256), "1").await;
            is_let_in(&app, &token("second", P384, Algorithm::ES384), "1").await;
        }
        assert_eq!(issuer.requests(), 1);
        // The key's name decides which key it is.
        is_kept_out(&app, &token("first", P384, Algorithm::ES384)).await;
        issuer.keys.lock().unwrap().clear();
        is_let_in(&app, &token("first", P256, Algorithm::ES256), "1").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_keys_cause_no_storm_of_requests() {
    let issuer = Issuer::default();
    issuer.adds("first", P256, Algorithm::ES256);
    behind(&issuer, async |app| {
        is_let_in(&app, &token("first", P256, Algorithm::ES256), "1").await;
        let strange: Vec<_> =
            (0..40).map(|number| token(&format!("unknown-{number}"), P384, Algorithm::ES384)).collect();
        join_all(strange.iter().map(|token| is_kept_out(&app, token))).await;
        // The machine may have been slow enough for another request to be due.
        assert!(issuer.requests() <= 3, "{} requests", issuer.requests());
        is_let_in(&app, &token("first", P256, Algorithm::ES256), "1").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_read_without_a_restart() {
    let issuer = Issuer::default();
    issuer.adds("first", P256, Algorithm::ES256);
    behind(&issuer, async |app| {
        is_let_in(&app, &token("first", P256, Algorithm::ES256), "1").await;
        issuer.adds("second", P384, Algorithm::ES384);
        is_soon_let_in(&app, &token("second", P384, Algorithm::ES384)).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_read_for_a_token_that_names_none() {
    let issuer = Issuer::default();
    issuer.adds("first", P256, Algorithm::ES256);
    behind(&issuer, async |app| {
        is_let_in(&app, &token_naming(None, P256, Algorithm::ES256), "1").await;
        issuer.keys.lock().unwrap().clear();
        issuer.adds("second", P384, Algorithm::ES384);
        let strange: Vec<_> = (0..40).map(|_| token_naming(None, P384, Algorithm::ES384)).collect();
        join_all(strange.iter().map(async |token| super::asks_who(&app, &format!("Bearer {token}")).await)).await;
        assert!(issuer.requests() <= 3, "{} requests", issuer.requests());
        is_soon_let_in(&app, &token_naming(None, P384, Algorithm::ES384)).await;
    })
    .await;
}

/// Waits until a token is accepted, for longer than keys are not read again.
async fn is_soon_let_in(app: &TestApp, token: &str) {
    let read = async {
        while super::asks_who(app, &format!("Bearer {token}")).await.0 != 200 {
            sleep(Duration::from_millis(300)).await;
        }
    };
    timeout(Duration::from_secs(30), read).await.expect("the new key is not read");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_does_not_answer_lets_nobody_in() {
    let settings = |config: &mut Config| config.tokens.jwks_url = Some("http://127.0.0.1:1/jwks.json".to_owned());
    run_with(Backend::Sqlite, settings, async |app| {
        is_kept_out(&app, &token("first", P256, Algorithm::ES256)).await;
    })
    .await;
}
