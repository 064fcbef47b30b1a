//! How much of a kind one caller holds at once: sockets, streams.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

/// The seats of a kind. Every caller has as many; who has none is not remembered.
#[derive(Clone)]
pub(super) struct Seats<K: Hash + Eq + Copy> {
    each: usize,
    taken: Arc<Mutex<HashMap<K, usize>>>,
}

/// A caller's seat, free again once this is dropped.
pub(super) struct Seat<K: Hash + Eq + Copy> {
    seats: Seats<K>,
    key: K,
}

impl<K: Hash + Eq + Copy> Seats<K> {
    /// So many for each caller.
    pub(super) fn new(each: usize) -> Self {
        Self { each, taken: Arc::default() }
    }

    /// A seat, unless the caller has all of them.
    pub(super) fn take(&self, key: K) -> Option<Seat<K>> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(key).or_default();
        if *count >= self.each {
            return None;
        }
        *count += 1;
        Some(Seat { seats: self.clone(), key })
    }
}

impl<K: Hash + Eq + Copy> Drop for Seat<K> {
    fn drop(&mut self) {
        let mut taken = self.seats.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_is_free_again_when_it_is_left() {
        let seats = Seats::new(2);
        let (first, second) = (seats.take("ada").unwrap(), seats.take("ada").unwrap());
        assert!(seats.take("ada").is_none());
        assert!(seats.take("bob").is_some());
        drop(first);
        assert!(seats.take("ada").is_some());
        drop(second);
        assert!(seats.taken.lock().unwrap().is_empty());
    }
}
