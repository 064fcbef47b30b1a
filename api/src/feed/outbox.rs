//! Hints that are to be sent to other replicas, while there are any.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::Notify;

use super::Hint;

/// Maximum number of users whose hints wait. More are dropped, which the backstop compensates for.
const MAX_WAITING: usize = 100_000;

/// Hints until they are sent: one for each user, the newest.
#[derive(Debug, Default)]
pub struct Outbox {
    is_closed: AtomicBool,
    waiting: Mutex<HashMap<i64, Hint>>,
    filled: Notify,
}

impl Outbox {
    /// Keeps hints from now on, or drops them because no other replica would receive them. Returns `true` if that is a change.
    pub fn set_open(&self, is_open: bool) -> bool {
        self.is_closed.swap(!is_open, Ordering::Relaxed) == is_open
    }

    pub(super) fn add(&self, user_id: i64, hint: Hint) {
        if self.is_closed.load(Ordering::Relaxed) {
            return;
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < MAX_WAITING || waiting.contains_key(&user_id) {
            let newest = waiting.entry(user_id).or_default();
            *newest = newest.merge(hint);
        }
        drop(waiting);
        self.filled.notify_one();
    }

    /// Waits until there is something to send.
    pub async fn filled(&self) {
        self.filled.notified().await;
    }

    /// Takes all hints out.
    #[must_use]
    pub fn take(&self) -> Vec<(i64, Hint)> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner)).into_iter().collect()
    }
}
