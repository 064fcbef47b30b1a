//! Batches: rows of other tables that a page needs are read at once. Loaders live for one execution only, since they
//! remember what they read and a subscription lasts for hours.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use dataloader::{BatchFn, cached::Loader};
use entity::{credit_account, ledger_entry, payment, reversal, subscription, user};
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};

use crate::{
    accounts,
    app::App,
    billing::{self, paid_period::PaidPeriod, task_owner::Subject},
    error::Error,
    ledger,
    standing::Standing,
};

/// The value of a key: a row, nothing, or an error that the whole batch shares.
type Loaded<T> = Result<Option<T>, Error>;

/// The standing of a user, which all fields of an execution share.
type Reading = Shared<BoxFuture<'static, Loaded<Arc<Standing>>>>;

/// The loaders of one execution. Most executions use none but the first.
pub(super) struct Loaders {
    app: App,
    standings: Mutex<HashMap<i64, Reading>>,
    payments: OnceLock<Loader<String, Loaded<payment::Model>, Payments>>,
    actors: OnceLock<Loader<i64, Loaded<i64>, Actors>>,
    periods: OnceLock<Loader<String, Loaded<PaidPeriod>, Periods>>,
    entries: OnceLock<Loader<i64, Loaded<ledger_entry::Model>, Entries>>,
    reversals: OnceLock<Loader<i64, Loaded<reversal::Model>, Reversals>>,
    users: OnceLock<Loader<i64, Loaded<user::Model>, Users>>,
    customers: OnceLock<Loader<i64, Loaded<String>, Customers>>,
    task_owners: OnceLock<Loader<Subject, Loaded<i64>, TaskOwners>>,
}

impl Loaders {
    /// Loaders that have read nothing yet.
    pub(super) fn new(app: &App) -> Self {
        Self {
            app: app.clone(),
            standings: Mutex::default(),
            payments: OnceLock::new(),
            actors: OnceLock::new(),
            periods: OnceLock::new(),
            entries: OnceLock::new(),
            reversals: OnceLock::new(),
            users: OnceLock::new(),
            customers: OnceLock::new(),
            task_owners: OnceLock::new(),
        }
    }

    /// The account of a user.
    pub(super) async fn account(&self, user_id: i64) -> Result<credit_account::Model, Error> {
        let standing = self.standing(user_id).await?.ok_or(Error::NotFound("user"))?;
        Ok(standing.account.clone())
    }

    /// The current subscription of a user.
    pub(super) async fn subscription(&self, user_id: i64) -> Result<Option<subscription::Model>, Error> {
        Ok(self.standing(user_id).await?.and_then(|standing| standing.subscription.clone()))
    }

    /// The user who made a ledger entry by hand, by the entry's id.
    pub(super) async fn actor(&self, entry_id: i64) -> Result<Option<i64>, Error> {
        let actors = self.actors.get_or_init(|| Loader::new(Actors(self.app.clone())));
        found(actors.try_load(entry_id).await)
    }

    /// The payment of this name in the ledger.
    pub(super) async fn payment(&self, reference: &str) -> Result<Option<payment::Model>, Error> {
        let payments = self.payments.get_or_init(|| Loader::new(Payments(self.app.clone())));
        found(payments.try_load(reference.to_owned()).await)
    }

    /// The paid period of this name in the ledger.
    pub(super) async fn period(&self, reference: &str) -> Result<Option<PaidPeriod>, Error> {
        let periods = self.periods.get_or_init(|| Loader::new(Periods(self.app.clone())));
        found(periods.try_load(reference.to_owned()).await)
    }

    /// A ledger entry, by its id.
    pub(super) async fn entry(&self, id: i64) -> Result<Option<ledger_entry::Model>, Error> {
        let entries = self.entries.get_or_init(|| Loader::new(Entries(self.app.clone())));
        found(entries.try_load(id).await)
    }

    /// The money behind a reversal, by the entry's id.
    pub(super) async fn reversal(&self, entry_id: i64) -> Result<Option<reversal::Model>, Error> {
        let reversals = self.reversals.get_or_init(|| Loader::new(Reversals(self.app.clone())));
        found(reversals.try_load(entry_id).await)
    }

    /// A user, by the id of the row.
    pub(super) async fn user(&self, id: i64) -> Result<Option<user::Model>, Error> {
        let users = self.users.get_or_init(|| Loader::new(Users(self.app.clone())));
        found(users.try_load(id).await)
    }

    /// The customer at Stripe of a user.
    pub(super) async fn customer(&self, user_id: i64) -> Result<Option<String>, Error> {
        let customers = self.customers.get_or_init(|| Loader::new(Customers(self.app.clone())));
        found(customers.try_load(user_id).await)
    }

    /// The user whom a task is about, by its kind and subject.
    pub(super) async fn task_owner(&self, subject: Subject) -> Result<Option<user::Model>, Error> {
        let owners = self.task_owners.get_or_init(|| Loader::new(TaskOwners(self.app.clone())));
        match found(owners.try_load(subject).await)? {
            Some(user_id) => self.user(user_id).await,
            None => Ok(None),
        }
    }

    fn standing(&self, user_id: i64) -> Reading {
        let mut readings = self.standings.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || {
            let app = self.app.clone();
            async move { Ok(app.standings.of(user_id).await?) }.boxed().shared()
        };
        readings.entry(user_id).or_insert_with(read).clone()
    }
}

struct Actors(App);

impl BatchFn<i64, Loaded<i64>> for Actors {
    async fn load(&mut self, keys: &[i64]) -> HashMap<i64, Loaded<i64>> {
        answer(keys, billing::adjustment::actors(self.0.database.read(), keys).await)
    }
}

fn found<T>(loaded: Result<Loaded<T>, std::io::Error>) -> Result<Option<T>, Error> {
    loaded.map_err(|error| Error::Internal(format!("a batch lacks a key: {error}")))?
}

/// Returns a value for every key of a batch, so that an absent row is distinguished from a forgotten key.
fn answer<K: Clone + Eq + Hash, T>(keys: &[K], rows: Result<HashMap<K, T>, impl Into<Error>>) -> HashMap<K, Loaded<T>> {
    match rows.map_err(Into::into) {
        Ok(mut rows) => keys.iter().map(|key| (key.clone(), Ok(rows.remove(key)))).collect(),
        Err(error) => keys.iter().map(|key| (key.clone(), Err(error.clone()))).collect(),
    }
}

struct Payments(App);

impl BatchFn<String, Loaded<payment::Model>> for Payments {
    async fn load(&mut self, keys: &[String]) -> HashMap<String, Loaded<payment::Model>> {
        answer(keys, billing::payment::by_references(self.0.database.read(), keys).await)
    }
}

struct Periods(App);

impl BatchFn<String, Loaded<PaidPeriod>> for Periods {
    async fn load(&mut self, keys: &[String]) -> HashMap<String, Loaded<PaidPeriod>> {
        answer(keys, billing::paid_period::by_references(self.0.database.read(), keys).await)
    }
}

struct Entries(App);

impl BatchFn<i64, Loaded<ledger_entry::Model>> for Entries {
    async fn load(&mut self, keys: &[i64]) -> HashMap<i64, Loaded<ledger_entry::Model>> {
        answer(keys, ledger::entries(self.0.database.read(), keys).await)
    }
}

struct Reversals(App);

impl BatchFn<i64, Loaded<reversal::Model>> for Reversals {
    async fn load(&mut self, keys: &[i64]) -> HashMap<i64, Loaded<reversal::Model>> {
        answer(keys, billing::reversal::by_entries(self.0.database.read(), keys).await)
    }
}

struct Users(App);

impl BatchFn<i64, Loaded<user::Model>> for Users {
    async fn load(&mut self, keys: &[i64]) -> HashMap<i64, Loaded<user::Model>> {
        answer(keys, accounts::by_ids(self.0.database.read(), keys).await)
    }
}

struct Customers(App);

impl BatchFn<i64, Loaded<String>> for Customers {
    async fn load(&mut self, keys: &[i64]) -> HashMap<i64, Loaded<String>> {
        answer(keys, billing::customer::by_users(self.0.database.read(), keys).await)
    }
}

struct TaskOwners(App);

impl BatchFn<Subject, Loaded<i64>> for TaskOwners {
    async fn load(&mut self, keys: &[Subject]) -> HashMap<Subject, Loaded<i64>> {
        answer(keys, billing::task_owner::by_subjects(self.0.database.read(), keys).await)
    }
}
