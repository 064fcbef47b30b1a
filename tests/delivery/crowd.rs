//! Runs watchers and writers, and collects their results.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use entity::user::Role;
use futures_util::future::join_all;
use patch_hive::ledger;
use sea_orm::DatabaseConnection;
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{
    check::check,
    silence,
    watcher::{Diary, Mood, Watcher},
    writer::Writer,
};
use crate::harness::{
    replicas::{Member, Replicas},
    rng::Seed,
};

/// Number of watched balances.
const ACCOUNTS: usize = 4;

/// Number of watchers per balance.
const WATCHERS: usize = 15;

/// Number of simultaneous changes: more than a watcher receives one by one.
const BURST: usize = 300;

/// Time limit of watchers for anything, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) struct Crowd {
    replicas: Arc<Replicas>,
    accounts: Vec<Member>,
    admin: Member,
    seed: Seed,
    database: DatabaseConnection,
    mood: watch::Sender<Mood>,
    watchers: Vec<(usize, Arc<AtomicI64>, JoinHandle<Diary>)>,
}

/// The observations.
#[derive(Default)]
pub(super) struct Figures {
    pub(super) watchers: usize,
    pub(super) versions: usize,
    pub(super) snapshots: usize,
    pub(super) cuts: usize,
    pub(super) stalls: usize,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { watchers, versions, snapshots, cuts, stalls } = self;
        write!(f, "{watchers} watchers, {versions} versions and {snapshots} snapshots delivered, ")?;
        write!(f, "{cuts} sockets cut, {stalls} stalls")
    }
}

impl Crowd {
    pub(super) async fn gather(replicas: Replicas, seed: Seed) -> Self {
        let replicas = Arc::new(replicas);
        let (mood, _) = watch::channel(Mood::Wild);
        let (mut accounts, mut watchers) = (Vec::new(), Vec::new());
        for account in 0..ACCOUNTS {
            let owner = replicas.signs_up(&format!("user{account}"), Role::User).await;
            for number in 0..WATCHERS {
                let rng = seed.rng(u64::try_from(account * WATCHERS + number).unwrap());
                let watcher = Watcher::new(replicas.clone(), owner.clone(), mood.subscribe(), rng);
                let known = watcher.known();
                watchers.push((account, known, tokio::spawn(watcher.watches(account, number % 2 == 0))));
            }
            accounts.push(owner);
        }
        let admin = replicas.signs_up("admin", Role::Admin).await;
        let database = replicas.connects().await;
        Self { replicas, accounts, admin, seed, database, mood, watchers }
    }

    /// Changes balances through every replica and directly in the database; without `hints`, only directly.
    pub(super) async fn writes(&self, hints: bool, until: Instant) {
        let count = if hints { self.replicas.count() } else { 0 };
        let writers = (0..=count).map(|number| {
            let rng = self.seed.rng(1000 + u64::try_from(number).unwrap());
            Writer { replica: number.checked_sub(1), replicas: &self.replicas, admin: &self.admin, rng }
        });
        let writing = writers.map(|writer| writer.writes(&self.accounts, &self.database, until));
        let burst = async {
            sleep(until.saturating_duration_since(Instant::now()) / 2).await;
            silence::posts(&self.database, self.accounts[0].id, BURST, "a burst").await;
        };
        tokio::join!(join_all(writing), burst);
    }

    /// Ends stalls and cuts.
    pub(super) fn calms_down(&self) {
        self.mood.send_replace(Mood::Calm);
    }

    /// Changes every balance once more, which watchers receive and leave. Returns the time until the last one has received it.
    pub(super) async fn all_know_after(&self, hints: bool) -> Duration {
        let replica = hints.then_some(0);
        let rng = self.seed.rng(2000);
        let mut writer = Writer { replica, replicas: &self.replicas, admin: &self.admin, rng };
        for owner in &self.accounts {
            writer.changes(owner, &self.database).await;
        }
        let start = Instant::now();
        let ids: Vec<_> = self.accounts.iter().map(|owner| owner.id).collect();
        let accounts = ledger::accounts(&self.database, &ids).await.unwrap();
        let ends: Vec<_> = ids.iter().map(|id| accounts[id].version).collect();
        self.mood.send_replace(Mood::Until(ends.clone()));
        while self.watchers.iter().any(|(account, known, _)| known.load(Ordering::Relaxed) < ends[*account]) {
            assert!(start.elapsed() < PATIENCE, "a watcher never received the last change, {:?}", self.seed);
            sleep(Duration::from_millis(5)).await;
        }
        start.elapsed()
    }

    /// Compares the changes that each watcher received with the ledger.
    pub(super) async fn checked(&mut self) -> Figures {
        let mut ledgers = Vec::new();
        for owner in &self.accounts {
            ledgers.push(self.replicas.ledger_of(owner).await);
        }
        let mut figures = Figures::default();
        for (account, _, watcher) in self.watchers.drain(..) {
            let diary = timeout(PATIENCE, watcher).await.expect("a watcher does not end").unwrap();
            let seed = self.seed;
            check(&ledgers[account], &diary).unwrap_or_else(|broken| panic!("account {account}, {seed:?}: {broken}"));
            let snapshots = diary.observed.iter().filter(|observed| observed.snapshot).count();
            figures.watchers += 1;
            figures.snapshots += snapshots;
            figures.versions += diary.observed.len() - snapshots;
            figures.cuts += diary.cuts;
            figures.stalls += diary.stalls;
        }
        figures
    }

    /// Checks that no replica keeps a watcher, and stops them.
    pub(super) async fn disperses(self) {
        let forgotten = async {
            while (0..self.replicas.count()).any(|replica| !self.replicas.app(replica).feed.watched().is_empty()) {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, forgotten).await.expect("a replica keeps a watcher that has gone");
        Arc::into_inner(self.replicas).unwrap().prove_their_books_and_stop().await;
    }
}
