//! Time. Only this file reads the clock of the machine.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::Utc;

/// Business time: wall time plus an offset that tests and the gateway share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock {
    offset_seconds: Arc<AtomicI64>,
}

impl Clock {
    /// Returns the offset itself, for clocks that follow this one.
    pub(crate) fn offset(&self) -> Arc<AtomicI64> {
        Arc::clone(&self.offset_seconds)
    }

    /// Returns business time in seconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        wall_seconds() + self.offset_seconds.load(Ordering::SeqCst)
    }

    pub(crate) fn offset_seconds(&self) -> i64 {
        self.offset_seconds.load(Ordering::SeqCst)
    }

    /// Advances to `second`. A moment in the past changes nothing, since business time never runs back.
    pub(crate) fn advance_to(&self, second: i64) {
        let offset = second - wall_seconds();
        self.offset_seconds.fetch_max(offset, Ordering::SeqCst);
    }

    pub(crate) fn set_offset(&self, seconds: i64) {
        self.offset_seconds.store(seconds, Ordering::SeqCst);
    }
}

/// Returns wall time in seconds since 1970, for webhook signatures.
pub(crate) fn wall_seconds() -> i64 {
    wall_millis() / 1000
}

/// Returns wall time in milliseconds since 1970, for the times of retries.
#[expect(clippy::disallowed_methods, reason = "this is the clock that the ban points to")]
pub(crate) fn wall_millis() -> i64 {
    Utc::now().timestamp_millis()
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
}
