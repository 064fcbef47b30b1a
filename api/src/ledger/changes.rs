//! Consecutive changes of one balance, for those who watch it.

use entity::{credit_account, ledger_entry};

/// Maximum number of changes that are kept together.
const MAX_ENTRIES: usize = 32;

/// Committed changes of one user's balance, without a gap between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// The account once the last of the entries was posted.
    pub account: credit_account::Model,
    /// The version that the first entry follows.
    pub after: i64,
    /// Every entry after that version, up to the account's.
    pub entries: Vec<ledger_entry::Model>,
}

impl Changes {
    /// The entries after version `seen`, if none is missing up to version `until`.
    #[must_use]
    pub fn since(&self, seen: i64, until: i64) -> Option<&[ledger_entry::Model]> {
        if self.after > seen || self.account.version < until {
            return None;
        }
        let first = self.entries.partition_point(|entry| entry.version <= seen);
        Some(&self.entries[first..])
    }

    /// Puts earlier changes before these, if none is missing between them.
    #[must_use]
    pub fn following(mut self, earlier: &Self) -> Self {
        if earlier.account.version == self.after {
            let room = MAX_ENTRIES.saturating_sub(self.entries.len());
            let first = earlier.entries.len().saturating_sub(room);
            self.entries.splice(0..0, earlier.entries[first..].iter().cloned());
            self.after -= i64::try_from(earlier.entries.len() - first).unwrap_or_default();
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use entity::ledger_entry::ChangeType;

    use super::*;

    /// The changes to these versions.
    fn changes(versions: std::ops::RangeInclusive<i64>) -> Changes {
        let (after, version, time) = (versions.start() - 1, *versions.end(), DateTime::UNIX_EPOCH);
        let entry = |version| ledger_entry::Model {
            id: version,
            user_id: 1,
            version,
            change_type: ChangeType::Spend,
            credits_delta: -1,
            held_delta: 0,
            balance_after: 100 - version,
            source: version.to_string(),
            reference: None,
            notes: None,
            created_at: time,
        };
        let entries = versions.map(entry).collect();
        let account = credit_account::Model {
            user_id: 1,
            balance: 100 - version,
            held: 0,
            version,
            unlimited_until: None,
            updated_at: time,
        };
        Changes { account, after, entries }
    }

    fn versions(entries: Option<&[ledger_entry::Model]>) -> Option<Vec<i64>> {
        entries.map(|entries| entries.iter().map(|entry| entry.version).collect())
    }

    #[test]
    fn changes_are_given_to_those_who_miss_none_before_them() {
        let changes = changes(4..=6);
        assert_eq!(versions(changes.since(3, 6)), Some(vec![4, 5, 6]));
        assert_eq!(versions(changes.since(5, 6)), Some(vec![6]));
        assert_eq!(versions(changes.since(2, 6)), None, "version 3 is missing");
        assert_eq!(versions(changes.since(3, 7)), None, "version 7 is missing");
    }

    #[test]
    fn changes_without_a_gap_are_put_together_up_to_a_limit() {
        assert_eq!(changes(4..=6).following(&changes(2..=3)), changes(2..=6));
        assert_eq!(changes(4..=6).following(&changes(1..=2)), changes(4..=6));
        assert_eq!(changes(40..=41).following(&changes(1..=39)), changes(10..=41));
        assert_eq!(changes(101..=200).following(&changes(99..=100)), changes(101..=200));
    }
}
