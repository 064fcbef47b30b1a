//! Nothing is spent twice: many clients charge few accounts through several replicas at once, and every request and response
//! is checked against the ledger.

mod broken;
mod checker;
mod crowd;
mod history;

use std::{sync::Arc, time::Instant};

use entity::user::Role;
use serde_json::Value;

use self::{checker::check, crowd::Crowd};
use crate::harness::{
    Backend,
    replicas::Replicas,
    rng::{Seed, lasting},
};

/// Number of concurrent clients.
const TASKS: u64 = 64;

/// Duration of the test in seconds.
const USUAL_SECONDS: u64 = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_clients_of_three_replicas_spend_nothing_twice() {
    spends_nothing_twice(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_clients_of_one_sqlite_file_spend_nothing_twice() {
    spends_nothing_twice(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_start_at_once_on_an_empty_database_all_serve() {
    let Some(replicas) = Replicas::start_on_an_empty_database().await else { return };
    let ada = replicas.signs_up("ada", Role::User).await;
    for replica in 0..replicas.count() {
        let balance = replicas.asks(replica, &ada, "{ balance { version } }", Value::Null).await;
        assert_eq!(balance["version"], 0);
    }
    replicas.prove_their_books_and_stop().await;
}

async fn spends_nothing_twice(backend: Backend) {
    let seed = Seed::of("concurrency");
    let Some(replicas) = Replicas::start(backend).await else { return };
    let crowd = Arc::new(Crowd::gather(replicas).await);
    let until = Instant::now() + lasting(USUAL_SECONDS);
    let tasks: Vec<_> = (0..TASKS).map(|task| tokio::spawn(crowd.clone().ask(seed.rng(task), until))).collect();
    for task in tasks {
        task.await.unwrap();
    }
    let crowd = Arc::into_inner(crowd).unwrap();
    let (mut refusals, mut replays) = (0, 0);
    for (account, history) in crowd.histories().iter().enumerate() {
        let ledger = crowd.ledger_of(account).await;
        let figures =
            check(&ledger, history).unwrap_or_else(|broken| panic!("account {account} of {seed:?}: {broken}"));
        eprintln!("{backend:?}, account {account}: {figures}");
        refusals += figures.refusals;
        replays += figures.replays;
    }
    assert!(refusals > 0 && replays > 0, "too tame to prove anything: {refusals} refusals, {replays} replays");
    crowd.disperse().await;
}
