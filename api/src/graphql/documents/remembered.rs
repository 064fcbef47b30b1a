//! Documents that clients sent before, for as long as there is room. They send them again where they were forgotten.

use std::sync::{Arc, Mutex, PoisonError};

use hashlink::LruCache;

use super::Hash;

/// The documents that were used last.
pub(super) struct Remembered {
    most: usize,
    most_bytes: usize,
    held: Mutex<Held>,
}

struct Held {
    documents: LruCache<Hash, Arc<str>>,
    bytes: usize,
}

impl Remembered {
    /// Remembers at most so many documents, of so many bytes in all.
    pub(super) fn new(most: usize, most_bytes: usize) -> Self {
        let held = Held { documents: LruCache::new_unbounded(), bytes: 0 };
        Self { most, most_bytes, held: Mutex::new(held) }
    }

    pub(super) fn get(&self, hash: &Hash) -> Option<Arc<str>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).documents.get(hash).cloned()
    }

    /// A document that is to be remembered once it was found to be good.
    pub(super) fn fresh(self: &Arc<Self>, hash: Hash, document: &str) -> Fresh {
        Fresh { remembered: Arc::clone(self), hash, document: document.into() }
    }

    fn keep(&self, hash: Hash, document: Arc<str>) {
        if document.len() > self.most_bytes {
            return;
        }
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.bytes += document.len();
        if let Some(same) = held.documents.insert(hash, document) {
            held.bytes -= same.len();
        }
        while held.bytes > self.most_bytes || held.documents.len() > self.most {
            let Some((_, oldest)) = held.documents.remove_lru() else { break };
            held.bytes -= oldest.len();
        }
    }
}

/// A document that came with its hash.
pub(in crate::graphql) struct Fresh {
    remembered: Arc<Remembered>,
    hash: Hash,
    document: Arc<str>,
}

impl Fresh {
    /// Remembers it.
    pub(in crate::graphql) fn keep(&self) {
        self.remembered.keep(self.hash, Arc::clone(&self.document));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(length: u8) -> Arc<str> {
        "x".repeat(length.into()).into()
    }

    #[test]
    fn the_one_that_was_used_longest_ago_is_forgotten_first() {
        let remembered = Remembered::new(2, 100);
        remembered.keep([1; 32], text(1));
        remembered.keep([2; 32], text(2));
        assert!(remembered.get(&[1; 32]).is_some());
        remembered.keep([3; 32], text(3));
        assert!(remembered.get(&[2; 32]).is_none());
        assert!(remembered.get(&[1; 32]).is_some() && remembered.get(&[3; 32]).is_some());
    }

    proptest! {
        #[test]
        fn there_are_never_more_than_there_is_room_for(kept in prop::collection::vec((0_u8..20, 0_u8..40), 0..60)) {
            let remembered = Remembered::new(5, 60);
            for (name, length) in kept {
                remembered.keep([name; 32], text(length));
                let held = remembered.held.lock().unwrap();
                let bytes: usize = held.documents.iter().map(|(_, document)| document.len()).sum();
                prop_assert_eq!(held.bytes, bytes);
                prop_assert!(bytes <= 60 && held.documents.len() <= 5);
            }
        }
    }
}
