//! Documents that the operator trusts: a file that the clients' build writes. Where there is one, nothing else may run.

use std::{collections::HashMap, path::Path};

use serde::Deserialize;

use super::{Hash, digits, hash};
use crate::{
    config::Config,
    graphql::{builder, firewall::Firewall, sdl, validation::Rehearsal},
};

/// The trusted documents.
pub(super) struct Trusted(HashMap<Hash, String>);

/// The file, in one of two forms.
#[derive(Deserialize)]
#[serde(untagged)]
enum Manifest {
    /// As Apollo's tools write it.
    Apollo { format: Apollo, operations: Vec<Entry> },
    /// Hash by hash, as urql's and Relay's do.
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

impl Trusted {
    /// Reads the file, and checks that each document has its hash, fits the schema, and passes the firewall.
    ///
    /// # Errors
    /// A sentence that says what to set.
    pub(super) async fn read(path: &Path, config: &Config) -> Result<Self, String> {
        let wrong = |what: String| format!("mend TRUSTED_DOCUMENTS ({}): {what}", path.display());
        let text = tokio::fs::read(path).await.map_err(|error| wrong(format!("it cannot be read: {error}")))?;
        let manifest = serde_json::from_slice(&text).map_err(|_| wrong(FORMS.to_owned()))?;
        let entries: Vec<_> = match manifest {
            Manifest::Flat(documents) => documents.into_iter().collect(),
            Manifest::Apollo { format: Apollo::Manifest, operations } => {
                operations.into_iter().map(|entry| (entry.id, entry.body)).collect()
            }
        };
        let rehearsal = Stage::new(config);
        let mut trusted = HashMap::with_capacity(entries.len());
        for (name, document) in entries {
            let hash = hash(&document);
            if digits(&name) != Some(hash) {
                return Err(wrong(format!(
                    "{name} is not the SHA-256 of its document, which is {}",
                    hex::encode(hash)
                )));
            }
            rehearsal.check(&document).await.map_err(|why| wrong(format!("{name} may not run: {why}")))?;
            trusted.insert(hash, document);
        }
        if trusted.is_empty() { Err(wrong("it names no document".to_owned())) } else { Ok(Self(trusted)) }
    }

    pub(super) fn get(&self, hash: &Hash) -> Option<&str> {
        self.0.get(hash).map(String::as_str)
    }
}

const FORMS: &str = "it is neither a JSON object of documents by their SHA-256, nor an apollo-persisted-query-manifest";

/// The schema with nothing behind it.
struct Stage {
    firewall: Firewall,
    schema: crate::graphql::Schema,
}

impl Stage {
    fn new(config: &Config) -> Self {
        let firewall = Firewall::new(config.limits.document.clone(), config.introspection, &sdl());
        Self { firewall, schema: builder().extension(Rehearsal(config.limits.document.complexity)).finish() }
    }

    /// Plays each operation of a document as far as it can be played without data.
    async fn check(&self, document: &str) -> Result<(), String> {
        for request in self.firewall.rehearse(document).map_err(|rejection| rejection.to_string())? {
            if let Some(error) = self.schema.execute(request).await.errors.first() {
                return Err(error.message.clone());
            }
        }
        Ok(())
    }
}
