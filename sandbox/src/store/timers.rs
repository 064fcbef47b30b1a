//! Timers: changes that are due at a moment of business time.

use serde::{Deserialize, Serialize};

/// A change that is due at some moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Timer {
    /// An open checkout session expires.
    SessionExpiry(String),
    /// A subscription's period, or trial, ends.
    PeriodEnd(String),
    /// A trial ends in a few days.
    TrialNotice(String),
    /// The scheduled end of a subscription is reached.
    Cancellation(String),
    /// A phase of a subscription schedule ends.
    PhaseEnd(String),
    /// A change of plan was not paid in time.
    PendingUpdateExpiry(String),
    /// A draft invoice is finalized.
    Finalization(String),
    /// A failed payment of an invoice is retried.
    PaymentRetry(String),
    /// A payment in processing fails.
    Bounce(String),
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    at: i64,
    timer: Timer,
}

/// Timers sorted by time. Of several in the same second, the one that was added first comes first.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Timers {
    entries: Vec<Entry>,
}

impl Timers {
    pub(crate) fn add(&mut self, at: i64, timer: Timer) {
        let place = self.entries.partition_point(|entry| entry.at <= at);
        self.entries.insert(place, Entry { at, timer });
    }

    /// Returns the time of the next timer.
    pub(crate) fn next_at(&self) -> Option<i64> {
        self.entries.first().map(|entry| entry.at)
    }

    /// Takes the next timer that is due by `now`, with its time.
    pub(crate) fn take(&mut self, now: i64) -> Option<(i64, Timer)> {
        let due = self.next_at().is_some_and(|at| at <= now);
        due.then(|| self.entries.remove(0)).map(|entry| (entry.at, entry.timer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_come_by_time_and_then_in_the_order_they_were_added() {
        let mut timers = Timers::default();
        for (at, id) in [(20, "b"), (10, "a"), (20, "c")] {
            timers.add(at, Timer::SessionExpiry(id.to_owned()));
        }
        assert_eq!(timers.take(9), None);
        let order: Vec<i64> = std::iter::from_fn(|| timers.take(20)).map(|(at, _)| at).collect();
        assert_eq!(order, [10, 20, 20]);
        assert_eq!(timers.next_at(), None);
    }
}
