//! Decides each charge of a group, without I/O: the rows are read before, and written afterwards.

use std::collections::HashMap;

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
    /// Another transaction keeps the account locked, or the account does not exist.
    Locked,
}

/// The meaning of an account that was not among the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MissingAccount {
    /// The account does not exist.
    Unknown,
    /// The account may be locked, and was skipped.
    MayBeLocked,
}

/// The rows that a group is decided by.
pub(super) struct Rows {
    /// Accounts, locked.
    pub(super) accounts: Vec<credit_account::Model>,
    /// Accounts that could not be locked, as they were last committed: enough for a charge that was posted before.
    pub(super) unlocked: Vec<credit_account::Model>,
    /// Entries with a source of the group, read after the accounts were locked.
    pub(super) entries: Vec<ledger_entry::Model>,
}

/// A group that was decided and is to be written.
pub(super) struct DecidedGroup {
    resolutions: Vec<Decision>,
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
    Locked,
}

/// Decides each charge in the order of arrival, as if they came one after the other.
pub(super) fn decide(spends: &[&Spend], rows: Rows, missing: MissingAccount) -> DecidedGroup {
    let mut group = Group {
        accounts: rows.accounts.into_iter().map(|account| (account.user_id, (account, false))).collect(),
        unlocked: rows.unlocked.into_iter().map(|account| (account.user_id, account)).collect(),
        known: rows.entries.into_iter().map(|entry| (entry.source.clone(), entry)).collect(),
        added: HashMap::new(),
        entries: Vec::new(),
        missing,
    };
    let resolutions = spends.iter().map(|spend| group.decide(spend)).collect();
    let changed = group.accounts.into_values().filter(|(_, changed)| *changed);
    let mut accounts: Vec<_> = changed.map(|(account, _)| account).collect();
    accounts.sort_by_key(|account| account.user_id);
    DecidedGroup { resolutions, accounts, entries: group.entries }
}

impl DecidedGroup {
    /// The results, once the entries are written. `stored` are the entries as the database returned them.
    pub(super) fn resolutions(self, stored: Vec<ledger_entry::Model>) -> Vec<Resolution> {
        let mut by_source: HashMap<_, _> = stored.into_iter().map(|entry| (entry.source.clone(), entry)).collect();
        let stored: Vec<_> = self.entries.iter().map(|entry| by_source.remove(&entry.source)).collect();
        let entry = |place: usize| stored.get(place).cloned().flatten();
        let resolution = |decision| match decision {
            Decision::Applied(place, account) => Resolution::Decided(match entry(place) {
                Some(entry) => Ok(Charge::Applied { account: after(&account, &entry), entry }),
                None => Err(lacking()),
            }),
            Decision::ReplayedNow(place, account) => Resolution::Decided(match entry(place) {
                Some(entry) => Ok(Charge::Replayed { account, entry }),
                None => Err(lacking()),
            }),
            Decision::Known(outcome) => Resolution::Decided(outcome),
            Decision::Locked => Resolution::Locked,
        };
        self.resolutions.into_iter().map(resolution).collect()
    }
}

/// The account as it is stored: times in the database are less precise.
fn after(account: &credit_account::Model, entry: &ledger_entry::Model) -> credit_account::Model {
    credit_account::Model { updated_at: entry.created_at, ..*account }
}

fn lacking() -> Error {
    Error::Database(sea_orm::DbErr::RecordNotInserted)
}

struct Group {
    /// Each account after the charges so far, and true if they changed it.
    accounts: HashMap<i64, (credit_account::Model, bool)>,
    unlocked: HashMap<i64, credit_account::Model>,
    /// Entries that existed before, by source.
    known: HashMap<String, ledger_entry::Model>,
    /// Places of the entries to add, by source.
    added: HashMap<String, usize>,
    entries: Vec<ledger_entry::Model>,
    missing: MissingAccount,
}

impl Group {
    fn decide(&mut self, spend: &Spend) -> Decision {
        if let Some(entry) = self.known.get(&spend.source) {
            if !is_same(entry, spend) {
                return Decision::Known(Err(Error::SourceReused));
            }
            let locked = self.accounts.get(&spend.user_id).map(|(account, _)| account);
            if let Some(account) = locked.or_else(|| self.unlocked.get(&spend.user_id)) {
                return Decision::Known(Ok(Charge::Replayed { entry: entry.clone(), account: account.clone() }));
            }
        }
        let Some((account, changed)) = self.accounts.get_mut(&spend.user_id) else {
            return match self.missing {
                MissingAccount::Unknown => Decision::Known(Err(Error::UnknownAccount)),
                MissingAccount::MayBeLocked => Decision::Locked,
            };
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
    fn outcomes(spends: &[Spend], rows: Rows, missing: MissingAccount) -> Vec<Resolution> {
        let decided = decide(&spends.iter().collect::<Vec<_>>(), rows, missing);
        let stored = decided.entries.iter().zip(100..).map(|(entry, id)| ledger_entry::Model { id, ..entry.clone() });
        let stored = stored.collect();
        decided.resolutions(stored)
    }

    /// Each resolution in a few words.
    fn texts(resolutions: Vec<Resolution>) -> Vec<String> {
        let outcome = |resolution| match resolution {
            Resolution::Locked => "locked".to_owned(),
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
        let rows = Rows { accounts: vec![account(1, 7), account(2, 2)], entries: Vec::new(), unlocked: Vec::new() };
        assert_eq!(
            texts(outcomes(&spends, rows, MissingAccount::Unknown)),
            ["applied 3 v8 leaves 4", "refused at 2", "applied 3 v9 leaves 1", "refused at 1", "replayed 100"]
        );
    }

    #[test]
    fn a_source_that_stands_for_something_else_is_refused() {
        let stored = ledger_entry::Model { id: 5, ..entry(&spend(1, "old"), &account(1, 4), 3) };
        let other_run = Spend { run: "other".to_owned(), ..spend(1, "old") };
        let spends = [spend(1, "old"), other_run, spend(1, "new"), spend(2, "new"), spend(2, "old")];
        let rows = Rows { accounts: vec![account(1, 9), account(2, 9)], entries: vec![stored], unlocked: Vec::new() };
        let reused = Error::SourceReused.to_string();
        assert_eq!(
            texts(outcomes(&spends, rows, MissingAccount::Unknown)),
            ["replayed 5", &reused, "applied 3 v8 leaves 6", &reused, &reused]
        );
    }

    #[test]
    fn unlimited_accounts_pay_nothing_until_their_time_is_over() {
        let until = DateTime::UNIX_EPOCH + TimeDelta::days(1);
        let ends = credit_account::Model { unlimited_until: Some(until), ..account(1, 1) };
        let before = Spend { now: until - TimeDelta::seconds(1), ..spend(1, "before") };
        let rows = Rows { accounts: vec![ends], entries: Vec::new(), unlocked: Vec::new() };
        assert_eq!(
            texts(outcomes(&[before, spend(1, "after")], rows, MissingAccount::Unknown)),
            ["applied 0 v8 leaves 1", "refused at 1"]
        );
    }

    #[test]
    fn a_free_export_needs_no_balance_and_no_version_passes_its_limit() {
        let free = Spend { cost: 0, ..spend(1, "free") };
        let full = credit_account::Model { version: MAX_BALANCE, ..account(2, 9) };
        let rows = Rows { accounts: vec![account(1, -5), full], unlocked: Vec::new(), entries: Vec::new() };
        let beyond = Error::OutOfRange.to_string();
        assert_eq!(
            texts(outcomes(&[free, spend(2, "full")], rows, MissingAccount::Unknown)),
            ["applied 0 v8 leaves -5", beyond.as_str()]
        );
    }

    #[test]
    fn an_account_that_is_missing_is_locked_or_unknown() {
        let rows = || Rows { accounts: Vec::new(), entries: Vec::new(), unlocked: Vec::new() };
        assert_eq!(texts(outcomes(&[spend(1, "a")], rows(), MissingAccount::MayBeLocked)), ["locked"]);
        let unknown = Error::UnknownAccount.to_string();
        assert_eq!(texts(outcomes(&[spend(1, "a")], rows(), MissingAccount::Unknown)), [unknown]);
    }

    #[test]
    fn a_charge_that_was_posted_needs_no_lock() {
        let stored = ledger_entry::Model { id: 5, ..entry(&spend(1, "old"), &account(1, 4), 3) };
        let rows = Rows { accounts: Vec::new(), entries: vec![stored], unlocked: vec![account(1, 4)] };
        let spends = [spend(1, "old"), spend(1, "new")];
        assert_eq!(texts(outcomes(&spends, rows, MissingAccount::MayBeLocked)), ["replayed 5", "locked"]);
    }
}
