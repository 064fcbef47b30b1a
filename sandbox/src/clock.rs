//! Time and randomness: the only file that asks the machine for either.

use std::{
    cell::Cell,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use chrono::Utc;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

const ALPHANUMERIC: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Business time: wall time plus an offset that tests and the gateway share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock {
    offset_seconds: Arc<AtomicI64>,
}

impl Clock {
    /// The atomic itself, for whoever follows this clock.
    pub(crate) fn offset(&self) -> Arc<AtomicI64> {
        Arc::clone(&self.offset_seconds)
    }

    /// Seconds since 1970 in business time.
    pub(crate) fn now(&self) -> i64 {
        wall_seconds() + self.offset_seconds.load(Ordering::SeqCst)
    }

    pub(crate) fn offset_seconds(&self) -> i64 {
        self.offset_seconds.load(Ordering::SeqCst)
    }

    /// Moves forward to `second`; a moment already past changes nothing, since business time never runs back.
    pub(crate) fn advance_to(&self, second: i64) {
        let offset = second - wall_seconds();
        self.offset_seconds.fetch_max(offset, Ordering::SeqCst);
    }

    pub(crate) fn set_offset(&self, seconds: i64) {
        self.offset_seconds.store(seconds, Ordering::SeqCst);
    }
}

/// Seconds since 1970 by the machine's clock: webhook signatures are made with it.
pub(crate) fn wall_seconds() -> i64 {
    wall_millis() / 1000
}

/// Milliseconds since 1970 by the machine's clock: retries are timed with it.
#[expect(clippy::disallowed_methods, reason = "this is the clock that the ban points to")]
pub(crate) fn wall_millis() -> i64 {
    Utc::now().timestamp_millis()
}

/// The source of randomness. With a seed it gives the same sequence in every run.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Dice {
    seed: Option<u64>,
    /// How many numbers were drawn. It is kept with the state, or a seeded sandbox would repeat its ids after a restart.
    drawn: Cell<u64>,
}

impl Dice {
    pub(crate) fn set_seed(&mut self, seed: Option<u64>) {
        self.seed = seed;
    }

    /// A prefix with so many random letters and digits.
    pub(crate) fn id(&self, prefix: &str, length: usize) -> String {
        let mut id = String::with_capacity(prefix.len() + length);
        id.push_str(prefix);
        id.extend((0..length).map(|_| char::from(ALPHANUMERIC[self.below(ALPHANUMERIC.len())])));
        id
    }

    /// A number from 0 on, less than `bound`.
    pub(crate) fn below(&self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.draw() % bound).unwrap_or_default()
    }

    /// With a seed, the numbers of the `SplitMix64` generator.
    fn draw(&self) -> u64 {
        let Some(seed) = self.seed else {
            return rand::rng().random();
        };
        self.drawn.set(self.drawn.get() + 1);
        let mut mixed = seed.wrapping_add(self.drawn.get().wrapping_mul(0x9e37_79b9_7f4a_7c15));
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_moves_forward_and_never_back() {
        let clock = Clock::default();
        let later = clock.now() + 1000;
        clock.advance_to(later);
        clock.advance_to(later - 500);
        assert!(clock.now() >= later);
    }

    #[test]
    fn followers_see_the_offset() {
        let clock = Clock::default();
        let follower = clock.offset();
        clock.set_offset(42);
        assert_eq!(follower.load(Ordering::SeqCst), 42);
    }

    #[test]
    fn the_same_seed_gives_the_same_ids_and_none_of_them_twice() {
        let (mut first, mut second) = (Dice::default(), Dice::default());
        first.set_seed(Some(7));
        second.set_seed(Some(7));
        let ids: Vec<String> = (0..3).map(|_| first.id("x_", 24)).collect();
        let same: Vec<String> = (0..3).map(|_| second.id("x_", 24)).collect();
        assert_eq!(ids, same);
        assert_ne!(ids[0], ids[1]);
        assert_ne!(Dice::default().id("", 24), Dice::default().id("", 24));
    }
}
