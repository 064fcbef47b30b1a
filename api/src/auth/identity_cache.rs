//! A cache of users and of what their tokens may do, so that most requests need no query for it.
//!
//! Which user a token belongs to never changes and is kept as long as there is room. What a user's tokens may do can be
//! revoked. It is kept for a short time, dropped as soon as this process learns of a revocation, and everything that keeps a
//! connection open for the user is notified then.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use entity::user::Role;
use moka::{future, sync};
use tokio::{sync::watch, time::Instant};

use super::{TokenId, Viewer};
use crate::error::Error;

/// Maximum number of cached users. One takes some 200 bytes.
const CAPACITY: u64 = 100_000;

/// Lifetime of a cached access. Revocations are noticed long before.
const LIFETIME: Duration = Duration::from_mins(1);

/// As [`LIFETIME`], for tokens that allow more than the own account: a demotion takes effect within this time.
const PRIVILEGED_LIFETIME: Duration = Duration::from_secs(5);

/// The access of a user's tokens, as it is stored in the database.
#[derive(Clone, Debug)]
pub struct UserAccess {
    /// The most that the gateway's own tokens of this user may do.
    pub role: Role,
    /// Tokens issued before this moment are invalid.
    pub tokens_valid_from: Option<DateTime<Utc>>,
    /// The account is closed.
    pub closed: bool,
    /// Single tokens that were logged out.
    pub revoked: Vec<TokenId>,
    /// When this was read.
    pub read_at: Instant,
}

impl UserAccess {
    /// Returns true if a token is still valid.
    #[must_use]
    pub fn allows(&self, viewer: &Viewer) -> bool {
        let recent = self.tokens_valid_from.is_none_or(|from| viewer.issued_at.is_some_and(|at| at >= from));
        recent && !self.closed && !self.revoked.contains(&viewer.token)
    }

    /// Returns true if this access covers all that a token claims.
    fn covers(&self, viewer: &Viewer) -> bool {
        viewer.role_is_foreign || self.role == Role::Admin || self.role == viewer.role
    }
}

/// Remembers users and the access of their tokens.
#[derive(Debug)]
pub struct IdentityCache {
    users: sync::Cache<String, i64>,
    access: future::Cache<i64, Arc<UserAccess>>,
    watchers: Mutex<HashMap<i64, watch::Sender<()>>>,
}

/// Notified when tokens of one user were revoked.
#[derive(Debug)]
pub struct RevocationWatcher {
    cache: Arc<IdentityCache>,
    user_id: i64,
    revocations: watch::Receiver<()>,
}

impl Default for IdentityCache {
    fn default() -> Self {
        Self {
            users: sync::Cache::new(CAPACITY),
            access: future::Cache::builder().max_capacity(CAPACITY).time_to_live(LIFETIME).build(),
            watchers: Mutex::default(),
        }
    }
}

impl IdentityCache {
    /// The user that an identity belongs to, if it is remembered.
    #[must_use]
    pub fn user(&self, identity: &str) -> Option<i64> {
        self.users.get(identity)
    }

    /// Remembers the user that an identity belongs to.
    pub fn remember(&self, identity: String, user_id: i64) {
        self.users.insert(identity, user_id);
    }

    /// Forgets the user that an identity belonged to.
    pub fn forget(&self, identity: &str) {
        self.users.invalidate(identity);
    }

    /// The access of a user's tokens; read from the database by `read` unless it is cached. Concurrent requests
    /// share one read. What takes more than a look into the cache is boxed: it needs some 16 KiB, by which the future of every
    /// caller would grow.
    ///
    /// # Errors
    /// Those of `read`.
    pub async fn access<R: Future<Output = Result<UserAccess, Error>>>(
        &self,
        viewer: &Viewer,
        read: impl FnOnce() -> R,
    ) -> Result<Arc<UserAccess>, Error> {
        let user_id = viewer.user_id;
        if viewer.is_privileged() {
            // A token that claims more than is remembered was made after its user got another role.
            let outdated =
                |access: &Arc<UserAccess>| access.read_at.elapsed() > PRIVILEGED_LIFETIME || !access.covers(viewer);
            if self.access.get(&user_id).await.as_ref().is_some_and(outdated) {
                Box::pin(self.access.invalidate(&user_id)).await;
            }
        }
        if let Some(access) = self.access.get(&user_id).await {
            return Ok(access);
        }
        Box::pin(self.access.try_get_with(user_id, async { read().await.map(Arc::new) }))
            .await
            .map_err(|error| Error::clone(&error))
    }

    /// Records that a user's tokens were revoked, given by `known` if the cached access contains that already.
    pub async fn revoked(&self, user_id: i64, known: impl Fn(&UserAccess) -> bool) {
        if self.access.get(&user_id).await.is_some_and(|access| known(&access)) {
            return;
        }
        self.access.invalidate(&user_id).await;
        let watchers = self.watchers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(watchers) = watchers.get(&user_id) {
            watchers.send_replace(());
        }
    }

    /// Starts to watch for revocations of a user's tokens.
    #[must_use]
    pub fn watch(self: &Arc<Self>, user_id: i64) -> RevocationWatcher {
        let mut watchers = self.watchers.lock().unwrap_or_else(PoisonError::into_inner);
        let revocations = watchers.entry(user_id).or_insert_with(|| watch::Sender::new(())).subscribe();
        RevocationWatcher { cache: self.clone(), user_id, revocations }
    }
}

impl RevocationWatcher {
    /// Waits until tokens of the user were revoked.
    pub async fn changed(&mut self) {
        if self.revocations.changed().await.is_err() {
            // The sender lives in the cache, which this watcher holds: there is no end to wait for.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for RevocationWatcher {
    fn drop(&mut self) {
        let mut watchers = self.cache.watchers.lock().unwrap_or_else(PoisonError::into_inner);
        // One receiver is this watcher's own.
        if watchers.get(&self.user_id).is_some_and(|sender| sender.receiver_count() <= 1) {
            watchers.remove(&self.user_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn viewer(role: Role, issued_at: i64) -> Viewer {
        let time = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        Viewer {
            user_id: 1,
            role,
            expires_at: time(9999),
            issued_at: Some(time(issued_at)),
            token: TokenId::of("header.claims.signature"),
            role_is_foreign: false,
        }
    }

    fn access(tokens_valid_from: Option<i64>) -> UserAccess {
        let tokens_valid_from = tokens_valid_from.map(|seconds| DateTime::from_timestamp(seconds, 0).unwrap());
        UserAccess { role: Role::User, tokens_valid_from, closed: false, revoked: Vec::new(), read_at: Instant::now() }
    }

    #[tokio::test]
    async fn older_and_revoked_tokens_are_invalid() {
        assert!(access(None).allows(&viewer(Role::User, 100)));
        assert!(access(Some(100)).allows(&viewer(Role::User, 100)));
        assert!(!access(Some(101)).allows(&viewer(Role::User, 100)));
        let undated = Viewer { issued_at: None, ..viewer(Role::User, 100) };
        assert!(access(None).allows(&undated) && !access(Some(100)).allows(&undated));
        let revoked = UserAccess { revoked: vec![TokenId::of("header.claims.another")], ..access(None) };
        assert!(!revoked.allows(&viewer(Role::User, 100)), "a signature may be written in several ways");
    }

    #[tokio::test(start_paused = true)]
    async fn access_is_read_once_until_it_is_revoked_and_more_often_for_privileged_tokens() {
        let cache = Arc::new(IdentityCache::default());
        let reads = std::sync::atomic::AtomicU32::new(0);
        let read = async |role| {
            let load = || async {
                reads.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                Ok(UserAccess { role, ..access(None) })
            };
            cache.access(&viewer(role, 100), load).await.unwrap();
            reads.load(std::sync::atomic::Ordering::Relaxed)
        };
        assert_eq!((read(Role::User).await, read(Role::User).await), (1, 1));
        let mut watcher = cache.watch(1);
        cache.revoked(1, |_| true).await;
        assert_eq!(read(Role::User).await, 1);
        cache.revoked(1, |_| false).await;
        watcher.changed().await;
        assert_eq!((read(Role::User).await, read(Role::Admin).await, read(Role::Admin).await), (2, 3, 3));
        tokio::time::advance(PRIVILEGED_LIFETIME * 2).await;
        assert_eq!((read(Role::User).await, read(Role::Admin).await), (3, 4));
        drop(watcher);
        assert!(cache.watchers.lock().unwrap().is_empty());
    }
}
