//! Kills replicas at random while clients run.

use std::{
    fmt,
    time::{Duration, Instant},
};

use tokio::task::JoinHandle;

use super::replica::Fleet;
use crate::harness::{postgres::durable::Durable, rng::Rng};

/// Interval between kills of the database, which is killed at least twice.
const DATABASE_EVERY: Duration = Duration::from_secs(10);

pub(super) struct Chaos {
    fleet: Fleet,
    server: Option<Durable>,
    rng: Rng,
    kills: u32,
    crashes: u32,
}

impl fmt::Display for Chaos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} gateways killed, the database {} times", self.kills, self.crashes)
    }
}

impl Chaos {
    pub(super) const fn new(fleet: Fleet, server: Option<Durable>, rng: Rng) -> Self {
        Self { fleet, server, rng, kills: 0, crashes: 0 }
    }

    pub(super) const fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    /// Kills gateways for a time, and until the minimum number is reached.
    pub(super) async fn rages(&mut self, time: Duration, min_kills: u32) {
        let start = Instant::now();
        let every = DATABASE_EVERY.min(time / 3);
        while start.elapsed() < time || self.kills < min_kills {
            let number = self.rng.place(self.fleet.count());
            self.fleet.is_up(number).await;
            tokio::time::sleep(self.rng.millis(20, 600)).await;
            self.fleet.loses(number).await;
            self.kills += 1;
            if start.elapsed() > every * (self.crashes + 1) {
                self.kills_the_database().await;
            }
        }
    }

    async fn kills_the_database(&mut self) {
        let Some(server) = &mut self.server else { return };
        self.crashes += 1;
        if !self.crashes.is_multiple_of(2) {
            server.loses_a_process().await;
            return;
        }
        server.crashes().await;
        tokio::time::sleep(self.rng.millis(10, 800)).await;
        server.starts_again().await;
    }

    /// Lets a client finish, and keeps the gateways running meanwhile.
    pub(super) async fn keeps_up<T>(&mut self, mut client: JoinHandle<T>) -> T {
        loop {
            tokio::select! {
                done = &mut client => return done.unwrap(),
                () = tokio::time::sleep(Duration::from_millis(100)) => {}
            }
            for number in 0..self.fleet.count() {
                self.fleet.restarts_if_ended(number);
            }
        }
    }

    pub(super) async fn ends(&mut self) {
        self.fleet.ends().await;
    }
}
