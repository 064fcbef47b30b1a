//! A unit of work: the change of the state by one request, one payment on a hosted page, or one timer.

use serde_json::Value;

use crate::store::{kind::Kind, state::State};

/// The API request behind a change; events carry it as `request`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cause {
    /// The id of the API request, if there is one.
    pub(crate) request: Option<String>,
    /// The idempotency key of the request.
    pub(crate) idempotency_key: Option<String>,
}

/// An object before and after a change; null where it does not exist.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub(crate) before: Value,
    pub(crate) after: Value,
}

/// The state at one moment of business time. It holds the lock, so a unit of work is visible whole or not at all.
pub(crate) struct Work<'a> {
    pub(crate) state: &'a mut State,
    /// Seconds since 1970, the same for the whole unit.
    pub(crate) now: i64,
    pub(crate) cause: Cause,
}

impl Work<'_> {
    /// Returns the same unit of work, borrowed for a shorter time.
    pub(crate) fn reborrow(&mut self) -> Work<'_> {
        Work { state: &mut *self.state, now: self.now, cause: self.cause.clone() }
    }

    /// Returns an id that no object has.
    pub(crate) fn new_id(&self, kind: Kind) -> String {
        kind.new_id(&self.state.rng)
    }

    /// Returns a prefix followed by `length` random letters and digits, for objects without a collection of their own.
    pub(crate) fn random(&self, prefix: &str, length: usize) -> String {
        self.state.rng.id(prefix, length)
    }

    /// Stores an object and returns its id.
    pub(crate) fn put(&mut self, kind: Kind, object: Value) -> String {
        let id = text(&object, "id");
        self.state.put(kind, object);
        id
    }

    /// Returns a copy of an object; null if it does not exist.
    pub(crate) fn get(&self, kind: Kind, id: &str) -> Value {
        self.state.find(kind, id).cloned().unwrap_or_default()
    }

    /// Changes an object in place, and returns copies of it.
    pub(crate) fn change(&mut self, kind: Kind, id: &str, change: impl FnOnce(&mut Value)) -> Change {
        let Some(object) = self.state.collection_mut(kind).get_mut(id) else {
            return Change::default();
        };
        let before = object.clone();
        change(object);
        Change { before, after: object.clone() }
    }
}

/// Returns a string field of an object; empty if it is missing or null.
pub(crate) fn text(object: &Value, field: &str) -> String {
    object[field].as_str().unwrap_or_default().to_owned()
}
