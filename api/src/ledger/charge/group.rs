//! Decides each charge of a group, without I/O: the rows are read before, and written afterwards.

use std::collections::{HashMap, HashSet};

use entity::{
    credit_account,
    ledger_entry::{self, ChangeType},
};

use super::{Charge, Spend};
use crate::ledger::{Error, MAX_BALANCE};

/// The result of one charge.
pub(super) enum Resolution {
    /// The charge was decided.
    Decided(Result<Charge, Error>),
    /// Another transaction keeps the account locked, or changed it after it was read: nothing of the account was written.
    Contended,
    /// The charge takes more than one statement: nothing of the account was written.
    Undecided,
}

/// The rows that a group is decided by.
#[derive(Default)]
pub(super) struct Rows {
    /// The accounts. One may be there more than once.
    pub(super) accounts: Vec<credit_account::Model>,
    /// Entries with a source of the group.
    pub(super) entries: Vec<ledger_entry::Model>,
}

/// A group that was decided and is to be written.
pub(super) struct DecidedGroup {
    decisions: Vec<Decision>,
    /// The accounts that change, as they are to be.
    pub(super) accounts: Vec<credit_account::Model>,
    /// The entries to add, in the order in which they were decided. Their ids are not known yet.
    pub(super) entries: Vec<ledger_entry::Model>,
}

enum Decision {
    /// The index of the entry to add, and the account after it.
    Applied(usize, credit_account::Model),
    /// An entry of this group, and the account now.
    ReplayedNow(usize, credit_account::Model),
    Known(Result<Charge, Error>),
}

/// Decides each charge in the order of arrival, as if they came one after the other.
pub(super) fn decide(spends: &[&Spend], rows: Rows) -> DecidedGroup {
    let mut group = Group {
        accounts: rows.accounts.into_iter().map(|account| (account.user_id, (account, false))).collect(),
        known: rows.entries.into_iter().map(|entry| (entry.source.clone(), entry)).collect(),
        added: HashMap::new(),
        entries: Vec::new(),
    };
    let decisions = spends.iter().map(|spend| group.decide(spend)).collect();
    let changed = group.accounts.into_values().filter(|(_, changed)| *changed);
    let mut accounts: Vec<_> = changed.map(|(account, _)| account).collect();
    accounts.sort_by_key(|account| account.user_id);
    DecidedGroup { decisions, accounts, entries: group.entries }
}

impl DecidedGroup {
    /// The results, once the entries are written. `stored` are the entries as the database returned them. An account whose
    /// entries are not among them was not written, so that whatever was decided about it counts for nothing.
    pub(super) fn resolutions(self, spends: &[&Spend], stored: Vec<ledger_entry::Model>) -> Vec<Resolution> {
        let mut by_source: HashMap<_, _> = stored.into_iter().map(|entry| (entry.source.clone(), entry)).collect();
        let stored: Vec<_> = self.entries.iter().map(|entry| by_source.remove(&entry.source)).collect();
        let missing = self.entries.iter().zip(&stored).filter(|(_, stored)| stored.is_none());
        let contended: HashSet<_> = missing.map(|(entry, _)| entry.user_id).collect();
        let entry = |place: usize| stored.get(place).cloned().flatten();
        let resolution = |(spend, decision): (&&Spend, Decision)| {
            if contended.contains(&spend.user_id) {
                return Resolution::Contended;
            }
            match decision {
                Decision::Applied(place, account) => entry(place).map_or(Resolution::Contended, |entry| {
                    Resolution::Decided(Ok(Charge::Applied { account: after(&account, &entry), entry }))
                }),
                Decision::ReplayedNow(place, account) => entry(place).map_or(Resolution::Contended, |entry| {
                    Resolution::Decided(Ok(Charge::Replayed { account, entry }))
                }),
                Decision::Known(outcome) => Resolution::Decided(outcome),
            }
        };
        spends.iter().zip(self.decisions).map(resolution).collect()
    }
}

/// The account as it is stored: times in the database are less precise.
fn after(account: &credit_account::Model, entry: &ledger_entry::Model) -> credit_account::Model {
    credit_account::Model { updated_at: entry.created_at, ..*account }
}

struct Group {
    /// Each account after the charges so far, and true if they changed it.
    accounts: HashMap<i64, (credit_account::Model, bool)>,
    /// Entries that existed before, by source.
    known: HashMap<String, ledger_entry::Model>,
    /// Places of the entries to add, by source.
    added: HashMap<String, usize>,
    entries: Vec<ledger_entry::Model>,
}

impl Group {
    fn decide(&mut self, spend: &Spend) -> Decision {
        if let Some(entry) = self.known.get(&spend.source) {
            if !is_same(entry, spend) {
                return Decision::Known(Err(Error::SourceReused));
            }
            if let Some((account, _)) = self.accounts.get(&spend.user_id) {
                return Decision::Known(Ok(Charge::Replayed { entry: entry.clone(), account: account.clone() }));
            }
        }
        let Some((account, changed)) = self.accounts.get_mut(&spend.user_id) else {
            return Decision::Known(Err(Error::UnknownAccount));
        };
        if let Some(place) = self.added.get(&spend.source).copied() {
            return if self.entries.get(place).is_some_and(|entry| is_same(entry, spend)) {
                Decision::ReplayedNow(place, account.clone())
            } else {
                Decision::Known(Err(Error::SourceReused))
            };
        }
        let price = if is_unlimited(account, spend) { 0 } else { spend.cost };
        if price > 0 && account.balance < price {
            return Decision::Known(Ok(Charge::Refused(account.clone())));
        }
        if account.version >= MAX_BALANCE {
            return Decision::Known(Err(Error::OutOfRange));
        }
        account.balance -= price;
        account.version += 1;
        account.updated_at = spend.now;
        *changed = true;
        self.added.insert(spend.source.clone(), self.entries.len());
        self.entries.push(entry(spend, account, price));
        Decision::Applied(self.entries.len() - 1, account.clone())
    }
}

fn is_unlimited(account: &credit_account::Model, spend: &Spend) -> bool {
    account.unlimited_until.is_some_and(|until| until > spend.now)
}

/// Returns true if an entry with the spend's source records the same spend.
fn is_same(entry: &ledger_entry::Model, spend: &Spend) -> bool {
    entry.user_id == spend.user_id
        && entry.change_type == ChangeType::Spend
        && entry.reference.as_deref() == Some(spend.run.as_str())
}

fn entry(spend: &Spend, account: &credit_account::Model, price: i64) -> ledger_entry::Model {
    ledger_entry::Model {
        id: 0,
        user_id: spend.user_id,
        version: account.version,
        change_type: ChangeType::Spend,
        credits_delta: -price,
        balance_after: account.balance,
        source: spend.source.clone(),
        reference: Some(spend.run.clone()),
        notes: None,
        created_at: spend.now,
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    fn account(user_id: i64, balance: i64) -> credit_account::Model {
        let updated_at = DateTime::UNIX_EPOCH;
        credit_account::Model { user_id, balance, version: 7, unlimited_until: None, updated_at }
    }

    fn spend(user_id: i64, source: &str) -> Spend {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(1);
        Spend { user_id, cost: 3, source: source.to_owned(), run: "run".to_owned(), now }
    }

    /// Decides, in the place of a database that stores every entry.
    fn outcomes(spends: &[Spend], rows: Rows) -> Vec<Resolution> {
        outcomes_if(spends, rows, |_| true)
    }

    /// Decides, in the place of a database that stores the entries of some users.
    fn outcomes_if(spends: &[Spend], rows: Rows, is_stored: impl Fn(i64) -> bool) -> Vec<Resolution> {
        let spends: Vec<_> = spends.iter().collect();
        let decided = decide(&spends, rows);
        let stored = decided.entries.iter().zip(100..).filter(|(entry, _)| is_stored(entry.user_id));
        let stored = stored.map(|(entry, id)| ledger_entry::Model { id, ..entry.clone() }).collect();
        decided.resolutions(&spends, stored)
    }

    /// Each resolution in a few words.
    fn texts(resolutions: Vec<Resolution>) -> Vec<String> {
        let outcome = |resolution| match resolution {
            Resolution::Contended => "contended".to_owned(),
            Resolution::Undecided => "undecided".to_owned(),
            Resolution::Decided(Ok(Charge::Applied { entry, account })) => {
                assert_eq!((entry.version, entry.balance_after), (account.version, account.balance));
                format!("applied {} v{} leaves {}", -entry.credits_delta, account.version, account.balance)
            }
            Resolution::Decided(Ok(Charge::Replayed { entry, .. })) => format!("replayed {}", entry.id),
            Resolution::Decided(Ok(Charge::Refused(account))) => format!("refused at {}", account.balance),
            Resolution::Decided(Err(error)) => error.to_string(),
        };
        resolutions.into_iter().map(outcome).collect()
    }

    #[test]
    fn charges_of_one_account_see_each_other_in_order_of_arrival() {
        let spends = [spend(1, "a"), spend(2, "b"), spend(1, "c"), spend(1, "d"), spend(1, "a")];
        let rows = Rows { accounts: vec![account(1, 7), account(2, 2)], entries: Vec::new() };
        assert_eq!(
            texts(outcomes(&spends, rows)),
            ["applied 3 v8 leaves 4", "refused at 2", "applied 3 v9 leaves 1", "refused at 1", "replayed 100"]
        );
    }

    #[test]
    fn a_source_that_stands_for_something_else_is_refused() {
        let stored = ledger_entry::Model { id: 5, ..entry(&spend(1, "old"), &account(1, 4), 3) };
        let other_run = Spend { run: "other".to_owned(), ..spend(1, "old") };
        let spends = [spend(1, "old"), other_run, spend(1, "new"), spend(2, "new"), spend(2, "old")];
        let rows = Rows { accounts: vec![account(1, 9), account(2, 9)], entries: vec![stored] };
        let reused = Error::SourceReused.to_string();
        assert_eq!(texts(outcomes(&spends, rows)), ["replayed 5", &reused, "applied 3 v8 leaves 6", &reused, &reused]);
    }

    #[test]
    fn unlimited_accounts_pay_nothing_until_their_time_is_over() {
        let until = DateTime::UNIX_EPOCH + TimeDelta::days(1);
        let ends = credit_account::Model { unlimited_until: Some(until), ..account(1, 1) };
        let before = Spend { now: until - TimeDelta::seconds(1), ..spend(1, "before") };
        let rows = Rows { accounts: vec![ends], entries: Vec::new() };
        assert_eq!(texts(outcomes(&[before, spend(1, "after")], rows)), ["applied 0 v8 leaves 1", "refused at 1"]);
    }

    #[test]
    fn a_free_export_needs_no_balance_and_no_version_passes_its_limit() {
        let free = Spend { cost: 0, ..spend(1, "free") };
        let full = credit_account::Model { version: MAX_BALANCE, ..account(2, 9) };
        let rows = Rows { accounts: vec![account(1, -5), full], entries: Vec::new() };
        let beyond = Error::OutOfRange.to_string();
        assert_eq!(texts(outcomes(&[free, spend(2, "full")], rows)), ["applied 0 v8 leaves -5", beyond.as_str()]);
    }

    #[test]
    fn an_account_that_is_missing_is_unknown() {
        let unknown = Error::UnknownAccount.to_string();
        assert_eq!(texts(outcomes(&[spend(1, "a")], Rows::default())), [unknown]);
    }

    #[test]
    fn nothing_that_was_decided_about_an_account_counts_if_it_was_not_written() {
        let stored = ledger_entry::Model { id: 5, ..entry(&spend(1, "old"), &account(1, 4), 3) };
        let rows = Rows { accounts: vec![account(1, 4), account(2, 4)], entries: vec![stored] };
        let spends = [spend(1, "old"), spend(2, "a"), spend(1, "b"), spend(1, "c"), spend(2, "d")];
        assert_eq!(
            texts(outcomes_if(&spends, rows, |user_id| user_id == 2)),
            ["contended", "applied 3 v8 leaves 1", "contended", "contended", "refused at 1"]
        );
    }
}
