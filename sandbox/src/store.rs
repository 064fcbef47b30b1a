//! The state behind one lock, the clock, and notifications of every change.

pub(crate) mod calendar;
pub(crate) mod clock;
pub(crate) mod collection;
pub(crate) mod decline;
pub(crate) mod delivery_fault;
pub(crate) mod error;
pub(crate) mod event_type;
pub(crate) mod fault;
pub(crate) mod file;
pub(crate) mod idempotency;
pub(crate) mod kind;
pub(crate) mod order;
pub(crate) mod outbox;
pub(crate) mod problem;
pub(crate) mod rate_limit;
pub(crate) mod request_log;
pub(crate) mod rng;
pub(crate) mod settings;
pub(crate) mod state;
pub(crate) mod timers;
pub(crate) mod work;

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::watch;

use crate::store::{
    clock::Clock,
    fault::Faults,
    kind::Kind,
    rate_limit::RateLimit,
    request_log::RequestLog,
    state::State,
    timers::Timer,
    work::{Cause, Work},
};

/// The state that the tasks of a running sandbox share.
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
        // A panic in a test's closure must not hide the state from the rest of the test.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the state.
    pub(crate) fn view<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.lock())
    }

    /// Runs one unit of work at the current time, and notifies the followers of changes.
    pub(crate) fn work<T>(&self, cause: Cause, act: impl FnOnce(&mut Work<'_>) -> T) -> T {
        let answer = self.read(cause, act);
        self.changes.send_modify(|count| *count += 1);
        answer
    }

    /// Does the same as [`Store::work`] for work that only reads: no follower is notified, and no file is written.
    pub(crate) fn read<T>(&self, cause: Cause, act: impl FnOnce(&mut Work<'_>) -> T) -> T {
        let mut state = self.lock();
        state.clock_offset_seconds = self.clock.offset_seconds();
        let now = self.clock.now();
        act(&mut Work { state: &mut state, now, cause })
    }

    /// Fires the next timer at its own time; returns `false` if none is due by `now`.
    pub(crate) fn fire_next(&self, now: i64, fire: fn(&mut Work<'_>, &Timer)) -> bool {
        let fired = {
            let mut state = self.lock();
            state.timers.take(now).is_some_and(|(at, due)| {
                fire(&mut Work { state: &mut state, now: at, cause: Cause::default() }, &due);
                true
            })
        };
        if fired {
            self.changes.send_modify(|count| *count += 1);
        }
        fired
    }

    /// Returns a receiver that is notified of every change from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Returns a copy of an object.
    pub(crate) fn find(&self, kind: Kind, id: &str) -> Option<Value> {
        self.view(|state| state.find(kind, id).cloned())
    }
}
