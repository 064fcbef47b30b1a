//! Computes which versions can have been the newest at a moment.

use crate::concurrency::history::Event;

/// The span of time in which an entry was posted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) begin: u64,
    pub(super) end: u64,
}

/// The versions that responses report, ordered by time.
pub(super) struct Timeline {
    /// From a moment on, this version or a later one is the newest. Both numbers grow.
    known: Vec<(u64, i64)>,
    /// Until a moment, this version or an earlier one is the newest. Both numbers grow.
    possible: Vec<(u64, i64)>,
    last: i64,
}

impl Span {
    /// The span of an entry that no response has named.
    pub(super) const NONE: Self = Self { begin: u64::MAX, end: u64::MAX };

    /// Narrows the span by a response: the entry was posted before the response, and not before the request, unless the
    /// response is a replay.
    pub(super) fn narrow(&mut self, event: &Event, replayed: bool) {
        self.end = self.end.min(event.end);
        if !replayed {
            self.begin = self.begin.min(event.begin);
        }
    }
}

impl Timeline {
    /// `spans` are those of versions 1, 2, 3 ...
    pub(super) fn new(spans: &[Span], history: &[Event]) -> Self {
        let posted = (1..).zip(spans).map(|(version, span)| (span.end, version));
        let read = history.iter().filter_map(|event| Some((event.end, event.answer.seen()?.version)));
        let mut known: Vec<_> = posted.chain(read).collect();
        known.sort_unstable();
        let mut newest = 0;
        for (_, version) in &mut known {
            newest = newest.max(*version);
            *version = newest;
        }
        let mut possible: Vec<_> = (0..).zip(spans).map(|(before, span)| (span.begin, before)).collect();
        possible.sort_unstable();
        let mut oldest = i64::MAX;
        for (_, version) in possible.iter_mut().rev() {
            oldest = oldest.min(*version);
            *version = oldest;
        }
        Self { known, possible, last: i64::try_from(spans.len()).unwrap() }
    }

    /// The newest version that certainly existed at a moment.
    pub(super) fn known(&self, moment: u64) -> i64 {
        let before = self.known.partition_point(|(end, _)| *end < moment);
        before.checked_sub(1).map_or(0, |index| self.known[index].1)
    }

    /// The newest version that can have existed at a moment.
    pub(super) fn possible(&self, moment: u64) -> i64 {
        let upto = self.possible.partition_point(|(begin, _)| *begin <= moment);
        self.possible.get(upto).map_or(self.last, |(_, version)| *version)
    }
}
