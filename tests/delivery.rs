//! Live balances stay correct under stress: many watchers on several gateways, stalled readers, broken connections, lost
//! notifications. Whatever happens, a watcher receives exactly the ledger.

mod astray;
mod check;
mod crowd;
mod silence;
mod stall;
mod watcher;
mod writer;

use std::time::Instant;

use tokio::time::sleep;

use self::crowd::Crowd;
use crate::harness::{
    Backend,
    replicas::Replicas,
    rng::{Seed, lasting},
};

/// Seconds for which balances change.
const USUAL_SECONDS: u64 = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_watchers_of_three_replicas_receive_the_ledger() {
    receive_the_ledger(Backend::Postgres, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_watchers_of_three_replicas_receive_the_ledger_with_every_hint_lost() {
    receive_the_ledger(Backend::Postgres, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_watchers_of_one_sqlite_file_receive_the_ledger() {
    receive_the_ledger(Backend::Sqlite, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_watchers_of_one_sqlite_file_receive_the_ledger_with_every_hint_lost() {
    receive_the_ledger(Backend::Sqlite, false).await;
}

async fn receive_the_ledger(backend: Backend, hints: bool) {
    let seed = Seed::of("delivery");
    let Some(replicas) = Replicas::start(backend).await else { return };
    let mut crowd = Crowd::gather(replicas, seed).await;
    let until = Instant::now() + lasting(USUAL_SECONDS);
    crowd.writes(hints, until).await;
    // Watchers that stall now continue before the last change.
    crowd.calms_down();
    sleep(watcher::LONGEST_STALL).await;
    let latest = crowd.all_know_after(hints).await;
    let figures = crowd.checked().await;
    eprintln!("{backend:?}, hints {hints}: {figures}, the last change arrived after {latest:?}");
    assert!(figures.cuts > 0 && figures.stalls > 0 && figures.snapshots > 0, "too tame to prove anything: {figures}");
    crowd.disperses().await;
}
