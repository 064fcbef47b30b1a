//! Turns at an account, taken before a connection.
//!
//! A transaction that waits for an account's row lock keeps a connection of its pool. Without turns, requests about one
//! account whose row stays locked would take all of them. So the transactions of this process that lock an
//! account run one after the other, and those that wait hold nothing. Charges do not need turns: they form groups.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use sea_orm::{ConnAcquireErr, DbErr};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

/// A turn that lasts longer no longer counts: its transaction waits on a dead connection, and would keep all others
/// waiting. Turns are not locks; two transactions at once do no harm.
const LONGEST: Duration = Duration::from_mins(1);

/// An account, as far as it is known before the database is read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Account {
    /// The account of a user, by the user's id.
    User(i64),
    /// The account of a customer, by the customer's id at Stripe, for webhooks.
    Customer(String),
}

/// The accounts at which a transaction has a turn or waits for one.
#[derive(Clone, Debug, Default)]
pub(super) struct Turns(Arc<Mutex<HashMap<Account, Weak<Gate>>>>);

/// Lets one transaction at a time pass.
#[derive(Debug)]
struct Gate {
    free: Arc<Semaphore>,
    /// The beginning of the current turn.
    since: Mutex<Option<Instant>>,
}

/// A turn at an account. Dropping it lets the next transaction begin.
#[derive(Debug)]
pub struct Turn {
    // Dropped before the place, which is removed with its last turn.
    _permit: OwnedSemaphorePermit,
    _place: Place,
}

/// A gate, held by those who have the turn or wait for it. It is removed with the last of them.
#[derive(Debug)]
struct Place {
    turns: Turns,
    account: Account,
    gate: Option<Arc<Gate>>,
}

impl Turns {
    /// Waits for a turn.
    ///
    /// # Errors
    /// [`DbErr::ConnectionAcquire`] after `patience`.
    pub(super) async fn wait(&self, account: Account, patience: Duration) -> Result<Turn, DbErr> {
        let (place, gate) = self.place(account);
        match timeout(patience, gate.free.clone().acquire_owned()).await {
            Ok(Ok(permit)) => {
                *gate.since.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
                Ok(Turn { _permit: permit, _place: place })
            }
            Ok(Err(_)) | Err(_) => Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)),
        }
    }

    fn place(&self, account: Account) -> (Place, Arc<Gate>) {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let weak = places.entry(account.clone()).or_default();
        let gate = weak.upgrade().filter(|gate| !gate.is_stuck()).unwrap_or_else(|| {
            let gate = Arc::new(Gate { free: Arc::new(Semaphore::new(1)), since: Mutex::default() });
            *weak = Arc::downgrade(&gate);
            gate
        });
        (Place { turns: self.clone(), account, gate: Some(gate.clone()) }, gate)
    }
}

impl Gate {
    fn is_stuck(&self) -> bool {
        let since = *self.since.lock().unwrap_or_else(PoisonError::into_inner);
        self.free.available_permits() == 0 && since.is_some_and(|since| since.elapsed() > LONGEST)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.turns.0.lock().unwrap_or_else(PoisonError::into_inner);
        self.gate = None;
        if places.get(&self.account).is_some_and(|gate| gate.strong_count() == 0) {
            places.remove(&self.account);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::{spawn, task::yield_now};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);

    fn ada() -> Account {
        Account::User(1)
    }

    #[tokio::test(start_paused = true)]
    async fn turns_at_one_account_follow_each_other_and_others_do_not_wait() {
        let turns = Turns::default();
        let first = turns.wait(ada(), PATIENCE).await.unwrap();
        turns.wait(Account::User(2), PATIENCE).await.unwrap();
        turns.wait(Account::Customer("cus_1".to_owned()), PATIENCE).await.unwrap();
        let late = turns.wait(ada(), PATIENCE).await.unwrap_err();
        assert!(matches!(late, DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)), "{late}");
        let next = spawn({
            let turns = turns.clone();
            async move { turns.wait(ada(), PATIENCE).await.map(drop) }
        });
        yield_now().await;
        drop(first);
        next.await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_kept_of_an_account_that_nobody_waits_for() {
        let turns = Turns::default();
        let first = turns.wait(ada(), PATIENCE).await.unwrap();
        let given_up = spawn({
            let turns = turns.clone();
            async move { turns.wait(ada(), PATIENCE).await.map(drop) }
        });
        yield_now().await;
        assert_eq!(turns.0.lock().unwrap().len(), 1);
        drop(first);
        given_up.abort();
        let _ = given_up.await;
        assert!(turns.0.lock().unwrap().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_never_ends_keeps_nobody_waiting_for_ever() {
        let turns = Turns::default();
        let stuck = turns.wait(ada(), PATIENCE).await.unwrap();
        tokio::time::sleep(LONGEST).await;
        turns.wait(ada(), PATIENCE).await.unwrap_err();
        let next = turns.wait(ada(), PATIENCE).await.unwrap();
        drop(stuck);
        turns.wait(ada(), PATIENCE).await.unwrap_err();
        drop(next);
        assert!(turns.0.lock().unwrap().is_empty());
    }
}
