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
    chance::Dice,
    replicas::{Member, Replicas},
};

/// The longest time for which a watcher reads nothing.
pub(super) const LONGEST_STALL: Duration = Duration::from_millis(1500);

/// The quality of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    /// It stalls, and its sockets are cut.
    Wild,
    /// All is well.
    Calm,
    /// All is well until the last version of each account, by account.
    Until(Vec<i64>),
}

pub(super) struct Watcher {
    replicas: Arc<Replicas>,
    owner: Member,
    mood: watch::Receiver<Mood>,
    dice: Dice,
    diary: Diary,
    known: Arc<AtomicI64>,
}

/// The results that a watcher received.
#[derive(Default)]
pub(super) struct Diary {
    /// The version that it named at first.
    pub(super) after: Option<i64>,
    pub(super) told: Vec<Told>,
    pub(super) cuts: usize,
    pub(super) stalls: usize,
}

/// A change, or a snapshot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    pub(super) version: i64,
    pub(super) snapshot: bool,
    pub(super) credits: i64,
    pub(super) delta: Option<i64>,
}

impl Watcher {
    pub(super) fn new(replicas: Arc<Replicas>, owner: Member, mood: watch::Receiver<Mood>, dice: Dice) -> Self {
        Self { replicas, owner, mood, dice, diary: Diary::default(), known: Arc::default() }
    }

    /// The last version that it was told, for others to see.
    pub(super) fn known(&self) -> Arc<AtomicI64> {
        self.known.clone()
    }

    /// Watches until the last version is known, from the first or from the present on.
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

    /// Goes on where it stopped, at whichever replica.
    async fn connects(&mut self) -> Socket {
        let address = self.replicas.address(self.dice.place(self.replicas.count()));
        let authorization = format!("Bearer {}", self.owner.token);
        let mut socket = Socket::open(address, Some(json!({ "authorization": authorization }))).await;
        let after = self.diary.seen();
        socket.subscribes("balance", WATCH_BALANCE, json!({ "after": after })).await;
        socket
    }

    /// Stalls now and then. Returns whether the socket is cut.
    async fn suffers(&mut self) -> bool {
        if *self.mood.borrow() != Mood::Wild {
            return false;
        }
        if self.dice.rolls(2) {
            self.diary.stalls += 1;
            sleep(LONGEST_STALL.mul_f64(f64::from(u8::try_from(self.dice.below(100)).unwrap()) / 100.0)).await;
        }
        let cut = self.dice.rolls(3);
        self.diary.cuts += usize::from(cut);
        cut
    }

    fn notes(&mut self, change: &Value) {
        let told = Told::read(change);
        self.known.store(told.version, Ordering::Relaxed);
        self.diary.told.push(told);
    }

    fn is_at_the_end(&self, account: usize) -> bool {
        match &*self.mood.borrow() {
            Mood::Until(ends) => self.diary.seen() == Some(ends[account]),
            _ => false,
        }
    }
}

impl Diary {
    /// The last version that it was told, or named itself.
    fn seen(&self) -> Option<i64> {
        self.told.last().map(|told| told.version).or(self.after)
    }
}

impl Told {
    fn read(change: &Value) -> Self {
        Self {
            version: change["version"].as_i64().unwrap(),
            snapshot: change["snapshot"].as_bool().unwrap(),
            credits: change["balance"]["credits"].as_i64().unwrap(),
            delta: change["entry"]["creditsDelta"].as_i64(),
        }
    }
}
