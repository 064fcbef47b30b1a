//! What is due, by business time.

use serde::{Deserialize, Serialize};

use crate::{cancellation, checkout_session, delayed_payment, dunning, plan_change, renewal, schedule, work::Work};

/// Something that happens when its time comes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Due {
    /// An open checkout session lapses.
    SessionExpiry(String),
    /// A subscription's period, or trial, ends.
    PeriodEnd(String),
    /// A trial ends in a few days.
    TrialNotice(String),
    /// An announced end of a subscription comes.
    Cancellation(String),
    /// A phase of a subscription schedule ends.
    PhaseEnd(String),
    /// A change of plan was not paid in time.
    PendingUpdateExpiry(String),
    /// A draft invoice becomes final.
    Finalization(String),
    /// A failed payment of an invoice is tried again.
    PaymentRetry(String),
    /// A payment in processing fails.
    Bounce(String),
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    at: i64,
    due: Due,
}

/// Entries sorted by time; of the same second, the one that was added first comes first.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Timetable {
    entries: Vec<Entry>,
}

impl Timetable {
    pub(crate) fn add(&mut self, at: i64, due: Due) {
        let place = self.entries.partition_point(|entry| entry.at <= at);
        self.entries.insert(place, Entry { at, due });
    }

    /// When the next thing is due.
    pub(crate) fn next_at(&self) -> Option<i64> {
        self.entries.first().map(|entry| entry.at)
    }

    /// Takes the next thing that is due by `now`, with its time.
    pub(crate) fn take(&mut self, now: i64) -> Option<(i64, Due)> {
        let due = self.next_at().is_some_and(|at| at <= now);
        due.then(|| self.entries.remove(0)).map(|entry| (entry.at, entry.due))
    }
}

/// Lets it happen. Entries are not withdrawn when they lose their meaning: each looks whether it still has one.
pub(crate) fn happen(work: &mut Work<'_>, due: &Due) {
    match due {
        Due::SessionExpiry(session) => checkout_session::lapse(work, session),
        Due::PeriodEnd(subscription) => renewal::period_ended(work, subscription),
        Due::TrialNotice(subscription) => renewal::announce_trial_end(work, subscription),
        Due::Cancellation(subscription) => cancellation::end_if_due(work, subscription),
        Due::PhaseEnd(schedule) => schedule::advance(work, schedule),
        Due::PendingUpdateExpiry(subscription) => plan_change::expire_pending(work, subscription),
        Due::Finalization(invoice) => renewal::finalize(work, invoice),
        Due::PaymentRetry(invoice) => dunning::retry(work, invoice),
        Due::Bounce(intent) => drop(delayed_payment::settle(work, intent, false)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_come_by_time_and_then_in_the_order_they_were_added() {
        let mut timetable = Timetable::default();
        for (at, id) in [(20, "b"), (10, "a"), (20, "c")] {
            timetable.add(at, Due::SessionExpiry(id.to_owned()));
        }
        assert_eq!(timetable.take(9), None);
        let order: Vec<i64> = std::iter::from_fn(|| timetable.take(20)).map(|(at, _)| at).collect();
        assert_eq!(order, [10, 20, 20]);
        assert_eq!(timetable.next_at(), None);
    }
}
