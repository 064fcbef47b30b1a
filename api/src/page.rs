//! Pages of long lists, by key instead of offset, so that rows added meanwhile shift nothing.

use sea_orm::{Cursor, SelectorTrait, sea_query::IntoValueTuple};

/// Maximum page size.
pub const MAX_PAGE: u64 = 100;

/// Default page size.
pub const DEFAULT_PAGE: u64 = 20;

/// The requested part of a list. Keys are exclusive, and the list runs from the newest key to the oldest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window<Key = i64> {
    /// Only rows after this key, that is older ones.
    pub after: Option<Key>,
    /// Only rows before this key, that is newer ones.
    pub before: Option<Key>,
    /// The end from which rows are taken.
    pub end: End,
    /// Number of rows, from 0 to [`MAX_PAGE`].
    pub limit: u64,
}

impl<Key: Clone + IntoValueTuple> Window<Key> {
    /// Restricts a query that runs from the newest key to the oldest, and reads one row more than requested.
    pub fn apply<S: SelectorTrait>(&self, cursor: &mut Cursor<S>) {
        if let Some(key) = &self.after {
            cursor.after(key.clone());
        }
        if let Some(key) = &self.before {
            cursor.before(key.clone());
        }
        match self.end {
            End::First => cursor.first(self.limit + 1),
            End::Last => cursor.last(self.limit + 1),
        };
    }
}

/// An end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The newest rows.
    First,
    /// The oldest rows.
    Last,
}

/// A part of a list, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Newer rows exist.
    pub has_previous: bool,
    /// Older rows exist.
    pub has_next: bool,
}

impl<T> Page<T> {
    /// Builds a page from rows that were read with one more than the limit, which shows whether more exist.
    #[must_use]
    pub fn cut<Key>(mut rows: Vec<T>, window: &Window<Key>) -> Self {
        let limit = usize::try_from(window.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        match window.end {
            End::First => {
                rows.truncate(limit);
                Self { rows, has_previous: window.after.is_some(), has_next: more }
            }
            End::Last => {
                rows.drain(..rows.len().saturating_sub(limit));
                Self { rows, has_previous: more, has_next: window.before.is_some() }
            }
        }
    }
}
