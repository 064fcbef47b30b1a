//! A limit on API requests per second (docs.stripe.com/rate-limits), which is off by default.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use crate::store::clock;

const WINDOW_MILLIS: i64 = 1000;

/// The limit, and the requests of the last second.
#[derive(Debug, Default)]
pub(crate) struct RateLimit {
    window: Mutex<Window>,
}

#[derive(Debug, Default)]
struct Window {
    /// Maximum number of requests per second; 0 for no limit.
    per_second: usize,
    /// Wall time of each accepted request of the last second, oldest first.
    taken: VecDeque<i64>,
    /// The number of requests that were refused.
    refused: u64,
}

impl RateLimit {
    /// Sets the maximum number of requests per second; 0 for no limit.
    pub(crate) fn set(&self, per_second: u32) {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        window.per_second = usize::try_from(per_second).unwrap_or(usize::MAX);
        window.taken.clear();
    }

    /// Returns the number of requests that were refused.
    pub(crate) fn refused(&self) -> u64 {
        self.window.lock().unwrap_or_else(PoisonError::into_inner).refused
    }

    /// Counts a request; returns `false` if the limit was reached in the last second.
    pub(crate) fn take(&self) -> bool {
        self.window.lock().unwrap_or_else(PoisonError::into_inner).take(clock::wall_millis())
    }
}

impl Window {
    fn take(&mut self, now: i64) -> bool {
        if self.per_second == 0 {
            return true;
        }
        while self.taken.front().is_some_and(|at| *at <= now - WINDOW_MILLIS) {
            self.taken.pop_front();
        }
        let free = self.taken.len() < self.per_second;
        if free {
            self.taken.push_back(now);
        } else {
            self.refused += 1;
        }
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_requests_pass_in_any_second() {
        let mut window = Window { per_second: 2, ..Window::default() };
        let passed = [0, 400, 900, 1000, 1300, 1400].map(|at| window.take(at));
        assert_eq!(passed, [true, true, false, true, false, true]);
    }

    #[test]
    fn without_a_limit_all_pass() {
        let limit = RateLimit::default();
        assert!((0..1000).all(|_| limit.take()));
    }
}
