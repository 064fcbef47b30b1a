//! Documents that clients request by their hash: those that the operator trusts, or those that clients sent before.
//!
//! Clients name them as Apollo's and urql's do, by `extensions.persistedQuery.sha256Hash`, or by `documentId`, which arrives
//! here in the same form.

mod persisted;
mod trusted;

use std::sync::Arc;

use async_graphql::{Extensions, Request, Value};

pub(super) use self::persisted::PendingDocument;
use self::{persisted::PersistedQueries, trusted::TrustedDocuments};
use super::{Rejection, hash::DocumentHash};
use crate::config::Config;

/// The documents that can be requested by their hash. Cheap to clone.
#[derive(Clone)]
pub struct Documents(Kind);

#[derive(Clone)]
enum Kind {
    /// No others may run.
    Trusted(Arc<TrustedDocuments>),
    /// Others may run, and are stored.
    Persisted(Arc<PersistedQueries>),
    /// Others may run, and none are stored.
    Off,
}

/// The document of a request.
#[derive(Default)]
pub(super) struct RequestDocument {
    /// The hash of the document's text. `None` if the request has no text.
    pub(super) hash: Option<DocumentHash>,
    /// The document, if it is to be stored once it was admitted.
    pub(super) pending: Option<PendingDocument>,
}

impl Documents {
    /// Reads the trusted documents, if there are some.
    ///
    /// # Errors
    /// A sentence that says what is wrong with them.
    pub async fn open(config: &Config) -> Result<Self, String> {
        let limits = &config.limits;
        Ok(Self(match &config.trusted_documents {
            Some(path) => Kind::Trusted(Arc::new(TrustedDocuments::read(path, config).await?)),
            None if limits.persisted_documents == 0 => Kind::Off,
            None => {
                Kind::Persisted(Arc::new(PersistedQueries::new(limits.persisted_documents, limits.persisted_bytes)))
            }
        }))
    }

    /// Replaces a hash by its document.
    ///
    /// # Errors
    /// [`Rejection`]: the document is not stored, or is not the one that the hash names.
    pub(super) fn place(&self, request: &mut Request) -> Result<RequestDocument, Rejection> {
        let named = named(&request.extensions)?;
        let own = (!request.query.is_empty()).then(|| DocumentHash::of(&request.query));
        if let (Some(named), Some(own)) = (named, own)
            && named != own
        {
            return Err(Rejection::OtherHash);
        }
        let hash = named.or(own);
        let mut pending = None;
        match (&self.0, named, own) {
            (Kind::Trusted(trusted), ..) => {
                let document = hash.and_then(|hash| trusted.get(&hash)).ok_or(Rejection::NotTrusted)?;
                document.clone_into(&mut request.query);
            }
            (Kind::Persisted(persisted), Some(hash), None) => {
                let document = persisted.get(&hash).ok_or(Rejection::NotRemembered)?;
                document.as_ref().clone_into(&mut request.query);
            }
            (Kind::Persisted(persisted), Some(hash), Some(_)) => {
                pending = Some(persisted.pending(hash, &request.query));
            }
            (Kind::Off, Some(_), None) => return Err(Rejection::NothingRemembered),
            _ => {}
        }
        Ok(RequestDocument { hash, pending })
    }
}

/// The hash that a request names.
fn named(extensions: &Extensions) -> Result<Option<DocumentHash>, Rejection> {
    let persisted = match extensions.get("persistedQuery") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(persisted)) => persisted,
        Some(_) => return Err(Rejection::BadHash),
    };
    let version = persisted.get("version").is_none_or(|version| *version == Value::from(1));
    match persisted.get("sha256Hash") {
        Some(Value::String(text)) if version => DocumentHash::read(text).map(Some).ok_or(Rejection::BadHash),
        _ => Err(Rejection::BadHash),
    }
}
