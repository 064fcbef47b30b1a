//! Hints between writers and watchers: "user N: ledger at V, subscriptions at W, alerts at A, top-ups at T".
//!
//! A hint is lossy. It may come late, twice or never; a watcher reads the tables for whatever it lacks. Only the newest hint for
//! a user is kept, so that a slow watcher costs nothing. A writer in this process may add the changes that it committed, and a
//! watcher those that it read, so that other watchers need not read them.
//!
//! Within a process a hint goes straight to its watchers. To other replicas it goes by way of the [`Outbox`], where hints
//! for one user become one until they are sent.

mod notification;
mod outbox;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, time::timeout};

pub use notification::Notification;
pub use outbox::Outbox;

use crate::ledger::Changes;

/// Pause before a hint that led to nothing is looked into again.
const AGAIN: Duration = Duration::from_secs(1);

/// The versions of a user's rows. The numbers only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hint {
    /// The account's version.
    pub ledger: i64,
    /// The sum of the versions of the user's subscriptions.
    pub subscription: i64,
    /// The number of the newest alert.
    pub alert: i64,
    /// The version of the user's automatic top-ups.
    pub top_up: i64,
}

/// The way in which a hint arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// From a writer in this process.
    Process,
    /// From another replica.
    Replica,
    /// From the backstop's query, once a second.
    Backstop,
}

/// Carries hints to the watchers of this process, and keeps them for other replicas.
#[derive(Clone, Debug, Default)]
pub struct Feed {
    users: Arc<Mutex<HashMap<i64, WatchedUser>>>,
    outbox: Option<Arc<Outbox>>,
}

/// A user who is watched in this process.
#[derive(Debug, Default)]
struct WatchedUser {
    latest: watch::Sender<Latest>,
    /// The number of watchers of each subject.
    watchers: [usize; 4],
    reading: Arc<tokio::sync::Mutex<()>>,
}

/// The newest that is known of a user in this process.
#[derive(Clone, Debug, Default)]
struct Latest {
    hint: Hint,
    /// Changes that were committed, not necessarily the newest.
    changes: Option<Arc<Changes>>,
}

/// The part of a user's state that is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The balance.
    Balance,
    /// The subscription.
    Subscription,
    /// The alerts.
    Alerts,
    /// The automatic top-ups.
    TopUp,
}

/// Receives one user's hints for as long as it lives.
#[derive(Debug)]
pub struct Watcher {
    feed: Feed,
    user_id: i64,
    subject: Subject,
    latest: watch::Receiver<Latest>,
    reading: Arc<tokio::sync::Mutex<()>>,
    /// The hint that ended the last wait.
    last: Hint,
}

impl Hint {
    fn merge(self, other: Self) -> Self {
        Self {
            ledger: self.ledger.max(other.ledger),
            subscription: self.subscription.max(other.subscription),
            alert: self.alert.max(other.alert),
            top_up: self.top_up.max(other.top_up),
        }
    }
}

impl Feed {
    /// Creates a feed that keeps hints for other replicas too.
    #[must_use]
    pub fn to_replicas() -> Self {
        Self { outbox: Some(Arc::default()), ..Self::default() }
    }

    /// The hints to be sent to other replicas; `None` where there are none.
    #[must_use]
    pub const fn outbox(&self) -> Option<&Arc<Outbox>> {
        self.outbox.as_ref()
    }

    /// Publishes the versions of a user's rows. Must be called after the commit, never before.
    pub fn publish(&self, user_id: i64, hint: Hint) {
        self.announce(user_id, hint, Path::Process, None);
    }

    /// Publishes changes of a balance. Must be called after the commit, never before.
    pub fn publish_changes(&self, changes: Changes) {
        let (user_id, hint) = (changes.account.user_id, Hint { ledger: changes.account.version, ..Hint::default() });
        self.announce(user_id, hint, Path::Process, Some(changes));
    }

    /// Hints to the watchers of this process what others have committed.
    pub fn deliver(&self, user_id: i64, hint: Hint, path: Path) {
        self.announce(user_id, hint, path, None);
    }

    fn announce(&self, user_id: i64, hint: Hint, path: Path, changes: Option<Changes>) {
        if path == Path::Process
            && let Some(outbox) = &self.outbox
        {
            outbox.add(user_id, hint);
        }
        let users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(user) = users.get(&user_id) else { return };
        let is_newer = user.latest.send_if_modified(|latest| {
            if let Some(changes) = changes {
                latest.add(changes);
            }
            let newest = latest.hint.merge(hint);
            std::mem::replace(&mut latest.hint, newest) != newest
        });
        if is_newer {
            let Hint { ledger, subscription, alert, top_up } = hint;
            tracing::debug!(user_id, ?path, ledger, subscription, alert, top_up, "hint");
        }
    }

    /// Starts to watch a user. Nothing that is published from now on is missed.
    #[must_use]
    pub fn watch(&self, user_id: i64, subject: Subject) -> Watcher {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        let user = users.entry(user_id).or_default();
        user.watchers[subject as usize] += 1;
        let (latest, reading) = (user.latest.subscribe(), user.reading.clone());
        Watcher { feed: self.clone(), user_id, subject, latest, reading, last: Hint::default() }
    }

    /// The users who are watched now.
    #[must_use]
    pub fn watched(&self) -> Vec<i64> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    /// The users of whom this is watched now.
    #[must_use]
    pub fn watched_for(&self, subject: Subject) -> Vec<i64> {
        let users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        users.iter().filter(|(_, user)| user.watchers[subject as usize] > 0).map(|(user_id, _)| *user_id).collect()
    }
}

impl Latest {
    /// Adds changes, unless they are older than those that are known.
    fn add(&mut self, changes: Changes) {
        self.changes = Some(match self.changes.take() {
            Some(known) if known.account.version >= changes.account.version => known,
            Some(known) => Arc::new(changes.following(&known)),
            None => Arc::new(changes),
        });
    }
}

impl Watcher {
    /// The newest hint so far.
    #[must_use]
    pub fn newest(&self) -> Hint {
        self.latest.borrow().hint
    }

    /// The newest changes that are known in this process.
    #[must_use]
    pub fn changes(&self) -> Option<Arc<Changes>> {
        self.latest.borrow().changes.clone()
    }

    /// Waits for the turn to read changes. The watcher that has it reads for all others of the user.
    pub async fn reading(&self) -> tokio::sync::OwnedMutexGuard<()> {
        self.reading.clone().lock_owned().await
    }

    /// Shares changes that were read with the other watchers of the user.
    pub fn share(&self, changes: Changes) {
        let users = self.feed.users.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(user) = users.get(&self.user_id) {
            user.latest.send_if_modified(|latest| {
                latest.add(changes);
                false
            });
        }
    }

    /// Waits until a hint has a later version than `seen`. The hint may not concern the watcher: only the tables count. A
    /// hint that is ahead of them (after a failover without the last commits, or a restored backup) is looked into again,
    /// but not at once.
    pub async fn beyond(&mut self, seen: impl Fn(&Hint) -> bool) {
        let newest = self.newest();
        if newest == self.last && !seen(&newest) {
            timeout(AGAIN, self.latest.changed()).await.ok();
        } else if self.latest.wait_for(|latest| !seen(&latest.hint)).await.is_err() {
            // The sender lives in the feed, which this watcher holds: there is no end to wait for.
            std::future::pending::<()>().await;
        }
        self.last = self.latest.borrow_and_update().hint;
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut users = self.feed.users.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(user) = users.get_mut(&self.user_id) else { return };
        user.watchers[self.subject as usize] -= 1;
        // One receiver is this watcher's own.
        if user.latest.receiver_count() <= 1 {
            users.remove(&self.user_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_watcher_sees_the_newest_hint_and_none_that_goes_back() {
        let feed = Feed::default();
        let mut watcher = feed.watch(1, Subject::Balance);
        feed.publish(1, Hint { ledger: 3, ..Hint::default() });
        feed.publish(1, Hint { ledger: 2, subscription: 1, alert: 4, top_up: 5 });
        watcher.beyond(|hint| hint.ledger < 3 || hint.subscription < 1).await;
        assert_eq!(watcher.newest(), Hint { ledger: 3, subscription: 1, alert: 4, top_up: 5 });
    }

    #[tokio::test]
    async fn a_hint_that_led_to_nothing_is_looked_into_again_but_not_at_once() {
        let feed = Feed::default();
        let mut watcher = feed.watch(1, Subject::Balance);
        feed.publish(1, Hint { ledger: 9, ..Hint::default() });
        watcher.beyond(|hint| hint.ledger <= 3).await;
        let again = timeout(AGAIN / 20, watcher.beyond(|hint| hint.ledger <= 3)).await;
        assert!(again.is_err(), "the same hint ended the wait at once");
        feed.publish(1, Hint { ledger: 10, ..Hint::default() });
        timeout(AGAIN / 2, watcher.beyond(|hint| hint.ledger <= 3)).await.expect("a new hint is looked into at once");
    }

    #[tokio::test]
    async fn a_user_is_forgotten_with_the_last_watcher() {
        let feed = Feed::default();
        let (first, second) = (feed.watch(1, Subject::Balance), feed.watch(1, Subject::Balance));
        drop(first);
        assert_eq!(feed.watched(), [1]);
        drop(second);
        assert!(feed.watched().is_empty());
    }

    #[tokio::test]
    async fn watchers_of_subscriptions_are_counted_apart() {
        let feed = Feed::default();
        let balance = feed.watch(1, Subject::Balance);
        assert!(feed.watched_for(Subject::Subscription).is_empty());
        let (first, second) = (feed.watch(1, Subject::Subscription), feed.watch(1, Subject::Subscription));
        drop(first);
        let alerts = feed.watch(1, Subject::Alerts);
        assert_eq!((feed.watched_for(Subject::Subscription), feed.watched_for(Subject::Alerts)), (vec![1], vec![1]));
        drop(alerts);
        assert!(feed.watched_for(Subject::Alerts).is_empty());
        drop(second);
        assert!(feed.watched_for(Subject::Subscription).is_empty());
        assert_eq!(feed.watched(), [1]);
        drop(balance);
    }
}
