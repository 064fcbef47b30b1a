//! Charges exports in groups that commit together.
//!
//! Charges that arrive while a group commits form the next group ([`crate::batch`]). The group's accounts and sources are read,
//! charge by charge is decided in the order of arrival ([`group`]), and everything is written and committed at once. On
//! PostgreSQL, one statement does all of this for most charges ([`at_once`]). These rules hold for each charge, in any group:
//! - a source is charged once, however often it is requested;
//! - a charge is written only if its account still has the version by which it was decided, and a refusal names a balance that
//!   does not suffice;
//! - the answer comes after the commit;
//! - one charge's failure does not affect another: a group that fails because of its data is repeated one by one;
//! - an account that another transaction changes or keeps locked delays only its own charges, which wait aside ([`aside`]).

mod aside;
mod at_once;
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

use self::{aside::Aside, group::Resolution, postgres::Way};
use super::{Changes, Error};
use crate::{
    batch::{Batches, Pending, Worker},
    database::{Database, Dedicated},
    telemetry,
};

/// Maximum number of attempts of a single charge while another with its source commits first.
const ATTEMPTS: usize = 5;

/// A spend that is requested.
#[derive(Clone, Debug)]
pub struct Spend {
    /// The user who pays.
    pub user_id: i64,
    /// Credits. An account that is unlimited at `now` pays none.
    pub cost: i64,
    /// The unique name of the charge, from its idempotency key.
    pub source: String,
    /// The exported run.
    pub run: String,
    /// Business time.
    pub now: DateTime<Utc>,
}

/// The outcome of a charge, with the account as the charge left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Charge {
    /// The entry is new.
    Applied {
        /// The new entry.
        entry: ledger_entry::Model,
        /// The account right after it.
        account: credit_account::Model,
    },
    /// The source was charged before.
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

/// Called after a commit with the changes of each account.
type OnCommit = Arc<dyn Fn(Changes) + Send + Sync>;

/// Charges exports; cheap to clone. A process has one.
#[derive(Clone)]
pub struct Charges(Batches<Spend, Result<Charge, Error>>);

impl Charges {
    /// Starts the groups. At most `waiters` connections of the pool are used for accounts that others keep locked;
    /// `committed` is called after each commit with the changes of each account.
    #[must_use]
    pub fn start(database: &Database, waiters: usize, committed: impl Fn(Changes) + Send + Sync + 'static) -> Self {
        let committed: OnCommit = Arc::new(committed);
        Self(Batches::start(Groups {
            database: database.clone(),
            connection: database.dedicated(),
            aside: Aside::new(database.clone(), waiters, committed.clone()),
            committed,
        }))
    }

    /// Charges, unless the credits are insufficient. The same source is charged once, however often it is requested.
    ///
    /// # Errors
    /// [`Error::SourceReused`] if the source was used for another charge; [`Error::UnknownAccount`];
    /// [`Error::OutOfRange`]; [`Error::Database`] if the outcome is unknown: a retry with the same source is safe.
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
    /// PostgreSQL's connection for groups; SQLite has a single writing connection, which all share.
    connection: Option<Dedicated>,
    aside: Aside,
    committed: OnCommit,
}

impl Worker for Groups {
    type Request = Spend;
    type Answer = Result<Charge, Error>;

    async fn work(&mut self, batch: Vec<Waiting>) {
        let batch = self.charge_at_once(batch).await;
        match self.commit(&batch, Way::Decided).await {
            Ok(resolutions) => {
                self.answer(batch, resolutions);
            }
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
    /// Charges what one statement can charge, and returns the other charges.
    async fn charge_at_once(&mut self, batch: Vec<Waiting>) -> Vec<Waiting> {
        if self.connection.is_none() || !at_once::suits(batch.iter().map(|pending| &pending.request)) {
            return batch;
        }
        match self.commit(&batch, Way::AtOnce).await {
            Ok(resolutions) => self.answer(batch, resolutions),
            Err(error) if is_of_one(&error) => batch,
            Err(error) => {
                fail(batch, &error);
                Vec::new()
            }
        }
    }

    async fn commit(&mut self, batch: &[Waiting], way: Way) -> Result<Vec<Resolution>, DbErr> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let spends: Vec<_> = batch.iter().map(|pending| &pending.request).collect();
        match &mut self.connection {
            Some(connection) => postgres::commit_on(connection, way, &spends).await,
            None => sqlite::commit(&self.database, &spends).await,
        }
    }

    /// Repeats a charge that may have failed its group.
    async fn work_alone(&mut self, pending: Waiting) {
        let alone = [pending];
        let mut resolutions = self.commit(&alone, Way::Decided).await;
        for _ in 1..ATTEMPTS {
            // Another charge with the same source committed first: the next attempt finds it.
            if !resolutions.as_ref().is_err_and(is_duplicate) {
                break;
            }
            resolutions = self.commit(&alone, Way::Decided).await;
        }
        match resolutions {
            Ok(resolutions) => {
                self.answer(Vec::from(alone), resolutions);
            }
            Err(error) => fail(Vec::from(alone), &error),
        }
    }

    /// Answers the charges that were decided, and returns the others. Charges of contended accounts wait aside.
    fn answer(&self, batch: Vec<Waiting>, resolutions: Vec<Resolution>) -> Vec<Waiting> {
        let changes = changes(&resolutions);
        let mut undecided = Vec::new();
        for (pending, resolution) in batch.into_iter().zip(resolutions) {
            match resolution {
                Resolution::Decided(outcome) => pending.answer(outcome),
                Resolution::Contended => self.aside.add(pending),
                Resolution::Undecided => undecided.push(pending),
            }
        }
        publish(changes, &self.committed);
        undecided
    }
}

/// The changes of each account that were committed.
fn changes(resolutions: &[Resolution]) -> HashMap<i64, Changes> {
    let mut by_user = HashMap::<i64, Changes>::new();
    for resolution in resolutions {
        if let Resolution::Decided(Ok(Charge::Applied { entry, account })) = resolution {
            // Versions of one account grow without gaps within a group.
            let first = || Changes { account: account.clone(), after: entry.version - 1, entries: Vec::new() };
            let changes = by_user.entry(entry.user_id).or_insert_with(first);
            changes.account.clone_from(account);
            changes.entries.push(entry.clone());
        }
    }
    by_user
}

/// Reports a commit to the metrics and to the watchers. Called after the callers were answered: of the tasks that this thread
/// wakes it runs the last one first, and a push is to leave at once.
fn publish(changes: HashMap<i64, Changes>, committed: &OnCommit) {
    for changes in changes.into_values() {
        for entry in &changes.entries {
            telemetry::entry_posted(entry.change_type);
        }
        committed(changes);
    }
}

fn fail(batch: Vec<Waiting>, error: &DbErr) {
    for pending in batch {
        pending.answer(Err(Error::Database(error.clone())));
    }
}

/// Returns true if the error may concern a single charge of a group: the database refused its data or key, or it conflicted
/// with another transaction. Other errors would fail every charge.
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

/// The error if it comes from the database itself, not from the connection.
fn answered(error: &DbErr) -> Option<&dyn DatabaseError> {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            error.as_database_error()
        }
        _ => None,
    }
}
