//! Charges and reserves exports, and changes their holds, in groups that commit together.
//!
//! Steps that arrive while a group commits form the next group ([`crate::batch`]). The group's accounts, sources and holds are
//! read, step by step is decided in the order of arrival ([`group`]), and everything is written and committed at once. On
//! PostgreSQL, one statement does all of this for most charges ([`at_once`]). These rules apply to each step, in any group:
//! - a source is charged or reserved once, however often it is requested, and a hold ends once;
//! - a step is written only if its account still has the version by which it was decided, and a refusal names available credits
//!   that do not suffice;
//! - the answer comes after the commit;
//! - one step's failure does not affect another: a group that fails because of its data is repeated one by one;
//! - an account that another transaction changes or keeps locked delays only its own steps, which wait aside ([`aside`]).
//!
//! Every change of an account or a hold raises the account's version, which is compared when a group is written. So of a
//! capture, a release and the expiry of one hold only the first to be committed succeeds, on any number of replicas.

mod aside;
mod at_once;
mod group;
mod outcome;
mod postgres;
mod sqlite;
mod step;

use std::{collections::HashMap, sync::Arc};

use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::error::{DatabaseError, ErrorKind},
};

use self::{aside::Aside, group::Resolution, outcome::Outcome, postgres::Way, step::Step};
pub use self::{
    outcome::{Charge, HoldOutcome},
    step::{HoldAction, HoldChange, Reservation, Spend},
};
use super::{Changes, Error};
use crate::{
    batch::{Batches, Pending, Worker},
    database::{Database, Dedicated},
    telemetry,
};

/// Maximum number of attempts of a single step while another with its source commits first.
const ATTEMPTS: usize = 5;

/// The answer to a step.
type Answer = Result<Outcome, Error>;

/// A step that waits for its answer.
type Waiting = Pending<Step, Answer>;

/// Called after a commit with the changes of each account.
type OnCommit = Arc<dyn Fn(Changes) + Send + Sync>;

/// Charges and reserves exports; cheap to clone. A process has one.
#[derive(Clone)]
pub struct Charges(Batches<Step, Answer>);

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

    /// Charges, unless the available credits are insufficient. The same source is charged once, however often it is requested.
    ///
    /// # Errors
    /// [`Error::SourceReused`] if the source was used for another charge, or to reserve; [`Error::UnknownAccount`];
    /// [`Error::OutOfRange`]; [`Error::Database`] if the outcome is unknown: a retry with the same source is safe.
    pub async fn charge(&self, spend: Spend) -> Result<Charge, Error> {
        match self.commit(Step::Charge(spend)).await? {
            Outcome::Charge(charge) => Ok(charge),
            Outcome::Hold(_) => Err(mismatch()),
        }
    }

    /// Holds the credits of an export, unless the available ones are insufficient. The number of the entry is that of the
    /// hold. The same source is reserved once, however often it is requested.
    ///
    /// # Errors
    /// [`Error::SourceReused`] if the source was used for another export, or to charge; [`Error::TooManyHolds`]; those of
    /// [`Self::charge`].
    pub async fn reserve(&self, reservation: Reservation) -> Result<Charge, Error> {
        match self.commit(Step::Reserve(reservation)).await? {
            Outcome::Charge(charge) => Ok(charge),
            Outcome::Hold(_) => Err(mismatch()),
        }
    }

    /// Changes a hold if it is open, or ends it if it has expired.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if more is to be captured than is held; [`Error::Database`] if the outcome is unknown.
    pub async fn change_hold(&self, change: HoldChange) -> Result<HoldOutcome, Error> {
        match self.commit(Step::Change(change)).await? {
            Outcome::Hold(outcome) => Ok(outcome),
            Outcome::Charge(_) => Err(mismatch()),
        }
    }

    async fn commit(&self, step: Step) -> Answer {
        match self.0.ask(step).await {
            Ok(answer) => answer,
            Err(error) => Err(Error::Database(DbErr::Custom(error.to_string()))),
        }
    }
}

fn mismatch() -> Error {
    Error::Database(DbErr::Custom("a step was answered with the outcome of another".to_owned()))
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
    type Request = Step;
    type Answer = Answer;

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
    /// Charges what one statement can charge, and returns the other steps.
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
        let steps: Vec<_> = batch.iter().map(|pending| &pending.request).collect();
        match &mut self.connection {
            Some(connection) => postgres::commit_on(connection, way, &steps).await,
            None => sqlite::commit(&self.database, &steps).await,
        }
    }

    /// Repeats a step that may have failed its group.
    async fn work_alone(&mut self, pending: Waiting) {
        let alone = [pending];
        let mut resolutions = self.commit(&alone, Way::Decided).await;
        for _ in 1..ATTEMPTS {
            // Another step with the same source committed first: the next attempt finds it.
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

    /// Answers the steps that were decided, and returns the others. Steps of contended accounts wait aside.
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
        let Resolution::Decided(Ok(outcome)) = resolution else { continue };
        if let Some((entry, account)) = outcome.posted() {
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

/// Returns true if the error may concern a single step of a group: the database refused its data or key, or it conflicted
/// with another transaction. Other errors would fail every step.
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
