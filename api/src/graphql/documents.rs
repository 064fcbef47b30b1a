//! Documents that are asked for by their hash: those that the operator trusts, or those that clients sent before.
//!
//! Clients speak of them as Apollo's and urql's do, by `extensions.persistedQuery.sha256Hash`, or by `documentId`, which comes
//! here as the same.

mod remembered;
mod trusted;

use std::sync::Arc;

use async_graphql::{Extensions, Request, Value};
use sha2::{Digest, Sha256};

pub(super) use remembered::Fresh;
use remembered::Remembered;
use trusted::Trusted;

use super::Rejection;
use crate::config::Config;

/// The SHA-256 of a document's text.
type Hash = [u8; 32];

/// What documents may be asked for by their hash. Cheap to clone.
#[derive(Clone)]
pub struct Documents(Kind);

#[derive(Clone)]
enum Kind {
    /// No others may run.
    Trusted(Arc<Trusted>),
    /// Others may run, and are remembered.
    Remembered(Arc<Remembered>),
    /// Others may run, and nothing is remembered.
    Off,
}

impl Documents {
    /// Reads the trusted documents, where there are some.
    ///
    /// # Errors
    /// A sentence that says what is wrong with them.
    pub async fn open(config: &Config) -> Result<Self, String> {
        let limits = &config.limits;
        Ok(Self(match &config.trusted_documents {
            Some(path) => Kind::Trusted(Arc::new(Trusted::read(path, config).await?)),
            None if limits.persisted_documents == 0 => Kind::Off,
            None => Kind::Remembered(Arc::new(Remembered::new(limits.persisted_documents, limits.persisted_bytes))),
        }))
    }

    /// Puts the document in the place of its hash.
    ///
    /// # Errors
    /// [`Rejection`]: nobody knows it, or it is not the one that the hash names.
    pub(super) fn place(&self, request: &mut Request) -> Result<(), Rejection> {
        let named = named(&request.extensions)?;
        let own = (!request.query.is_empty()).then(|| hash(&request.query));
        if let (Some(named), Some(own)) = (named, own)
            && named != own
        {
            return Err(Rejection::OtherHash);
        }
        match (&self.0, named, own) {
            (Kind::Trusted(trusted), named, own) => {
                let document = named.or(own).and_then(|hash| trusted.get(&hash)).ok_or(Rejection::NotTrusted)?;
                document.clone_into(&mut request.query);
            }
            (Kind::Remembered(remembered), Some(hash), None) => {
                let document = remembered.get(&hash).ok_or(Rejection::NotRemembered)?;
                document.as_ref().clone_into(&mut request.query);
            }
            (Kind::Remembered(remembered), Some(hash), Some(_)) => {
                request.data.insert(remembered.fresh(hash, &request.query));
            }
            (Kind::Off, Some(_), None) => return Err(Rejection::NothingRemembered),
            _ => {}
        }
        Ok(())
    }
}

/// The hash that a request names.
fn named(extensions: &Extensions) -> Result<Option<Hash>, Rejection> {
    let persisted = match extensions.get("persistedQuery") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(persisted)) => persisted,
        Some(_) => return Err(Rejection::OddHash),
    };
    let version = persisted.get("version").is_none_or(|version| *version == Value::from(1));
    match persisted.get("sha256Hash") {
        Some(Value::String(text)) if version => digits(text).map(Some).ok_or(Rejection::OddHash),
        _ => Err(Rejection::OddHash),
    }
}

/// Reads a hash, with the name of its kind before it or without.
fn digits(text: &str) -> Option<Hash> {
    let digits = text.strip_prefix("sha256:").unwrap_or(text);
    let mut hash = Hash::default();
    hex::decode_to_slice(digits, &mut hash).ok().map(|()| hash)
}

fn hash(document: &str) -> Hash {
    Sha256::digest(document.as_bytes()).into()
}
