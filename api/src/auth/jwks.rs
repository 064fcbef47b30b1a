//! The keys at a JWKS URL (RFC 7517), cached.
//!
//! A key that is not known makes the set be fetched again, so that an issuer can replace its keys without a restart here.
//! Tokens that name unknown keys cannot cause a storm of requests: the set is fetched by one request at a time, and not
//! more often than every [`MIN_INTERVAL`]. While the issuer cannot be reached, the keys known so far stay valid.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use http_body_util::{BodyExt, Empty, Limited};
use hyper::{Uri, body::Bytes, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use jsonwebtoken::jwk::Jwk;
use serde::Deserialize;
use serde_json::Value;
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

use super::key::Key;
use crate::config::is_loopback;

/// Age at which a set is fetched again.
const LIFETIME: Duration = Duration::from_mins(10);

/// The shortest time between two requests for the set.
const MIN_INTERVAL: Duration = Duration::from_secs(10);

/// Time limit of a request to the issuer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Bytes of a set.
const MAX_BYTES: usize = 256 * 1024;

/// The set of keys at a URL.
#[derive(Clone)]
pub(super) struct KeySet(Arc<KeySetState>);

struct KeySetState {
    url: Uri,
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    state: RwLock<State>,
    /// Held by the request that fetches the set.
    fetching: Mutex<()>,
}

#[derive(Clone, Default)]
struct State {
    keys: Arc<[Key]>,
    fetched_at: Option<Instant>,
    attempted_at: Option<Instant>,
}

impl State {
    fn has(&self, id: Option<&str>) -> bool {
        id.map_or(!self.keys.is_empty(), |id| self.keys.iter().any(|key| key.id.as_deref() == Some(id)))
    }

    fn is_fresh(&self) -> bool {
        self.fetched_at.is_some_and(|at| at.elapsed() < LIFETIME)
    }

    fn may_fetch(&self) -> bool {
        self.attempted_at.is_none_or(|at| at.elapsed() >= MIN_INTERVAL)
    }
}

impl KeySet {
    /// Prepares a set. Nothing is fetched before the first token arrives.
    ///
    /// # Errors
    /// A sentence that says what to set.
    pub(super) fn new(url: &str) -> Result<Self, String> {
        const WRONG: &str = "set JWT_JWKS_URL to an https URL, or to http on loopback";
        let parsed = url::Url::parse(url).map_err(|_| WRONG)?;
        if parsed.scheme() != "https" && !is_loopback(&parsed) {
            return Err(WRONG.to_owned());
        }
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .map_err(|error| format!("TLS is not available: {error}"))?
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self(Arc::new(KeySetState {
            url: parsed.as_str().parse().map_err(|_| WRONG)?,
            client: Client::builder(TokioExecutor::new()).build(connector),
            state: RwLock::default(),
            fetching: Mutex::default(),
        })))
    }

    /// The keys, fetched again if the one with this id is not among them or they are too old.
    pub(super) async fn keys(&self, id: Option<&str>) -> Arc<[Key]> {
        let state = self.state();
        if state.has(id) {
            if !state.is_fresh() && state.may_fetch() {
                // The known key serves this token. The set is renewed in the background.
                let set = self.clone();
                tokio::spawn(async move { set.fetch_once().await });
            }
            return state.keys;
        }
        if state.may_fetch() || self.0.fetching.try_lock().is_err() {
            self.fetch_once().await;
        }
        self.state().keys
    }

    /// The keys, fetched again now if they were not fetched a moment ago: none of those that [`Self::keys`] returned has signed a
    /// token that names none.
    pub(super) async fn newest_keys(&self) -> Arc<[Key]> {
        self.fetch_once().await;
        self.state().keys
    }

    fn state(&self) -> State {
        self.0.state.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Fetches the set, unless another request has just done so.
    async fn fetch_once(&self) {
        let _fetching = self.0.fetching.lock().await;
        if !self.state().may_fetch() {
            return;
        }
        let fetched = match timeout(TIMEOUT, self.fetch()).await {
            Ok(fetched) => fetched,
            Err(_) => Err("no answer in time".to_owned()),
        };
        let now = Instant::now();
        let mut state = self.0.state.write().unwrap_or_else(PoisonError::into_inner);
        state.attempted_at = Some(now);
        match fetched {
            Ok(keys) => {
                tracing::info!(keys = keys.len(), "the keys at JWT_JWKS_URL were read");
                (state.keys, state.fetched_at) = (keys, Some(now));
            }
            Err(error) => tracing::warn!(error, "the keys at JWT_JWKS_URL cannot be read"),
        }
    }

    async fn fetch(&self) -> Result<Arc<[Key]>, String> {
        let request = hyper::Request::get(self.0.url.clone()).header(header::ACCEPT, "application/json");
        let request = request.body(Empty::new()).map_err(|error| error.to_string())?;
        let response = self.0.client.request(request).await.map_err(|error| error.to_string())?;
        if !response.status().is_success() {
            return Err(format!("status {}", response.status().as_u16()));
        }
        let body = Limited::new(response.into_body(), MAX_BYTES).collect().await.map_err(|error| error.to_string())?;
        read(&body.to_bytes())
    }
}

/// Reads a set. Keys of other kinds, which may stand beside those for tokens, are left out.
fn read(json: &[u8]) -> Result<Arc<[Key]>, String> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Value>,
    }
    let set: Set = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    let keys: Vec<_> =
        set.keys.into_iter().filter_map(|key| Key::from_jwk(&serde_json::from_value::<Jwk>(key).ok()?)).collect();
    if keys.is_empty() { Err("the set has no key that is understood".to_owned()) } else { Ok(keys.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_other_kinds_are_left_out() {
        let ec = r#"{"kty":"EC","crv":"P-256","kid":"a","use":"sig","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
        let others = r#"{"kty":"oct","k":"c2VjcmV0"},{"kty":"EC","crv":"P-256"},42,
            {"kty":"RSA","use":"enc","n":"AQAB","e":"AQAB"},{"kty":"NEW"}"#;
        let keys = read(format!(r#"{{"keys":[{others},{ec}]}}"#).as_bytes()).unwrap();
        assert_eq!(keys.iter().map(|key| key.id.as_deref()).collect::<Vec<_>>(), [Some("a")]);
        for wrong in ["", "{}", r#"{"keys":[]}"#, &format!(r#"{{"keys":[{others}]}}"#)] {
            assert!(read(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_https_or_loopback_is_requested() {
        assert!(KeySet::new("https://login.example/jwks.json").is_ok());
        assert!(KeySet::new("http://127.0.0.1:9000/jwks").is_ok());
        for wrong in ["", "jwks", "http://login.example/jwks", "file:///etc/passwd"] {
            assert!(KeySet::new(wrong).is_err(), "{wrong}");
        }
    }
}
