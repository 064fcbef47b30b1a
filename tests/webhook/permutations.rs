//! The order of events does not matter: each life is lived once in the sandbox (older shapes are built here), and its events
//! are delivered in many orders, each order to its own user, with the same result.
//!
//! `PATCH_HIVE_TEST_SECONDS` (any number) delivers every life of up to six events in all 720 orders on SQLite, and longer lives,
//! and all on PostgreSQL, in hundreds of orders.

mod crowd;
mod life;
mod state;

use std::time::Instant;

use patch_hive::app::App;
use sandbox::Sandbox;
use sea_orm::DbBackend;

use super::payloads;
use crate::harness::{
    TestApp, facts,
    rng::{Rng, Seed, lengthened},
};
use crowd::Crowd;
use life::Life;

/// Number of orders in which a life is delivered on a database, in a usual and in a lengthened run.
fn wanted(backend: DbBackend) -> usize {
    match (backend, lengthened()) {
        (DbBackend::Sqlite, false) => 24,
        (DbBackend::Sqlite, true) => 720,
        (_, false) => 12,
        (_, true) => 200,
    }
}

/// Users to whom the events of a life are delivered all at once.
const AT_ONCE: usize = 4;

/// All orders of a number of things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let mut orders = vec![Vec::new()];
    for next in 0..count {
        let put_in = |order: &Vec<usize>| {
            let order = order.clone();
            (0..=order.len()).map(move |place| {
                let mut order = order.clone();
                order.insert(place, next);
                order
            })
        };
        orders = orders.iter().flat_map(put_in).collect();
    }
    orders
}

/// All orders if they are few enough; otherwise the original order, its reverse, and random ones.
fn some_orders(count: usize, wanted: usize, rng: &mut Rng) -> Vec<Vec<usize>> {
    if count <= 6 && (1..=count).product::<usize>() <= wanted {
        return orders(count);
    }
    let mut some = vec![(0..count).collect::<Vec<_>>(), (0..count).rev().collect()];
    while some.len() < wanted {
        some.push(shuffled((0..count).collect(), rng));
    }
    some
}

fn shuffled(mut things: Vec<usize>, rng: &mut Rng) -> Vec<usize> {
    for place in (1..things.len()).rev() {
        things.swap(place, rng.place(place + 1));
    }
    things
}

/// Delivers a life in many orders, and all at once with repeats and through all replicas, and proves that all results are equal.
async fn ends_alike(stripe: &Sandbox, replicas: &[App], life: &Life, rng: &mut Rng) -> usize {
    let count = life.events.len();
    let orders = some_orders(count, wanted(replicas[0].database.backend()), rng);
    let crowd = Crowd::gather(stripe, replicas, life, orders.len() + AT_ONCE).await;
    crowd.receives_in_turn(&orders).await;
    for user in orders.len()..orders.len() + AT_ONCE {
        // Each event at least once, and some again.
        let delivered = (0..count).chain((0..count).filter(|_| rng.rolls(40))).collect();
        crowd.receives_at_once(user, shuffled(delivered, rng)).await;
    }
    let states = crowd.states().await;
    for (order, state) in orders.iter().zip(&states) {
        assert_eq!(state, &states[0], "{} ends differently in the order {order:?}", life.name);
    }
    for state in &states[orders.len()..] {
        assert_eq!(state, &states[0], "{} ends differently if delivered at once", life.name);
    }
    let account = states[0].iter().find(|line| line.starts_with("account ")).unwrap();
    assert!(account.starts_with(&format!("account {} {} ", life.credits, life.unlimited)), "{}: {account}", life.name);
    orders.len()
}

facts! {
    async fn every_order_of_a_life_ends_alike(app: TestApp) {
        let seed = Seed::of("permutations");
        let mut rng = seed.rng(0);
        app.sandbox().set_webhook_urls(Vec::new());
        let (mut delivered, began) = (0, Instant::now());
        let others = app.replicas().await;
        let replicas: Vec<_> = [app.inside().await].into_iter().chain(others.iter().map(|other| other.app().clone())).collect();
        let lives = life::all(&app).await;
        for life in &lives {
            let now = Instant::now();
            let orders = ends_alike(app.sandbox(), &replicas, life, &mut rng).await;
            delivered += orders;
            let (events, took) = (life.events.len(), now.elapsed());
            eprintln!("{:>6} orders of {events} events in {took:>8.1?}: {}", orders, life.name);
        }
        let (count, took) = (lives.len(), began.elapsed());
        eprintln!("{delivered:>6} orders of {count} lives in {took:.1?}, on {:?}", replicas[0].database.backend());
        for other in others {
            other.stop().await;
        }
    }
}
