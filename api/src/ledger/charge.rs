//! The door for exports: charges that commit in groups.
//!
//! Charges that arrive while a group commits form the next group ([`crate::batch`]). One transaction locks the group's
//! accounts, looks for its sources, decides charge by charge in the order of arrival ([`group`]), writes everything and
//! commits once. What holds for each charge, whatever group it is in:
//! - a source is charged once, however often it is asked for;
//! - the decision is made under the account's lock, and a refusal names a balance that does not suffice;
//! - the answer comes after the commit;
//! - one charge's failure neither refuses nor books another: a group that fails over its data is done again one by one;
//! - an account that somebody else keeps locked holds up nobody but its own charges, which wait aside ([`aside`]).

mod aside;
mod group;
mod postgres;
mod sqlite;

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use entity::{credit_account, ledger_entry};
use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::error::{DatabaseError, ErrorKind},
};

use self::{aside::Aside, group::Verdict};
use super::Error;
use crate::{
    batch::{Batches, Pending, Worker},
    database::{Database, Dedicated},
    telemetry,
};

/// How often a charge is attempted alone when another with its source keeps committing first.
const ATTEMPTS: usize = 5;

/// A spend that is requested.
#[derive(Clone, Debug)]
pub struct Spend {
    /// Who pays.
    pub user_id: i64,
    /// Credits. An account that is unlimited at `now` pays none.
    pub cost: i64,
    /// The key of this one intention.
    pub source: String,
    /// What is exported.
    pub run: String,
    /// Business time.
    pub now: DateTime<Utc>,
}

/// The outcome of a charge, with the account as the charge left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Charge {
    /// It was booked now.
    Applied {
        /// The new entry.
        entry: ledger_entry::Model,
        /// The account right after it.
        account: credit_account::Model,
    },
    /// It had been booked before.
    Replayed {
        /// The entry of that time.
        entry: ledger_entry::Model,
        /// The account now.
        account: credit_account::Model,
    },
    /// The balance does not suffice. Nothing is stored: the same source may succeed later.
    Refused(credit_account::Model),
}

/// A charge that waits for its answer.
type Waiting = Pending<Spend, Result<Charge, Error>>;

/// Called after a commit for each account that changed, with its user and its new version.
type Committed = Arc<dyn Fn(i64, i64) + Send + Sync>;

/// The door itself, cheap to clone. One process has one.
#[derive(Clone)]
pub struct Charges(Batches<Spend, Result<Charge, Error>>);

impl Charges {
    /// Opens the door. At most `waiters` connections of the pool are used for accounts that others keep locked;
    /// `committed` is called after each commit with every user whose account changed, and its new version.
    #[must_use]
    pub fn start(database: &Database, waiters: usize, committed: impl Fn(i64, i64) + Send + Sync + 'static) -> Self {
        let committed: Committed = Arc::new(committed);
        Self(Batches::start(Groups {
            database: database.clone(),
            connection: database.dedicated(),
            aside: Aside::new(database.clone(), waiters, committed.clone()),
            committed,
        }))
    }

    /// Charges, unless the balance does not suffice. The same source is charged once, however often it is asked for.
    ///
    /// # Errors
    /// [`Error::SourceReused`] when the source stands for something else; [`Error::UnknownAccount`];
    /// [`Error::OutOfRange`]; [`Error::Database`] when the outcome is unknown: asking again with the same source is safe.
    pub async fn charge(&self, spend: Spend) -> Result<Charge, Error> {
        match self.0.ask(spend).await {
            Ok(answer) => answer,
            Err(error) => Err(Error::Database(DbErr::Custom(error.to_string()))),
        }
    }
}

/// Commits the groups.
struct Groups {
    database: Database,
    /// PostgreSQL's; SQLite has one connection that writes, which everybody shares.
    connection: Option<Dedicated>,
    aside: Aside,
    committed: Committed,
}

impl Worker for Groups {
    type Request = Spend;
    type Answer = Result<Charge, Error>;

    async fn work(&mut self, batch: Vec<Waiting>) {
        match self.commit(&batch).await {
            Ok(verdicts) => self.answer(batch, verdicts),
            Err(error) if is_of_one(&error) => {
                for pending in batch {
                    self.work_alone(pending).await;
                }
            }
            Err(error) => fail(batch, &error),
        }
    }
}

impl Groups {
    async fn commit(&mut self, batch: &[Waiting]) -> Result<Vec<Verdict>, DbErr> {
        let spends: Vec<_> = batch.iter().map(|pending| &pending.request).collect();
        match &mut self.connection {
            Some(connection) => postgres::commit_on(connection, &spends).await,
            None => sqlite::commit(&self.database, &spends).await,
        }
    }

    /// A charge that may be the one which failed a group.
    async fn work_alone(&mut self, pending: Waiting) {
        let alone = [pending];
        let mut verdicts = self.commit(&alone).await;
        for _ in 1..ATTEMPTS {
            // Another charge with the same source committed first: the next attempt finds it.
            if !verdicts.as_ref().is_err_and(is_duplicate) {
                break;
            }
            verdicts = self.commit(&alone).await;
        }
        match verdicts {
            Ok(verdicts) => self.answer(Vec::from(alone), verdicts),
            Err(error) => fail(Vec::from(alone), &error),
        }
    }

    /// Answers what was decided. Charges of accounts that somebody else keeps locked go aside.
    fn answer(&self, batch: Vec<Waiting>, verdicts: Vec<Verdict>) {
        publish(&verdicts, &self.committed);
        for (pending, verdict) in batch.into_iter().zip(verdicts) {
            match verdict {
                Verdict::Decided(outcome) => pending.answer(outcome),
                Verdict::Locked => self.aside.add(pending),
            }
        }
    }
}

/// Reports what was committed: an entry each, and each account once.
fn publish(verdicts: &[Verdict], committed: &Committed) {
    let mut newest = HashMap::new();
    for verdict in verdicts {
        if let Verdict::Decided(Ok(Charge::Applied { entry, .. })) = verdict {
            telemetry::entry_posted(entry.change_type);
            // Versions of one account grow within a group.
            newest.insert(entry.user_id, entry.version);
        }
    }
    for (user_id, version) in newest {
        committed(user_id, version);
    }
}

fn fail(batch: Vec<Waiting>, error: &DbErr) {
    for pending in batch {
        pending.answer(Err(Error::Database(error.clone())));
    }
}

/// Whether a single charge of a group may be to blame: the database refuses its data or its key, or it met another
/// transaction. Anything else would fail each charge alike.
fn is_of_one(error: &DbErr) -> bool {
    let code = answered(error).and_then(DatabaseError::code).unwrap_or_default();
    // SQLite's codes are numbers, whose last byte says: too big, constraint, mismatch, range.
    if let Ok(number) = code.parse::<u32>()
        && code.len() < 5
    {
        return matches!(number & 0xff, 18 | 19 | 20 | 25);
    }
    // PostgreSQL's classes: data, constraints, transaction rolled back, raised by a function.
    ["22", "23", "40", "P0"].iter().any(|class| code.starts_with(class))
}

fn is_duplicate(error: &DbErr) -> bool {
    answered(error).is_some_and(|error| error.kind() == ErrorKind::UniqueViolation)
}

/// What the database itself answered, rather than the way to it.
fn answered(error: &DbErr) -> Option<&dyn DatabaseError> {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            error.as_database_error()
        }
        _ => None,
    }
}
