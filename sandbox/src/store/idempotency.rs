//! Idempotency keys: the first response to a key is stored and returned to later requests with the key
//! (`docs.stripe.com/api/idempotent_requests`).

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::store::problem::Problem;

/// Maximum length of a key, as at Stripe.
pub(crate) const MAX_KEY_CHARS: usize = 255;

/// A stored response.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredResponse {
    fingerprint: String,
    pub(crate) status: u16,
    pub(crate) body: Value,
    /// The id of the original request.
    pub(crate) request: String,
}

/// The next step for a request that carries a key.
#[derive(Debug, PartialEq)]
pub(crate) enum Turn {
    /// Run the request, then call [`Keys::finish`].
    Run,
    /// Return the stored response.
    Replay(StoredResponse),
}

/// All idempotency keys so far.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Keys {
    kept: BTreeMap<String, StoredResponse>,
    #[serde(skip)]
    running: HashSet<String>,
}

impl Keys {
    /// Begins a request under a key. `fingerprint` identifies its endpoint and parameters.
    pub(crate) fn begin(&mut self, key: &str, fingerprint: &str) -> Result<Turn, Problem> {
        if let Some(kept) = self.kept.get(key) {
            return if kept.fingerprint == fingerprint {
                Ok(Turn::Replay(kept.clone()))
            } else {
                Err(Problem::key_reused())
            };
        }
        if self.running.insert(key.to_owned()) { Ok(Turn::Run) } else { Err(Problem::key_in_use()) }
    }

    /// Ends a run. `None` frees the key: the request never began to execute.
    pub(crate) fn finish(&mut self, key: &str, kept: Option<StoredResponse>) {
        self.running.remove(key);
        if let Some(kept) = kept {
            self.kept.insert(key.to_owned(), kept);
        }
    }
}

impl StoredResponse {
    pub(crate) fn new(fingerprint: &str, request: &str, (status, body): (u16, Value)) -> StoredResponse {
        StoredResponse { fingerprint: fingerprint.to_owned(), status, body, request: request.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept() -> StoredResponse {
        StoredResponse::new("POST /v1/x a=1", "req_1", (200, Value::Null))
    }

    #[test]
    fn the_same_request_gets_the_same_answer_and_another_is_refused() {
        let mut keys = Keys::default();
        assert_eq!(keys.begin("k", "POST /v1/x a=1"), Ok(Turn::Run));
        keys.finish("k", Some(kept()));
        assert_eq!(keys.begin("k", "POST /v1/x a=1"), Ok(Turn::Replay(kept())));
        assert_eq!(keys.begin("k", "POST /v1/x a=2"), Err(Problem::key_reused()));
    }

    #[test]
    fn a_key_is_busy_while_its_request_runs_and_free_when_nothing_was_kept() {
        let mut keys = Keys::default();
        assert_eq!(keys.begin("k", "f"), Ok(Turn::Run));
        assert_eq!(keys.begin("k", "f"), Err(Problem::key_in_use()));
        keys.finish("k", None);
        assert_eq!(keys.begin("k", "f"), Ok(Turn::Run));
    }
}
