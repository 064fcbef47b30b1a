//! The newest changes of a watched user's balance: read from the database once, and shared by all watchers.

use entity::{credit_account, ledger_entry};

/// Changes of one user's balance, as they were read together.
#[derive(Clone, Debug)]
pub struct RecentChanges {
    /// The account once the last of the entries was posted.
    pub account: credit_account::Model,
    /// The version that the first entry follows.
    pub after: i64,
    /// Every entry after that version, up to the account's.
    pub entries: Vec<ledger_entry::Model>,
}

impl RecentChanges {
    /// The entries after version `seen`, if none is missing up to version `until`.
    #[must_use]
    pub fn since(&self, seen: i64, until: i64) -> Option<&[ledger_entry::Model]> {
        if self.after > seen || self.account.version < until {
            return None;
        }
        let first = self.entries.partition_point(|entry| entry.version <= seen);
        Some(&self.entries[first..])
    }
}
