//! Repeatable random choices, and test durations that can be extended.
//!
//! `PATCH_HIVE_TEST_SEED=n` repeats a run's choices, which a failing test prints; how threads and processes interleave is not
//! among them. `PATCH_HIVE_TEST_SECONDS=n` lengthens the tests that go on until their time is over.

use std::time::Duration;

use patch_hive::clock;
use rand::{RngExt, SeedableRng, rngs::StdRng};

/// Where a test's choices come from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seed(pub(crate) u64);

impl Seed {
    /// The seed that was set, or a new one. Says which, for whoever has to repeat the run.
    pub(crate) fn of(test: &str) -> Self {
        let new = || u64::from_str_radix(&clock::random_id()[..8], 16).unwrap();
        let seed = number("PATCH_HIVE_TEST_SEED").unwrap_or_else(new);
        eprintln!("{test}: PATCH_HIVE_TEST_SEED={seed}");
        Self(seed)
    }

    /// The choices of one of those who choose side by side.
    pub(crate) fn dice(self, player: u64) -> Dice {
        Dice(StdRng::seed_from_u64(self.0.wrapping_mul(1_000_003).wrapping_add(player)))
    }
}

/// Makes choices.
pub(crate) struct Dice(StdRng);

impl Dice {
    /// One of 0, 1 ... `end - 1`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0.random_range(0..end)
    }

    /// One of a list's places.
    pub(crate) fn place(&mut self, length: usize) -> usize {
        self.0.random_range(0..length)
    }

    /// True `percent` times out of a hundred.
    pub(crate) fn rolls(&mut self, percent: u32) -> bool {
        self.0.random_ratio(percent, 100)
    }

    /// A span of time between two numbers of milliseconds.
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

#[expect(clippy::disallowed_methods, reason = "the tests' own switches, which are none of the gateway's settings")]
fn number(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} must be a number, and is {value:?}")))
}
