//! The state behind its one lock, the clock, and word of every change.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::watch;

use crate::{
    clock::Clock,
    fault::Faults,
    kind::Kind,
    rate_limit::RateLimit,
    request_log::RequestLog,
    state::State,
    timetable,
    work::{Cause, Work},
};

/// What the tasks of a running sandbox share.
pub(crate) struct Store {
    state: Mutex<State>,
    changes: watch::Sender<u64>,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) requests: RequestLog,
    pub(crate) rate_limit: RateLimit,
}

impl Store {
    pub(crate) fn new(state: State, clock: Clock) -> Store {
        clock.set_offset(state.clock_offset_seconds);
        Store {
            state: Mutex::new(state),
            changes: watch::Sender::new(0),
            clock,
            faults: Faults::default(),
            requests: RequestLog::default(),
            rate_limit: RateLimit::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic in a test's closure must not hide what the sandbox knows from the rest of the test.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the state.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.lock())
    }

    /// Does one unit of work at the present moment, and tells of it.
    pub(crate) fn work<T>(&self, cause: Cause, act: impl FnOnce(&mut Work<'_>) -> T) -> T {
        let answer = self.glance(cause, act);
        self.changes.send_modify(|count| *count += 1);
        answer
    }

    /// As [`Store::work`] for work that only reads: nobody is told, so that no file is written for a question.
    pub(crate) fn glance<T>(&self, cause: Cause, act: impl FnOnce(&mut Work<'_>) -> T) -> T {
        let mut state = self.lock();
        state.clock_offset_seconds = self.clock.offset_seconds();
        let now = self.clock.now();
        act(&mut Work { state: &mut state, now, cause })
    }

    /// Lets the next due thing happen, at its own time; `false` when nothing is due by `now`.
    pub(crate) fn next_due(&self, now: i64) -> bool {
        let happened = {
            let mut state = self.lock();
            state.timetable.take(now).is_some_and(|(at, due)| {
                timetable::happen(&mut Work { state: &mut state, now: at, cause: Cause::default() }, &due);
                true
            })
        };
        if happened {
            self.changes.send_modify(|count| *count += 1);
        }
        happened
    }

    /// A receiver that is told of every change from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// A copy of an object.
    pub(crate) fn find(&self, kind: Kind, id: &str) -> Option<Value> {
        self.read(|state| state.find(kind, id).cloned())
    }
}
