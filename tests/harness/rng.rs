//! Repeatable random choices, and test durations that can be extended.
//!
//! `PATCH_HIVE_TEST_SEED=n` repeats a run's choices, which a failing test prints; how threads and processes interleave is not
//! among them. `PATCH_HIVE_TEST_SECONDS=n` lengthens the tests that go on until their time is over.

use std::time::Duration;

use patch_hive::clock;
use rand::{RngExt, SeedableRng, rngs::StdRng};

/// The seed of a test's random choices.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seed(pub(crate) u64);

impl Seed {
    /// Returns the configured seed or a new one, and prints it, so that the run can be repeated.
    pub(crate) fn of(test: &str) -> Self {
        let new = || u64::from_str_radix(&clock::random_id()[..8], 16).unwrap();
        let seed = number("PATCH_HIVE_TEST_SEED").unwrap_or_else(new);
        eprintln!("{test}: PATCH_HIVE_TEST_SEED={seed}");
        Self(seed)
    }

    /// The generator of one of several concurrent players.
    pub(crate) fn rng(self, player: u64) -> Rng {
        Rng(StdRng::seed_from_u64(self.0.wrapping_mul(1_000_003).wrapping_add(player)))
    }
}

/// A generator of random choices.
pub(crate) struct Rng(StdRng);

impl Rng {
    /// Returns a number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0.random_range(0..end)
    }

    /// Returns an index into a list.
    pub(crate) fn place(&mut self, length: usize) -> usize {
        self.0.random_range(0..length)
    }

    /// Returns true in `percent` of a hundred cases.
    pub(crate) fn rolls(&mut self, percent: u32) -> bool {
        self.0.random_ratio(percent, 100)
    }

    /// Returns a duration between two numbers of milliseconds.
    pub(crate) fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(self.0.random_range(from..to))
    }
}

/// The duration of a test: as configured, or its usual one.
pub(crate) fn lasting(usual_seconds: u64) -> Duration {
    Duration::from_secs(number("PATCH_HIVE_TEST_SECONDS").unwrap_or(usual_seconds))
}

/// Returns whether more time than usual is configured.
pub(crate) fn lengthened() -> bool {
    number("PATCH_HIVE_TEST_SECONDS").is_some()
}

#[expect(clippy::disallowed_methods, reason = "switches of the tests, not settings of the gateway")]
pub(crate) fn number(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} must be a number, and is {value:?}")))
}
