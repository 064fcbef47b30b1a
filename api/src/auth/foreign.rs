//! Tokens of another issuer: its keys, given as PEM or by a JWKS URL.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header};

use super::{
    claims::Claims,
    jwks::KeySet,
    key::{Key, read_pem},
};
use crate::config;

/// The keys of another issuer.
#[derive(Clone)]
pub(super) struct ForeignKeys {
    keys: Vec<Key>,
    key_set: Option<KeySet>,
    audience: String,
    issuer: Option<String>,
}

impl ForeignKeys {
    /// Reads the keys; `None` where none is configured.
    ///
    /// # Errors
    /// A sentence that says what to set.
    pub(super) fn new(settings: &config::Tokens) -> Result<Option<Self>, String> {
        let keys = settings.public_key.as_deref().map(read_pem).transpose()?.unwrap_or_default();
        let key_set = settings.jwks_url.as_deref().map(KeySet::new).transpose()?;
        if keys.is_empty() && key_set.is_none() {
            return Ok(None);
        }
        Ok(Some(Self { keys, key_set, audience: settings.audience.clone(), issuer: settings.issuer.clone() }))
    }

    /// The claims of a token that one of the keys has signed.
    pub(super) async fn read(&self, token: &str) -> Option<Claims> {
        let header = decode_header(token).ok().filter(has_no_extensions)?;
        if let Some(claims) = self.keys.iter().find_map(|key| self.check(key, &header, token)) {
            return Some(claims);
        }
        let key_set = self.key_set.as_ref()?;
        let signed_by = |keys: Arc<[Key]>| keys.iter().find_map(|key| self.check(key, &header, token));
        match signed_by(key_set.keys(header.kid.as_deref()).await) {
            None if header.kid.is_none() => signed_by(key_set.newest_keys().await),
            claims => claims,
        }
    }

    fn check(&self, key: &Key, header: &Header, token: &str) -> Option<Claims> {
        let named = key.id.is_none() || header.kid.is_none() || key.id == header.kid;
        if !named || key.algorithm != header.alg {
            return None;
        }
        let mut validation = validation(key.algorithm, &self.audience);
        if let Some(issuer) = &self.issuer {
            validation.set_issuer(&[issuer]);
            validation.set_required_spec_claims(&["exp", "iss"]);
        }
        decode(token, &key.decoding, &validation).ok().map(|data| data.claims)
    }
}

/// Returns true if a token requires no extension of the header. None is implemented here (RFC 7515, section
/// 4.1.11).
pub(super) const fn has_no_extensions(header: &Header) -> bool {
    header.crit.is_none()
}

/// The validation of tokens. It checks that there is an expiry; times are compared with the gateway's own clock.
pub(super) fn validation(algorithm: Algorithm, audience: &str) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.set_audience(&[audience]);
    validation.validate_exp = false;
    validation
}
