//! Limits on how much one caller holds at once: connections, sockets, subscriptions.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

/// Allows each key a number of permits at once. Keys without permits take no memory.
#[derive(Clone)]
pub(super) struct ConcurrencyLimit<K: Hash + Eq + Copy> {
    each: usize,
    held: Arc<Mutex<HashMap<K, usize>>>,
}

/// A permit of one key. Dropping it returns it.
pub(super) struct Permit<K: Hash + Eq + Copy> {
    limit: ConcurrencyLimit<K>,
    key: K,
}

impl<K: Hash + Eq + Copy> ConcurrencyLimit<K> {
    /// Creates a limit of `each` permits for every key.
    pub(super) fn new(each: usize) -> Self {
        Self { each, held: Arc::default() }
    }

    /// Takes a permit, or returns `None` if the key holds all of its permits.
    pub(super) fn acquire(&self, key: K) -> Option<Permit<K>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(key).or_default();
        if *count >= self.each {
            return None;
        }
        *count += 1;
        Some(Permit { limit: self.clone(), key })
    }
}

impl<K: Hash + Eq + Copy> Drop for Permit<K> {
    fn drop(&mut self) {
        let mut held = self.limit.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_permit_can_be_acquired_again() {
        let limit = ConcurrencyLimit::new(2);
        let (first, second) = (limit.acquire("ada").unwrap(), limit.acquire("ada").unwrap());
        assert!(limit.acquire("ada").is_none());
        assert!(limit.acquire("bob").is_some());
        drop(first);
        assert!(limit.acquire("ada").is_some());
        drop(second);
        assert!(limit.held.lock().unwrap().is_empty());
    }
}
