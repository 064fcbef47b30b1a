//! Documents that the operator trusts: a file that the clients' build writes. With such a file, no other documents run.

use std::{collections::HashMap, path::Path};

use serde::Deserialize;

use crate::{
    config::Config,
    graphql::{admission::Admission, hash::DocumentHash},
};

/// The trusted documents.
pub(super) struct TrustedDocuments(HashMap<DocumentHash, String>);

/// The file, in one of two forms.
#[derive(Deserialize)]
#[serde(untagged)]
enum Manifest {
    /// The form of Apollo's tools.
    Apollo { format: Apollo, operations: Vec<Entry> },
    /// The form of urql's and Relay's tools: documents by their hashes.
    Flat(HashMap<String, String>),
}

#[derive(Deserialize)]
enum Apollo {
    #[serde(rename = "apollo-persisted-query-manifest")]
    Manifest,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    body: String,
}

impl TrustedDocuments {
    /// Reads the file, and checks that each document has its hash, fits the schema, and passes the firewall.
    ///
    /// # Errors
    /// A sentence that says what to set.
    pub(super) async fn read(path: &Path, config: &Config) -> Result<Self, String> {
        let wrong = |what: String| format!("TRUSTED_DOCUMENTS ({}): {what}", path.display());
        let text = tokio::fs::read(path).await.map_err(|error| wrong(format!("cannot read the file: {error}")))?;
        let manifest = serde_json::from_slice(&text).map_err(|_| wrong(FORMS.to_owned()))?;
        let entries: Vec<_> = match manifest {
            Manifest::Flat(documents) => documents.into_iter().collect(),
            Manifest::Apollo { format: Apollo::Manifest, operations } => {
                operations.into_iter().map(|entry| (entry.id, entry.body)).collect()
            }
        };
        let admission = Admission::new(config);
        let mut trusted = HashMap::with_capacity(entries.len());
        for (name, document) in entries {
            let hash = DocumentHash::of(&document);
            if DocumentHash::read(&name) != Some(hash) {
                return Err(wrong(format!("{name} is not the SHA-256 of its document, which is {hash}")));
            }
            admission.check(&document).map_err(|why| wrong(format!("{name} is refused: {why}")))?;
            trusted.insert(hash, document);
        }
        if trusted.is_empty() { Err(wrong("the file contains no documents".to_owned())) } else { Ok(Self(trusted)) }
    }

    pub(super) fn get(&self, hash: &DocumentHash) -> Option<&str> {
        self.0.get(hash).map(String::as_str)
    }
}

const FORMS: &str =
    "the file is neither a JSON object of documents by their SHA-256 nor an apollo-persisted-query-manifest";
