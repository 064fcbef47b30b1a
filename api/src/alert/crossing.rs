//! Crossings: the entries of a ledger by which the available credits fall below a threshold.
//!
//! A crossing follows from the ledger alone, wherever and whenever it is computed: an entry crosses if less than the threshold is
//! available after it, and was not before. So each crossing is found once, and the next one only after at least the threshold was
//! available again. While exports are unlimited nothing is low.

use chrono::{DateTime, Utc};
use entity::{credit_account, ledger_entry};

/// The state of an account at a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The version.
    pub version: i64,
    /// The credits held then.
    pub held: i64,
    /// The credits available then; `None` if exports were unlimited.
    pub available: Option<i64>,
}

impl Position {
    /// The present state of an account, at this business time.
    #[must_use]
    pub fn of(account: &credit_account::Model, now: DateTime<Utc>) -> Self {
        let is_unlimited = account.unlimited_until.is_some_and(|until| until > now);
        let available = (!is_unlimited).then(|| account.available());
        Self { version: account.version, held: account.held, available }
    }

    fn is_low(&self, below: i64) -> bool {
        self.available.is_some_and(|available| available < below)
    }
}

/// An entry by which the available credits fell below a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crossing {
    /// The version of the entry.
    pub version: i64,
    /// The threshold.
    pub below: i64,
    /// The credits available after the entry.
    pub available: i64,
    /// The credits available before the entry; `None` if exports were unlimited.
    pub previous: Option<i64>,
}

/// The crossings in a part of a ledger, and the position after it. The entries follow the position without a gap.
#[must_use]
pub fn crossings(below: i64, mut at: Position, entries: &[ledger_entry::Model]) -> (Vec<Crossing>, Position) {
    let mut found = Vec::new();
    for entry in entries {
        let held = at.held + entry.held_delta;
        let available = entry.balance_after - held;
        if available < below && !at.is_low(below) {
            found.push(Crossing { version: entry.version, below, available, previous: at.available });
        }
        at = Position { version: entry.version, held, available: Some(available) };
    }
    (found, at)
}

#[cfg(test)]
mod tests {
    use entity::ledger_entry::ChangeType;

    use super::*;

    /// A ledger with these changes of the balance and of what is held, after some credits.
    fn ledger(mut balance: i64, changes: &[(i64, i64)]) -> Vec<ledger_entry::Model> {
        let entry = |(version, (delta, held)): (i64, &(i64, i64))| {
            balance += delta;
            ledger_entry::Model {
                id: version,
                user_id: 1,
                version,
                change_type: ChangeType::Spend,
                credits_delta: *delta,
                held_delta: *held,
                balance_after: balance,
                source: version.to_string(),
                reference: None,
                notes: None,
                created_at: DateTime::UNIX_EPOCH,
            }
        };
        (1..).zip(changes).map(entry).collect()
    }

    fn versions(below: i64, available: Option<i64>, entries: &[ledger_entry::Model]) -> Vec<i64> {
        let start = Position { version: 0, held: 0, available };
        crossings(below, start, entries).0.iter().map(|crossing| crossing.version).collect()
    }

    #[test]
    fn an_entry_crosses_once_and_again_only_after_the_threshold_was_reached() {
        let entries = ledger(12, &[(-2, 0), (-1, 0), (-3, 0), (3, 0), (1, 0), (-1, 0), (-1, 0)]);
        // Available: 10, 9, 6, 9, 10, 9, 8.
        assert_eq!(versions(10, Some(12), &entries), [2, 6]);
    }

    #[test]
    fn held_credits_are_not_available() {
        let entries = ledger(12, &[(0, 3), (0, -3), (0, 3), (-3, -3)]);
        // Available: 9, 12, 9, 9.
        assert_eq!(versions(10, Some(12), &entries), [1, 3]);
    }

    #[test]
    fn an_account_that_is_low_already_crosses_only_after_it_was_not() {
        assert_eq!(versions(10, Some(5), &ledger(5, &[(-3, 0), (20, 0), (-20, 0)])), [3]);
    }

    #[test]
    fn the_end_of_unlimited_exports_crosses_if_less_is_available() {
        let entries = ledger(4, &[(0, 0), (-3, 0)]);
        assert_eq!(versions(10, None, &entries), [1]);
        assert_eq!(versions(4, None, &entries), [2]);
    }

    #[test]
    fn a_ledger_has_the_same_crossings_in_parts_as_a_whole() {
        let changes: Vec<_> = (0..200_i64).map(|n| if n % 7 < 3 { (-(n % 5) - 1, 0) } else { (n % 4, 0) }).collect();
        let entries = ledger(30, &changes);
        let start = Position { version: 0, held: 0, available: Some(30) };
        let whole = crossings(30, start, &entries);
        for size in [1, 2, 7, 50] {
            let mut at = (Vec::new(), start);
            for part in entries.chunks(size) {
                let (found, next) = crossings(30, at.1, part);
                at.0.extend(found);
                at.1 = next;
            }
            assert_eq!(at, whole, "parts of {size}");
        }
    }
}
