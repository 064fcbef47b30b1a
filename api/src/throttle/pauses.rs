//! Growing pauses after wrong passwords, for each email and address.
//!
//! The first attempts are free. Each further one doubles the pause before the next, up to a quarter of an hour, until a
//! right password or a day without attempts ends the series. An attempt counts as wrong from its beginning, so that many
//! at once gain nothing.

use std::{
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use hashlink::LruCache;
use tokio::time::Instant;

use super::buckets::MAX_BUCKETS;

/// Attempts without a pause.
const FREE_ATTEMPTS: u32 = 5;

/// The pause after the last free attempt.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_mins(15);

/// Time for which a series of wrong attempts is remembered after its last.
const REMEMBERED: Duration = Duration::from_hours(24);

/// Series of wrong attempts, by key. The least recent are forgotten when there are too many.
#[derive(Debug)]
pub(super) struct Pauses<K: Hash + Eq>(Mutex<LruCache<K, Series>>);

#[derive(Clone, Copy, Debug)]
struct Series {
    attempts: u32,
    last: Instant,
}

impl Series {
    /// The time that the next attempt has to wait, at `now`.
    fn pause(&self, now: Instant) -> Duration {
        let Some(doublings) = self.attempts.checked_sub(FREE_ATTEMPTS) else {
            return Duration::ZERO;
        };
        let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST_PAUSE);
        pause.saturating_sub(now.duration_since(self.last))
    }
}

impl<K: Hash + Eq> Pauses<K> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(LruCache::new(MAX_BUCKETS)))
    }

    /// Checks whether an attempt may begin, without counting it.
    ///
    /// # Errors
    /// The time until the next attempt.
    pub(super) fn check(&self, key: &K) -> Result<(), Duration> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get(key).map_or(Duration::ZERO, |series| series.pause(Instant::now())) {
            Duration::ZERO => Ok(()),
            pause => Err(pause),
        }
    }

    /// Starts an attempt, which counts as wrong until [`Self::succeeded`].
    ///
    /// # Errors
    /// The time until the next attempt.
    pub(super) fn begin(&self, key: K) -> Result<(), Duration> {
        let now = Instant::now();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.get(&key).filter(|series| now.duration_since(series.last) < REMEMBERED);
        let attempts = match known.map(|series| (series.pause(now), series.attempts)) {
            Some((Duration::ZERO, attempts)) => attempts,
            Some((pause, _)) => return Err(pause),
            None => 0,
        };
        all.insert(key, Series { attempts: attempts.saturating_add(1), last: now });
        Ok(())
    }

    /// Ends the series: the password was right.
    pub(super) fn succeeded(&self, key: &K) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_to_a_quarter_of_an_hour() {
        let pauses = Pauses::new();
        for _ in 0..FREE_ATTEMPTS {
            pauses.begin("ada").unwrap();
        }
        let mut pause = FIRST_PAUSE;
        for _ in 0..20 {
            assert_eq!(pauses.check(&"ada"), Err(pause));
            assert_eq!(pauses.begin("ada"), Err(pause), "an attempt during the pause changes nothing");
            advance(pause).await;
            assert_eq!(pauses.check(&"ada"), Ok(()));
            pauses.begin("ada").unwrap();
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        assert_eq!(pause, LONGEST_PAUSE);
        assert_eq!(pauses.begin("bob"), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_right_password_or_a_quiet_day_ends_the_series() {
        let pauses = Pauses::new();
        for _ in 0..FREE_ATTEMPTS {
            pauses.begin("ada").unwrap();
        }
        pauses.succeeded(&"ada");
        for _ in 0..FREE_ATTEMPTS {
            pauses.begin("ada").unwrap();
        }
        assert!(pauses.begin("ada").is_err());
        advance(REMEMBERED).await;
        for _ in 0..FREE_ATTEMPTS {
            pauses.begin("ada").unwrap();
        }
    }
}
