//! The SHA-256 of a document's text, by which clients name documents and the gateway remembers them.

use sha2::{Digest, Sha256};

/// The SHA-256 of a document's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct DocumentHash([u8; 32]);

impl DocumentHash {
    /// The hash of a text.
    pub(super) fn of(document: &str) -> Self {
        Self(Sha256::digest(document.as_bytes()).into())
    }

    /// Reads 64 hexadecimal digits, with or without `sha256:` before them.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut hash = Self::default();
        hex::decode_to_slice(text.strip_prefix("sha256:").unwrap_or(text), &mut hash.0).ok().map(|()| hash)
    }
}

impl std::fmt::Display for DocumentHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}
