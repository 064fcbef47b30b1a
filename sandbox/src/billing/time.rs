//! Business time: fires the timers that are due, as time passes and when it is advanced.

use std::{sync::Arc, time::Duration};

use crate::{
    billing::due,
    resources::endpoint,
    store::{Store, clock, work::Cause},
};

/// The longest pause between two looks at the clock, which others may move.
const LONGEST_NAP: Duration = Duration::from_secs(1);

/// The longest time that one move of the clock waits for endpoints.
const PATIENCE: Duration = Duration::from_secs(10);

/// Fires timers as time passes, for ever.
pub(crate) async fn watch(store: Arc<Store>) {
    let mut changes = store.changes();
    loop {
        changes.borrow_and_update();
        while store.fire_next(store.clock.now(), due::fire) {}
        let seconds = store.view(|state| state.timers.next_at()).map(|at| at - store.clock.now());
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

/// Moves the clock forward to a moment. Before each stop all events so far are delivered, so that a follower of the
/// clock sees one month before the next begins; an endpoint that does not answer delays this only for a while.
pub(crate) async fn advance_to(store: &Store, target: i64) -> i64 {
    let mut patience = PATIENCE;
    while let Some(at) = store.view(|state| state.timers.next_at()).filter(|at| *at <= target) {
        if at > store.clock.now() {
            let began = clock::wall_millis();
            drop(tokio::time::timeout(patience, quiet(store)).await);
            let waited = u64::try_from(clock::wall_millis() - began).unwrap_or_default();
            patience = patience.saturating_sub(Duration::from_millis(waited));
        }
        store.clock.advance_to(at);
        store.fire_next(at, due::fire);
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
        let is_quiet = store.view(|state| state.outbox.is_quiet(&endpoint::keys(state), clock::wall_millis()));
        if is_quiet || changes.changed().await.is_err() {
            return;
        }
    }
}
