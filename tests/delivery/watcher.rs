//! A watcher with a bad connection that records what it receives.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{sync::watch, time::sleep};

use crate::harness::{
    Socket,
    actor::WATCH_BALANCE,
    replicas::{Member, Replicas},
    rng::Rng,
};

/// The longest time for which a watcher reads nothing.
pub(super) const LONGEST_STALL: Duration = Duration::from_millis(1500);

/// The quality of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    /// Stalls and cuts at random.
    Wild,
    /// Stable.
    Calm,
    /// Stable until the last version of each account, by account.
    Until(Vec<i64>),
}

pub(super) struct Watcher {
    replicas: Arc<Replicas>,
    owner: Member,
    mood: watch::Receiver<Mood>,
    rng: Rng,
    diary: Diary,
    known: Arc<AtomicI64>,
}

/// The results that a watcher received.
#[derive(Default)]
pub(super) struct Diary {
    /// The version that the watcher starts after.
    pub(super) after: Option<i64>,
    pub(super) observed: Vec<Observed>,
    pub(super) cuts: usize,
    pub(super) stalls: usize,
}

/// A change, or a snapshot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Observed {
    pub(super) version: i64,
    pub(super) snapshot: bool,
    pub(super) credits: i64,
    pub(super) delta: Option<i64>,
}

impl Watcher {
    pub(super) fn new(replicas: Arc<Replicas>, owner: Member, mood: watch::Receiver<Mood>, rng: Rng) -> Self {
        Self { replicas, owner, mood, rng, diary: Diary::default(), known: Arc::default() }
    }

    /// The last version received, shared with the test.
    pub(super) fn known(&self) -> Arc<AtomicI64> {
        self.known.clone()
    }

    /// Watches until the last version has been received, from the first or from the present on.
    pub(super) async fn watches(mut self, account: usize, from_the_first: bool) -> Diary {
        self.diary.after = from_the_first.then_some(0);
        loop {
            let mut socket = self.connects().await;
            loop {
                if self.is_at_the_end(account) {
                    return self.diary;
                }
                if self.suffers().await {
                    break;
                }
                tokio::select! {
                    change = socket.pushed() => self.notes(&change),
                    changed = self.mood.changed() => changed.unwrap(),
                }
            }
        }
    }

    /// Connects to a random replica, and continues after the last version.
    async fn connects(&mut self) -> Socket {
        let address = self.replicas.address(self.rng.place(self.replicas.count()));
        let authorization = format!("Bearer {}", self.owner.token);
        let mut socket = Socket::open(address, Some(json!({ "authorization": authorization }))).await;
        let after = self.diary.seen();
        socket.subscribes("balance", WATCH_BALANCE, json!({ "after": after })).await;
        socket
    }

    /// Stalls at random. Returns true if the socket is to be cut.
    async fn suffers(&mut self) -> bool {
        if *self.mood.borrow() != Mood::Wild {
            return false;
        }
        if self.rng.rolls(2) {
            self.diary.stalls += 1;
            sleep(LONGEST_STALL.mul_f64(f64::from(u8::try_from(self.rng.below(100)).unwrap()) / 100.0)).await;
        }
        let cut = self.rng.rolls(3);
        self.diary.cuts += usize::from(cut);
        cut
    }

    fn notes(&mut self, change: &Value) {
        let observed = Observed::read(change);
        self.known.store(observed.version, Ordering::Relaxed);
        self.diary.observed.push(observed);
    }

    fn is_at_the_end(&self, account: usize) -> bool {
        match &*self.mood.borrow() {
            Mood::Until(ends) => self.diary.seen() == Some(ends[account]),
            _ => false,
        }
    }
}

impl Diary {
    /// The last version received, or else the one that the watcher started after.
    fn seen(&self) -> Option<i64> {
        self.observed.last().map(|observed| observed.version).or(self.after)
    }
}

impl Observed {
    fn read(change: &Value) -> Self {
        Self {
            version: change["version"].as_i64().unwrap(),
            snapshot: change["snapshot"].as_bool().unwrap(),
            credits: change["balance"]["credits"].as_i64().unwrap(),
            delta: change["entry"]["creditsDelta"].as_i64(),
        }
    }
}
