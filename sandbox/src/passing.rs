//! The passing of business time: what is due happens, whether time went by or was advanced.

use std::{sync::Arc, time::Duration};

use crate::{clock, store::Store, work::Cause};

/// How long a move of the clock by others may go unnoticed.
const LONGEST_NAP: Duration = Duration::from_secs(1);

/// How long one move of the clock waits for endpoints in all.
const PATIENCE: Duration = Duration::from_secs(10);

/// Lets due things happen as time goes by, for ever.
pub(crate) async fn watch(store: Arc<Store>) {
    let mut changes = store.changes();
    loop {
        changes.borrow_and_update();
        while store.next_due(store.clock.now()) {}
        let seconds = store.read(|state| state.timetable.next_at()).map(|at| at - store.clock.now());
        let nap =
            seconds.map_or(LONGEST_NAP, |seconds| Duration::from_secs(u64::try_from(seconds).unwrap_or_default()));
        drop(tokio::time::timeout(nap.min(LONGEST_NAP), changes.changed()).await);
    }
}

/// Moves the clock forward by whole seconds, with a stop at each moment at which something is due. Answers with the new
/// business time.
pub(crate) async fn advance(store: &Store, by: Duration) -> i64 {
    let seconds = i64::try_from(by.as_secs()).unwrap_or(i64::MAX);
    advance_to(store, store.clock.now().saturating_add(seconds)).await
}

/// Moves the clock forward to a moment. Before each stop the endpoints get what happened so far, so that a follower of the
/// clock hears of one month before the next begins; an endpoint that does not answer holds time up only for a while.
pub(crate) async fn advance_to(store: &Store, target: i64) -> i64 {
    let mut patience = PATIENCE;
    while let Some(at) = store.read(|state| state.timetable.next_at()).filter(|at| *at <= target) {
        if at > store.clock.now() {
            let began = clock::wall_millis();
            drop(tokio::time::timeout(patience, quiet(store)).await);
            let waited = u64::try_from(clock::wall_millis() - began).unwrap_or_default();
            patience = patience.saturating_sub(Duration::from_millis(waited));
        }
        store.clock.advance_to(at);
        store.next_due(at);
    }
    drop(tokio::time::timeout(patience, quiet(store)).await);
    store.clock.advance_to(target);
    // The offset is part of the state, and followers of changes may wait for a time that has come now.
    store.work(Cause::default(), |work| work.now)
}

/// Waits until every event was offered to its endpoints.
async fn quiet(store: &Store) {
    let mut changes = store.changes();
    loop {
        changes.borrow_and_update();
        let is_quiet = store.read(|state| state.outbox.is_quiet(&state.endpoint_keys(), clock::wall_millis()));
        if is_quiet || changes.changed().await.is_err() {
            return;
        }
    }
}
