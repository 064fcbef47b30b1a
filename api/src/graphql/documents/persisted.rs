//! Documents that clients sent before, while there is room. Clients send dropped ones again.

use std::{num::NonZeroU32, sync::Arc};

use crate::graphql::{cache::Cache, hash::DocumentHash};

/// The documents that were used last.
pub(super) struct PersistedQueries(Cache<DocumentHash, Arc<str>>);

impl PersistedQueries {
    /// Creates a store with a maximum number of documents, and of bytes of all documents.
    pub(super) fn new(max_documents: usize, max_bytes: usize) -> Self {
        Self(Cache::new(max_documents, max_bytes))
    }

    pub(super) fn get(&self, hash: &DocumentHash) -> Option<Arc<str>> {
        self.0.get(hash)
    }

    /// A document that came with its hash, to be kept once it was admitted.
    pub(super) fn pending(self: &Arc<Self>, hash: DocumentHash, document: &str) -> PendingDocument {
        PendingDocument { queries: Arc::clone(self), hash, document: document.into() }
    }
}

/// A document that came with its hash and was not admitted yet.
pub(in crate::graphql) struct PendingDocument {
    queries: Arc<PersistedQueries>,
    hash: DocumentHash,
    document: Arc<str>,
}

impl PendingDocument {
    /// The number of average documents that have room in the place of this one; `None` if it is stored already.
    pub(in crate::graphql) fn places(&self) -> Option<NonZeroU32> {
        (!self.queries.0.contains(&self.hash)).then(|| self.queries.0.places(self.document.len()))
    }

    /// Stores the document.
    pub(in crate::graphql) fn keep(self) {
        let bytes = self.document.len();
        self.queries.0.insert(self.hash, self.document, bytes);
    }
}
