//! Gateways and their database are killed at any moment (kill -9) while clients retry with the same keys. Afterwards every
//! acknowledged charge exists once, as it was acknowledged, and nothing else exists.

mod audit;
mod chaos;
mod client;
mod outgoing;
mod replica;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::timeout;

use self::{audit::Record, chaos::Chaos, client::Client, replica::Fleet};
use crate::harness::{
    postgres::durable::Durable,
    rng::{Seed, lasting, lengthened},
};

/// Duration of the test in seconds.
const USUAL_SECONDS: u64 = 10;

/// Minimum number of kills.
const MIN_KILLS: u32 = 5;

/// Gateways on one PostgreSQL database.
const REPLICAS: usize = 2;

/// Number of clients of each account. The only client of an account can predict its versions.
const CLIENTS: [usize; 4] = [1, 1, 3, 3];

/// As [`CLIENTS`], in a run that is longer than usual: 64 of them.
const MANY_CLIENTS: [usize; 6] = [1, 1, 3, 3, 28, 28];

/// Time limit of the clients' last requests.
const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_two_replicas_acknowledged_survives_their_and_their_databases_death() {
    let Some(server) = Durable::start().await else { return };
    let url = server.url();
    survives("crash on PostgreSQL", Fleet::start(&url, REPLICAS).await, Some(server)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_a_gateway_on_sqlite_acknowledged_survives_its_death() {
    survives("crash on SQLite", Fleet::start("sqlite:gateway.db", 1).await, None).await;
}

async fn survives(name: &str, fleet: Fleet, server: Option<Durable>) {
    let seed = Seed::of(name);
    let stop = Arc::<AtomicBool>::default();
    let admin = fleet.signs_up("admin", Some("admin")).await;
    let mut clients = Vec::new();
    let clients_of: &[usize] = if lengthened() { &MANY_CLIENTS } else { &CLIENTS };
    for (account, count) in clients_of.iter().copied().enumerate() {
        let user = fleet.signs_up(&format!("user{account}"), None).await;
        for _ in 0..count {
            let rng = seed.rng(u64::try_from(clients.len()).unwrap());
            let client = Client::new(fleet.addresses(), (user.clone(), admin.clone()), clients.len(), rng);
            clients.push((count == 1, tokio::spawn(client.run(stop.clone()))));
        }
    }
    let mut chaos = Chaos::new(fleet, server, seed.rng(u64::MAX));
    chaos.rages(lasting(USUAL_SECONDS), MIN_KILLS).await;
    stop.store(true, Ordering::Relaxed);
    let mut record = Record::default();
    for (alone, client) in clients {
        record.add(alone, timeout(PATIENCE, chaos.keeps_up(client)).await.expect("a client got no response"));
    }
    let alerts = chaos.fleet().follows_its_ledgers().await;
    eprintln!("{name}: {record}, {alerts} alerts, {chaos}");
    assert!(alerts > 0, "no threshold was crossed");
    chaos.ends().await;
    chaos.fleet().proves_its_books().await;
    record.holds_against(&chaos.fleet().entries().await, seed);
}
