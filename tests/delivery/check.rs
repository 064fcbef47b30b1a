//! Compares the results that a watcher received with the ledger.

use super::watcher::{Diary, Observed};
use crate::harness::book::{Entry, balance_at};

/// A watcher that is at most this many versions behind receives each of them.
const CATCH_UP: i64 = 256;

/// Checks that every version was received once and in order, or covered by a snapshot that was due, as it is in the ledger,
/// up to the last version.
pub(super) fn check(ledger: &[Entry], diary: &Diary) -> Result<(), String> {
    let mut seen = diary.after;
    for observed in &diary.observed {
        let in_turn = match (observed.snapshot, seen) {
            (true, None) => true,
            (true, Some(seen)) => observed.version - seen > CATCH_UP,
            (false, None) => false,
            (false, Some(seen)) => observed.version == seen + 1,
        };
        if !in_turn {
            return Err(format!("{observed:?} follows {seen:?}"));
        }
        if !is_posted(ledger, observed) {
            return Err(format!("{observed:?} differs from the ledger"));
        }
        seen = Some(observed.version);
    }
    let end = i64::try_from(ledger.len()).unwrap();
    if seen == Some(end) { Ok(()) } else { Err(format!("the last version received is {seen:?} instead of {end}")) }
}

fn is_posted(ledger: &[Entry], observed: &Observed) -> bool {
    let entry = usize::try_from(observed.version - 1).ok().and_then(|index| ledger.get(index));
    let delta = entry.filter(|_| !observed.snapshot).map(|entry| entry.delta);
    balance_at(ledger, observed.version) == Some(observed.credits) && observed.delta == delta
}

fn grants(count: i64) -> Vec<Entry> {
    let entry = |version: i64| Entry {
        id: version.to_string(),
        version,
        kind: "GRANT".to_owned(),
        delta: 1,
        held: 0,
        balance: version,
        reference: None,
        hold: None,
    };
    (1..=count).map(entry).collect()
}

fn observed(versions: &[(i64, bool)]) -> Vec<Observed> {
    let observed = |(version, snapshot): &(i64, bool)| Observed {
        version: *version,
        snapshot: *snapshot,
        credits: *version,
        delta: (!snapshot).then_some(1),
    };
    versions.iter().map(observed).collect()
}

fn is_accepted(count: i64, after: Option<i64>, versions: &[(i64, bool)]) -> bool {
    check(&grants(count), &Diary { after, observed: observed(versions), ..Diary::default() }).is_ok()
}

#[test]
fn every_version_in_order_or_a_snapshot_that_was_due_is_accepted() {
    assert!(is_accepted(3, Some(0), &[(1, false), (2, false), (3, false)]));
    assert!(is_accepted(3, None, &[(2, true), (3, false)]));
    assert!(is_accepted(300, Some(0), &[(1, false), (299, true), (300, false)]));
}

#[test]
fn a_version_that_is_missing_doubled_or_out_of_order_is_caught() {
    assert!(!is_accepted(3, Some(0), &[(1, false), (3, false)]));
    assert!(!is_accepted(3, Some(0), &[(1, false), (1, false), (2, false), (3, false)]));
    assert!(!is_accepted(3, Some(0), &[(2, false), (1, false), (3, false)]));
    assert!(!is_accepted(3, Some(0), &[(1, false), (2, false)]));
}

#[test]
fn a_snapshot_without_need_and_one_of_another_balance_are_caught() {
    assert!(!is_accepted(3, Some(0), &[(3, true)]));
    assert!(!is_accepted(3, None, &[(3, false)]));
    let mut odd = observed(&[(3, true)]);
    odd[0].credits = 4;
    assert!(check(&grants(3), &Diary { after: None, observed: odd, ..Diary::default() }).is_err());
}
