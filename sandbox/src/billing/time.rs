//! Business time: fires the timers that are due, as time passes and when it is advanced.

use std::{sync::Arc, time::Duration};

use crate::{
    billing::due,
    resources::endpoint,
    store::{Store, clock, work::Cause},
};

/// Maximum pause between two checks of the clock, which other tasks may advance.
const LONGEST_NAP: Duration = Duration::from_secs(1);

/// Maximum time that one advance of the clock waits for endpoints.
const PATIENCE: Duration = Duration::from_secs(10);

/// Fires timers as time passes. Never returns.
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

/// Advances the clock by whole seconds, and stops at each due timer. Returns the new business time.
pub(crate) async fn advance(store: &Store, by: Duration) -> i64 {
    let seconds = i64::try_from(by.as_secs()).unwrap_or(i64::MAX);
    advance_to(store, store.clock.now().saturating_add(seconds)).await
}

/// Advances the clock to a moment, and stops at each due timer. Before each stop, all events so far are delivered, so
/// that a follower of the clock receives the events of one month before the next begins. An endpoint that does not
/// respond delays this for a limited time.
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
    // The offset is part of the state, and tasks that follow changes may wait for a time that is reached now.
    store.work(Cause::default(), |work| work.now)
}

/// Waits until every delivery that is due was attempted.
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
