//! Decides each step of a group, without I/O: the rows are read before, and written afterwards.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use entity::{
    credit_account, credit_hold,
    ledger_entry::{self, ChangeType},
};

use super::{
    outcome::{Charge, HoldOutcome, Outcome},
    step::{HoldAction, HoldChange, Reservation, Spend, Step},
};
use crate::ledger::{Error, MAX_BALANCE, MAX_OPEN_HOLDS, source};

/// The result of one step.
pub(super) enum Resolution {
    /// The step was decided.
    Decided(Result<Outcome, Error>),
    /// Another transaction keeps the account locked, or changed it after it was read: nothing of the account was written.
    Contended,
    /// The step takes more than one statement: nothing of the account was written.
    Undecided,
}

/// The rows that a group is decided by.
#[derive(Default)]
pub(super) struct Rows {
    /// The accounts. One may be there more than once.
    pub(super) accounts: Vec<credit_account::Model>,
    /// Entries with a source of the group.
    pub(super) entries: Vec<ledger_entry::Model>,
    /// The open holds that change. One may be there more than once.
    pub(super) holds: Vec<credit_hold::Model>,
    /// The numbers of open holds of the users who reserve.
    pub(super) open_holds: HashMap<i64, i64>,
}

/// A group that was decided and is to be written.
pub(super) struct DecidedGroup {
    decisions: Vec<Decision>,
    /// The accounts that change, as they are to be.
    pub(super) accounts: Vec<credit_account::Model>,
    /// The entries to add, in the order in which they were decided. Their ids are not known yet.
    pub(super) entries: Vec<ledger_entry::Model>,
    /// The holds that change. Each belongs to an account that changes.
    pub(super) holds: HoldRows,
}

/// The rows of holds that a group writes.
#[derive(Default)]
pub(super) struct HoldRows {
    /// The holds that begin.
    pub(super) opened: Vec<OpenedHold>,
    /// The holds that last longer, with the time until which they do.
    pub(super) extended: BTreeMap<i64, DateTime<Utc>>,
    /// The holds that end.
    pub(super) ended: Vec<i64>,
}

impl HoldRows {
    pub(super) fn is_empty(&self) -> bool {
        self.opened.is_empty() && self.extended.is_empty() && self.ended.is_empty()
    }
}

/// A hold that begins with the entry that has its source. All but `source` are in wall time.
pub(super) struct OpenedHold {
    pub(super) source: String,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) extendable_until: DateTime<Utc>,
    pub(super) wall: DateTime<Utc>,
}

enum Decision {
    /// The index of the entry to add, and the account after it.
    Applied(usize, credit_account::Model),
    /// An entry of this group, and the account now.
    ReplayedNow(usize, credit_account::Model),
    Known(Result<Outcome, Error>),
}

/// Decides each step in the order of arrival, as if they came one after the other.
pub(super) fn decide(steps: &[&Step], rows: Rows) -> DecidedGroup {
    let mut group = Group {
        accounts: rows.accounts.into_iter().map(|account| (account.user_id, (account, false))).collect(),
        known: rows.entries.into_iter().map(|entry| (entry.source.clone(), entry)).collect(),
        open: rows.holds.into_iter().map(|hold| (hold.id, hold)).collect(),
        open_holds: rows.open_holds,
        added: HashMap::new(),
        entries: Vec::new(),
        holds: HoldRows::default(),
    };
    let decisions = steps.iter().map(|step| group.decide(step)).collect();
    let changed = group.accounts.into_values().filter(|(_, changed)| *changed);
    let mut accounts: Vec<_> = changed.map(|(account, _)| account).collect();
    accounts.sort_by_key(|account| account.user_id);
    DecidedGroup { decisions, accounts, entries: group.entries, holds: group.holds }
}

impl DecidedGroup {
    /// The results, once the entries are written. `stored` are the entries as the database returned them. An account whose
    /// entries are not among them was not written, so that whatever was decided about it counts for nothing.
    pub(super) fn resolutions(self, steps: &[&Step], stored: Vec<ledger_entry::Model>) -> Vec<Resolution> {
        let mut by_source: HashMap<_, _> = stored.into_iter().map(|entry| (entry.source.clone(), entry)).collect();
        let stored: Vec<_> = self.entries.iter().map(|entry| by_source.remove(&entry.source)).collect();
        let missing = self.entries.iter().zip(&stored).filter(|(_, stored)| stored.is_none());
        let contended: HashSet<_> = missing.map(|(entry, _)| entry.user_id).collect();
        let entry = |place: usize| stored.get(place).cloned().flatten();
        let resolution = |(step, decision): (&&Step, Decision)| {
            if contended.contains(&step.user_id()) {
                return Resolution::Contended;
            }
            match decision {
                Decision::Applied(place, account) => entry(place).map_or(Resolution::Contended, |entry| {
                    Resolution::Decided(Ok(applied(step, after(&account, &entry), entry)))
                }),
                Decision::ReplayedNow(place, account) => entry(place).map_or(Resolution::Contended, |entry| {
                    Resolution::Decided(Ok(Outcome::Charge(Charge::Replayed { account, entry })))
                }),
                Decision::Known(outcome) => Resolution::Decided(outcome),
            }
        };
        steps.iter().zip(self.decisions).map(resolution).collect()
    }
}

const fn applied(step: &Step, account: credit_account::Model, entry: ledger_entry::Model) -> Outcome {
    match step {
        Step::Charge(_) | Step::Reserve(_) => Outcome::Charge(Charge::Applied { entry, account }),
        Step::Change(_) => Outcome::Hold(HoldOutcome::Applied { entry, account }),
    }
}

/// The account as it is stored: times in the database are less precise.
fn after(account: &credit_account::Model, entry: &ledger_entry::Model) -> credit_account::Model {
    credit_account::Model { updated_at: entry.created_at, ..*account }
}

struct Group {
    /// Each account after the steps so far, and true if they changed it.
    accounts: HashMap<i64, (credit_account::Model, bool)>,
    /// Entries that existed before, by source.
    known: HashMap<String, ledger_entry::Model>,
    /// The holds that are still open after the steps so far.
    open: HashMap<i64, credit_hold::Model>,
    /// The number of open holds of each user who reserves, after the steps so far.
    open_holds: HashMap<i64, i64>,
    /// Places of the entries to add, by source.
    added: HashMap<String, usize>,
    entries: Vec<ledger_entry::Model>,
    holds: HoldRows,
}

/// An entry to add, and its effect on the account.
struct Posting {
    user_id: i64,
    change_type: ChangeType,
    delta: i64,
    held: i64,
    source: String,
    run: String,
    now: DateTime<Utc>,
}

impl Group {
    fn decide(&mut self, step: &Step) -> Decision {
        match step {
            Step::Charge(spend) => self.spend(spend, ChangeType::Spend),
            Step::Reserve(reservation) => self.reserve(reservation),
            Step::Change(change) => self.change(change),
        }
    }

    fn reserve(&mut self, reservation: &Reservation) -> Decision {
        let decision = self.spend(&reservation.spend, ChangeType::Hold);
        if matches!(decision, Decision::Applied(..)) {
            *self.open_holds.entry(reservation.spend.user_id).or_default() += 1;
            self.holds.opened.push(OpenedHold {
                source: reservation.spend.source.clone(),
                expires_at: reservation.expires_at,
                extendable_until: reservation.extendable_until,
                wall: reservation.wall,
            });
        }
        decision
    }

    /// Charges or holds the credits of an export.
    fn spend(&mut self, spend: &Spend, change_type: ChangeType) -> Decision {
        let replayed = |entry, account| Decision::Known(Ok(Outcome::Charge(Charge::Replayed { entry, account })));
        if let Some(entry) = self.known.get(&spend.source) {
            if !is_same(entry, spend, change_type) {
                return Decision::Known(Err(Error::SourceReused));
            }
            if let Some((account, _)) = self.accounts.get(&spend.user_id) {
                return replayed(entry.clone(), account.clone());
            }
        }
        let Some((account, _)) = self.accounts.get(&spend.user_id) else {
            return Decision::Known(Err(Error::UnknownAccount));
        };
        if let Some(place) = self.added.get(&spend.source).copied() {
            return if self.entries.get(place).is_some_and(|entry| is_same(entry, spend, change_type)) {
                Decision::ReplayedNow(place, account.clone())
            } else {
                Decision::Known(Err(Error::SourceReused))
            };
        }
        let price = if is_unlimited(account, spend) { 0 } else { spend.cost };
        if price > 0 && account.available() < price {
            return Decision::Known(Ok(Outcome::Charge(Charge::Refused(account.clone()))));
        }
        let open = self.open_holds.get(&spend.user_id).copied().unwrap_or_default();
        if change_type == ChangeType::Hold && open >= i64::from(MAX_OPEN_HOLDS) {
            return Decision::Known(Err(Error::TooManyHolds));
        }
        let (delta, held) = if change_type == ChangeType::Hold { (0, price) } else { (-price, 0) };
        let (source, run) = (spend.source.clone(), spend.run.clone());
        self.post(Posting { user_id: spend.user_id, change_type, delta, held, source, run, now: spend.now })
    }

    /// Changes a hold that is open, or ends it if it has expired.
    fn change(&mut self, change: &HoldChange) -> Decision {
        let known = |outcome| Decision::Known(Ok(Outcome::Hold(outcome)));
        let open = self.open.get(&change.hold_id).filter(|hold| hold.user_id == change.user_id);
        let Some((hold, (account, _))) = open.zip(self.accounts.get(&change.user_id)) else {
            return known(HoldOutcome::NotOpen);
        };
        let (id, all) = (hold.id, -hold.credits);
        let (change_type, delta, freed, source) = match change.action {
            _ if hold.expires_at <= change.wall => (ChangeType::Release, 0, all, source::expired(id)),
            HoldAction::Expire => return known(HoldOutcome::Unchanged(account.clone())),
            HoldAction::Extend(until) if until <= hold.expires_at => {
                return known(HoldOutcome::Unchanged(account.clone()));
            }
            HoldAction::Extend(_) => (ChangeType::Hold, 0, 0, source::extension(id, account.version)),
            HoldAction::Capture(credits) if credits > hold.credits => return Decision::Known(Err(Error::OutOfRange)),
            HoldAction::Capture(credits) => (ChangeType::Spend, -credits, all, source::capture(id)),
            HoldAction::Release => (ChangeType::Release, 0, all, source::release(id)),
        };
        let (user_id, run, now) = (hold.user_id, hold.run.clone(), change.now);
        let decision = self.post(Posting { user_id, change_type, delta, held: freed, source, run, now });
        if matches!(decision, Decision::Applied(..)) {
            match (change.action, change_type) {
                (HoldAction::Extend(until), ChangeType::Hold) => self.extend(id, until),
                _ => self.end(id),
            }
        }
        decision
    }

    fn extend(&mut self, id: i64, until: DateTime<Utc>) {
        self.holds.extended.insert(id, until);
        if let Some(hold) = self.open.get_mut(&id) {
            hold.expires_at = until;
        }
    }

    fn end(&mut self, id: i64) {
        self.holds.extended.remove(&id);
        self.holds.ended.push(id);
        if let Some(open) = self.open.remove(&id).and_then(|hold| self.open_holds.get_mut(&hold.user_id)) {
            *open -= 1;
        }
    }

    fn post(&mut self, posting: Posting) -> Decision {
        let Some((account, changed)) = self.accounts.get_mut(&posting.user_id) else {
            return Decision::Known(Err(Error::UnknownAccount));
        };
        if account.version >= MAX_BALANCE {
            return Decision::Known(Err(Error::OutOfRange));
        }
        account.balance += posting.delta;
        account.held += posting.held;
        account.version += 1;
        account.updated_at = posting.now;
        *changed = true;
        self.added.insert(posting.source.clone(), self.entries.len());
        self.entries.push(posting.into_entry(account));
        Decision::Applied(self.entries.len() - 1, account.clone())
    }
}

impl Posting {
    /// The entry, once the account has changed.
    fn into_entry(self, account: &credit_account::Model) -> ledger_entry::Model {
        ledger_entry::Model {
            id: 0,
            user_id: self.user_id,
            version: account.version,
            change_type: self.change_type,
            credits_delta: self.delta,
            held_delta: self.held,
            balance_after: account.balance,
            source: self.source,
            reference: Some(self.run),
            notes: None,
            created_at: self.now,
        }
    }
}

fn is_unlimited(account: &credit_account::Model, spend: &Spend) -> bool {
    account.unlimited_until.is_some_and(|until| until > spend.now)
}

/// Returns true if an entry with the spend's source records the same spend.
fn is_same(entry: &ledger_entry::Model, spend: &Spend, change_type: ChangeType) -> bool {
    entry.user_id == spend.user_id
        && entry.change_type == change_type
        && entry.reference.as_deref() == Some(spend.run.as_str())
}

#[cfg(test)]
mod tests;
