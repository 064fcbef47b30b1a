//! Paces background reads below Stripe's limits. Calls that users wait for are never held back; they use up the share of
//! background reads. When Stripe answers 429 nevertheless, background reads pause. Stripe documentation: "Rate limits".

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep};

/// The share of a second's calls that may be made in a burst. Within any second, at most a second's calls and one burst are
/// made: at a limit of 100, 80 calls a second leave a dozen to users.
const BURST: f64 = 0.1;

/// The longest pause of background reads that Stripe can cause.
const LONGEST_HOLD: Duration = Duration::from_mins(1);

/// A bucket of calls that fills at a steady rate. It may be overdrawn by calls that do not wait.
#[derive(Debug)]
pub(super) struct Pace {
    per_second: f64,
    /// The calls that the bucket holds.
    burst: f64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    calls: f64,
    at: Instant,
}

impl Pace {
    /// A full bucket.
    pub(super) fn new(per_second: u32) -> Self {
        let per_second = f64::from(per_second.max(1));
        let burst = (per_second * BURST).max(1.0);
        Self { per_second, burst, state: Mutex::new(State { calls: burst, at: Instant::now() }) }
    }

    /// Counts a call that is made in any case.
    pub(super) fn count(&self) {
        let _: Option<Duration> = self.take(true);
    }

    /// Waits until there is room for a call.
    pub(super) async fn wait(&self) {
        while let Some(pause) = self.take(false) {
            sleep(pause).await;
        }
    }

    /// Makes background reads pause for as long as Stripe requests, a minute at most.
    pub(super) fn hold(&self, wait: Duration) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.calls = state.calls.min(-wait.min(LONGEST_HOLD).as_secs_f64() * self.per_second);
        state.at = Instant::now();
    }

    /// Takes one call, or returns the time until there is room for one.
    fn take(&self, overdraw: bool) -> Option<Duration> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let filled = state.calls + now.duration_since(state.at).as_secs_f64() * self.per_second;
        state.calls = filled.min(self.burst);
        state.at = now;
        if overdraw {
            // Overdrawn by a second at most: a burst of users' calls must not stop background work for long.
            let least = state.calls.min(-self.per_second);
            state.calls = (state.calls - 1.0).max(least);
            return None;
        }
        if state.calls >= 1.0 {
            state.calls -= 1.0;
            return None;
        }
        Some(Duration::from_secs_f64((1.0 - state.calls) / self.per_second))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn background_calls_wait_for_room_and_those_of_users_do_not() {
        let pace = Pace::new(100);
        assert!((0..10).all(|_| pace.take(false).is_none()), "a tenth of a second's calls are saved up");
        let pause = pace.take(false).unwrap();
        assert!(pause <= Duration::from_millis(10), "{pause:?}");
        assert!((0..50).all(|_| pace.take(true).is_none()));
        let pause = pace.take(false).unwrap();
        assert!(
            pause > Duration::from_millis(400),
            "calls of users use up what the background would have had: {pause:?}"
        );
    }

    #[test]
    fn background_calls_pause_for_as_long_as_stripe_requests() {
        let pace = Pace::new(100);
        pace.hold(Duration::from_secs(30));
        let pause = pace.take(false).unwrap();
        assert!(pause > Duration::from_secs(29) && pause < Duration::from_secs(31), "{pause:?}");
        assert!(pace.take(true).is_none(), "a user does not wait");
        let pause = pace.take(false).unwrap();
        assert!(pause > Duration::from_secs(29), "{pause:?}");
        pace.hold(Duration::from_hours(1));
        let pause = pace.take(false).unwrap();
        assert!(pause > Duration::from_secs(59) && pause < Duration::from_secs(61), "{pause:?}");
    }
}
