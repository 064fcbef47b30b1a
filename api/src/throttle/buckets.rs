//! Token buckets, one for each key.

use std::{
    fmt::Debug,
    hash::Hash,
    num::NonZeroU32,
    sync::{PoisonError, RwLock},
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    state::keyed::HashMapStateStore,
};

use super::Rate;

/// Maximum number of buckets of one kind. One takes some 50 bytes.
pub const MAX_BUCKETS: usize = 100_000;

type Limiter<K> = RateLimiter<K, HashMapStateStore<K>, DefaultClock>;

/// Buckets that are filled at one rate.
pub(super) struct Buckets<K: Hash + Eq + Clone> {
    quota: Quota,
    clock: DefaultClock,
    limiter: RwLock<Limiter<K>>,
}

impl<K: Hash + Eq + Clone> Buckets<K> {
    /// Buckets that hold all that the rate allows.
    pub(super) fn new(rate: Rate) -> Self {
        Self::with_burst(rate, rate.count.get())
    }

    /// Buckets that hold `burst` tokens, or all that the rate allows if that is less.
    pub(super) fn with_burst(rate: Rate, burst: u32) -> Self {
        let one = (rate.per / rate.count.get()).max(Duration::from_nanos(1));
        let burst = NonZeroU32::new(burst.min(rate.count.get())).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(one).unwrap_or(Quota::per_second(rate.count)).allow_burst(burst);
        Self { quota, clock: DefaultClock::default(), limiter: RwLock::new(RateLimiter::hashmap(quota)) }
    }

    /// Takes one token, or returns the time until there is one.
    pub(super) fn take(&self, key: &K) -> Result<(), Duration> {
        self.take_some(key, NonZeroU32::MIN)
    }

    /// Takes several tokens, or all of a full bucket if that is less, or returns the time until there are so many.
    pub(super) fn take_some(&self, key: &K, count: NonZeroU32) -> Result<(), Duration> {
        let count = count.min(self.quota.burst_size());
        let limiter = self.limiter.read().unwrap_or_else(PoisonError::into_inner);
        let full = limiter.len() >= MAX_BUCKETS;
        let taken = limiter.check_key_n(key, count);
        drop(limiter);
        if full {
            self.tidy();
        }
        // A full bucket holds `count` tokens.
        taken.unwrap_or(Ok(())).map_err(|refused| refused.wait_time_from(self.clock.now()))
    }

    /// Drops the buckets that are full again; if fewer than half are full, drops all: a flood from so many addresses cannot
    /// be limited, and must not take the memory as well.
    fn tidy(&self) {
        let mut limiter = self.limiter.write().unwrap_or_else(PoisonError::into_inner);
        limiter.retain_recent();
        if limiter.len() > MAX_BUCKETS / 2 {
            *limiter = RateLimiter::hashmap(self.quota);
        }
    }
}

impl<K: Hash + Eq + Clone> Debug for Buckets<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Buckets").field("quota", &self.quota).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_may_come_at_once_and_then_one_by_one() {
        let buckets = Buckets::new(Rate::per_minute(60));
        for _ in 0..60 {
            buckets.take(&1).unwrap();
        }
        let wait = buckets.take(&1).unwrap_err();
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(1), "{wait:?}");
        buckets.take(&2).unwrap();
    }

    #[test]
    fn several_tokens_are_taken_together_and_never_more_than_a_bucket_holds() {
        let buckets = Buckets::new(Rate::per_minute(60));
        let some = |count| buckets.take_some(&1, NonZeroU32::new(count).unwrap());
        some(50).unwrap();
        let wait = some(20).unwrap_err();
        assert!(wait > Duration::from_secs(9) && wait <= Duration::from_secs(10), "{wait:?}");
        some(10).unwrap();
        assert!(some(1000).unwrap_err() > Duration::from_secs(59));
        buckets.take_some(&2, NonZeroU32::MAX).unwrap();
    }

    #[test]
    fn a_flood_of_keys_is_forgotten() {
        let buckets = Buckets::new(Rate::per_minute(1));
        for key in 0..=MAX_BUCKETS {
            buckets.take(&key).unwrap();
        }
        let kept = buckets.limiter.read().unwrap().len();
        assert!(kept <= MAX_BUCKETS / 2, "{kept}");
    }
}
