//! Compares the responses that clients received with the database.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
};

use entity::ledger_entry::{ChangeType, Model};

use super::client::{Charge, Grant, Hold, Observed};
use crate::harness::rng::Seed;

/// The error codes of a gateway that stops, or whose database has stopped.
const FORGIVABLE: [&str; 3] = ["no answer in time", "no connection", "UNAVAILABLE"];

/// The responses that all clients received.
#[derive(Default)]
pub(super) struct Record {
    charges: Vec<(bool, Charge)>,
    holds: Vec<Hold>,
    releases: Vec<String>,
    grants: Vec<Grant>,
    abandoned: Vec<String>,
    refusals: u32,
    failures: BTreeMap<String, u32>,
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let replayed = self.charges.iter().filter(|(_, charge)| charge.replayed).count();
        write!(f, "{} charges acknowledged ({replayed} of them when retried), ", self.charges.len())?;
        write!(f, "{} holds, {} of them released, ", self.holds.len(), self.releases.len())?;
        write!(f, "{} grants, {} refusals, ", self.grants.len(), self.refusals)?;
        write!(f, "{} keys abandoned, failures {:?}", self.abandoned.len(), self.failures)
    }
}

impl Record {
    /// Adds the responses of one client, which may have been the only one of its account.
    pub(super) fn add(&mut self, alone: bool, observed: Observed) {
        self.charges.extend(observed.charges.into_iter().map(|charge| (alone, charge)));
        self.holds.extend(observed.holds);
        self.releases.extend(observed.releases);
        self.grants.extend(observed.grants);
        self.abandoned.extend(observed.abandoned);
        self.refusals += observed.refusals;
        for (failure, count) in observed.failures {
            *self.failures.entry(failure).or_default() += count;
        }
    }

    /// Checks that every acknowledged entry exists once, as it was acknowledged, and that all others were abandoned.
    pub(super) fn holds_against(&self, entries: &[Model], seed: Seed) {
        let books = Books::new(entries, &self.abandoned);
        assert_eq!(books.by_version.len(), entries.len(), "a version exists twice, {seed:?}");
        assert_eq!(books.by_source.len(), entries.len(), "a key exists twice, {seed:?}");
        for (alone, charge) in &self.charges {
            let entry = books.entry(&charge.source, seed);
            assert!(books.agree(entry, charge, *alone), "{:?} is not {entry:?}, {seed:?}", charge.seen);
        }
        for grant in &self.grants {
            let entry = books.entry(&grant.source, seed);
            let expected = (grant.id, grant.version, grant.balance);
            assert_eq!((entry.id, entry.version, entry.balance_after), expected, "{entry:?}, {seed:?}");
        }
        for hold in &self.holds {
            let entry = books.entry(&hold.source, seed);
            let found = (entry.id, entry.change_type, entry.held_delta, entry.reference.as_deref());
            assert_eq!(found, (hold.id, ChangeType::Hold, 3, Some(hold.run.as_str())), "{entry:?}, {seed:?}");
        }
        for release in &self.releases {
            let entry = books.entry(release, seed);
            let found = (entry.change_type, entry.credits_delta, entry.held_delta);
            assert_eq!(found, (ChangeType::Release, 0, -3), "{entry:?}, {seed:?}");
        }
        let sources = self.charges.iter().map(|(_, charge)| charge.source.as_str());
        let holds = self.holds.iter().map(|hold| hold.source.as_str());
        let ended = self.releases.iter().map(String::as_str);
        let grants = self.grants.iter().map(|grant| grant.source.as_str());
        let requested: HashSet<_> = sources.chain(holds).chain(ended).chain(grants).collect();
        let mut abandoned = 0;
        for source in books.by_source.keys().filter(|source| !requested.contains(*source)) {
            assert!(books.abandoned.contains(source), "{source} was not requested, {seed:?}");
            abandoned += 1;
        }
        eprintln!("{abandoned} of {} abandoned keys were charged nevertheless, each once", self.abandoned.len());
        let odd: Vec<_> = self.failures.keys().filter(|failure| !FORGIVABLE.contains(&failure.as_str())).collect();
        assert!(odd.is_empty(), "unexpected failures, {seed:?}: {odd:?}");
    }
}

/// The contents of the database.
struct Books<'a> {
    by_version: HashMap<(i64, i64), &'a Model>,
    by_source: HashMap<&'a str, &'a Model>,
    abandoned: HashSet<&'a str>,
}

impl<'a> Books<'a> {
    fn new(entries: &'a [Model], abandoned: &'a [String]) -> Self {
        Self {
            by_version: entries.iter().map(|entry| ((entry.user_id, entry.version), entry)).collect(),
            by_source: entries.iter().map(|entry| (entry.source.as_str(), entry)).collect(),
            abandoned: abandoned.iter().map(String::as_str).collect(),
        }
    }

    fn entry(&self, source: &str, seed: Seed) -> &'a Model {
        self.by_source.get(source).copied().unwrap_or_else(|| panic!("{source} is lost, {seed:?}"))
    }

    /// Checks that a charge's response names its entry and a balance of that time. The only client of an account sees the
    /// balance after its own charge, unless an abandoned one came late.
    fn agree(&self, entry: &Model, charge: &Charge, alone: bool) -> bool {
        let (version, credits) = charge.seen;
        let at = |version| self.by_version.get(&(entry.user_id, version));
        let others = |version| alone && at(version).is_none_or(|other| !self.abandoned.contains(other.source.as_str()));
        entry.id == charge.id
            && entry.change_type == ChangeType::Spend
            && entry.credits_delta == -3
            && entry.reference.as_deref() == Some(charge.run.as_str())
            && entry.version <= version
            && !(entry.version + 1..=version).any(others)
            && at(version).is_some_and(|seen| seen.balance_after == credits)
    }
}
