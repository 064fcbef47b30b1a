//! Compares the results that a watcher received with the ledger.

use super::watcher::{Diary, Told};
use crate::harness::book::{Entry, balance_at};

/// A watcher no further behind than this is told every version.
const CATCH_UP: i64 = 256;

/// Every version was told once and in order, or was covered by a snapshot that was due; all of them as they are booked; and
/// the last thing told is the end.
pub(super) fn check(ledger: &[Entry], diary: &Diary) -> Result<(), String> {
    let mut seen = diary.after;
    for told in &diary.told {
        let in_turn = match (told.snapshot, seen) {
            (true, None) => true,
            (true, Some(seen)) => told.version - seen > CATCH_UP,
            (false, None) => false,
            (false, Some(seen)) => told.version == seen + 1,
        };
        if !in_turn {
            return Err(format!("after {seen:?} came {told:?}"));
        }
        if !is_booked(ledger, told) {
            return Err(format!("the ledger says otherwise: {told:?}"));
        }
        seen = Some(told.version);
    }
    let end = i64::try_from(ledger.len()).unwrap();
    if seen == Some(end) { Ok(()) } else { Err(format!("the end, {end}, was not told: {seen:?}")) }
}

fn is_booked(ledger: &[Entry], told: &Told) -> bool {
    let entry = usize::try_from(told.version - 1).ok().and_then(|index| ledger.get(index));
    let delta = entry.filter(|_| !told.snapshot).map(|entry| entry.delta);
    balance_at(ledger, told.version) == Some(told.credits) && told.delta == delta
}

fn grants(count: i64) -> Vec<Entry> {
    let entry = |version: i64| Entry {
        id: version.to_string(),
        version,
        kind: "GRANT".to_owned(),
        delta: 1,
        balance: version,
        reference: None,
    };
    (1..=count).map(entry).collect()
}

fn told(versions: &[(i64, bool)]) -> Vec<Told> {
    let told = |(version, snapshot): &(i64, bool)| Told {
        version: *version,
        snapshot: *snapshot,
        credits: *version,
        delta: (!snapshot).then_some(1),
    };
    versions.iter().map(told).collect()
}

fn is_accepted(count: i64, after: Option<i64>, versions: &[(i64, bool)]) -> bool {
    check(&grants(count), &Diary { after, told: told(versions), ..Diary::default() }).is_ok()
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
    let mut odd = told(&[(3, true)]);
    odd[0].credits = 4;
    assert!(check(&grants(3), &Diary { after: None, told: odd, ..Diary::default() }).is_err());
}
