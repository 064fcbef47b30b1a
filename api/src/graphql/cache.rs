//! A least-recently-used cache, bounded by entries and by bytes.

use std::{
    hash::Hash,
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
};

use hashlink::LruCache;

/// A bounded cache. The entry that was used longest ago is dropped first.
pub(super) struct Cache<K, V> {
    max_entries: usize,
    max_bytes: usize,
    entries: Mutex<Entries<K, V>>,
}

struct Entries<K, V> {
    /// Each value with its bytes.
    values: LruCache<K, (V, usize)>,
    bytes: usize,
}

impl<K: Hash + Eq, V: Clone> Cache<K, V> {
    /// Creates an empty cache.
    pub(super) fn new(max_entries: usize, max_bytes: usize) -> Self {
        let entries = Entries { values: LruCache::new_unbounded(), bytes: 0 };
        Self { max_entries, max_bytes, entries: Mutex::new(entries) }
    }

    /// The value of a key, which counts as used.
    pub(super) fn get(&self, key: &K) -> Option<V> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.values.get(key).map(|(value, _)| value.clone())
    }

    /// Returns true if the cache has a value for this key. It does not count as used.
    pub(super) fn contains(&self, key: &K) -> bool {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).values.contains_key(key)
    }

    /// The number of average entries of a full cache that have room in the place of one with so many bytes.
    pub(super) fn places(&self, bytes: usize) -> NonZeroU32 {
        let average = (self.max_bytes / self.max_entries.max(1)).max(1);
        u32::try_from(bytes.div_ceil(average))
            .map_or(NonZeroU32::MAX, |places| NonZeroU32::new(places).unwrap_or(NonZeroU32::MIN))
    }

    /// Adds or replaces a value that takes `bytes`. A value that is larger than the whole cache is not kept.
    pub(super) fn insert(&self, key: K, value: V, bytes: usize) {
        if bytes > self.max_bytes {
            return;
        }
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entries = &mut *entries;
        entries.bytes += bytes;
        if let Some((_, bytes)) = entries.values.insert(key, (value, bytes)) {
            entries.bytes -= bytes;
        }
        while entries.bytes > self.max_bytes || entries.values.len() > self.max_entries {
            let Some((_, (_, bytes))) = entries.values.remove_lru() else { break };
            entries.bytes -= bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_value_that_was_used_longest_ago_is_dropped_first() {
        let cache = Cache::new(2, 100);
        cache.insert(1, "one", 1);
        cache.insert(2, "two", 1);
        assert_eq!(cache.get(&1), Some("one"));
        cache.insert(3, "three", 1);
        assert_eq!(cache.get(&2), None);
        assert!(cache.contains(&1) && cache.contains(&3) && !cache.contains(&2));
    }

    #[test]
    fn a_large_value_takes_the_places_of_several() {
        let cache = Cache::<u8, ()>::new(10, 1000);
        let places = [0, 1, 100, 101, 1000].map(|bytes| cache.places(bytes).get());
        assert_eq!(places, [1, 1, 1, 2, 10]);
    }

    proptest! {
        #[test]
        fn there_is_never_more_than_fits(inserted in prop::collection::vec((0_u8..20, 0_usize..80), 0..60)) {
            let cache = Cache::new(5, 60);
            for (key, bytes) in inserted {
                cache.insert(key, (), bytes);
                let entries = cache.entries.lock().unwrap();
                let sum: usize = entries.values.iter().map(|(_, ((), bytes))| bytes).sum();
                prop_assert_eq!(entries.bytes, sum);
                prop_assert!(sum <= 60 && entries.values.len() <= 5);
            }
        }
    }
}
