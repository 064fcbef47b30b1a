//! A ledger of random charges, grants, corrections and holds has exactly the alerts that a model predicts, however the ledger was
//! read: by the job, by watchers, by changes of the threshold, or after a restart.
//!
//! `PATCH_HIVE_TEST_ALERTS=100000` makes so many changes.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{Customer, SET, below, switch};
use crate::{
    harness::{
        Socket, TestApp, facts,
        rng::{Rng, Seed, number},
    },
    hold::{CAPTURE, RELEASE, RESERVE, of, reservation},
};

/// The number of changes on each database.
const CHANGES: u64 = 600;

/// Accounts that change at the same time, each by one change after the other.
const ACCOUNTS: u64 = 4;

/// The cost of an export.
const COST: i64 = 3;

/// One account as it is to be.
struct Model {
    customer: Customer,
    rng: Rng,
    balance: i64,
    version: i64,
    holds: Vec<Value>,
    threshold: Option<i64>,
    /// The crossings so far: version, available credits and threshold.
    crossings: Vec<(i64, i64, i64)>,
}

impl Model {
    async fn begins(app: &TestApp, number: u64, seed: Seed) -> Self {
        let customer = Customer::signs_up(app, &format!("user{number}")).await;
        let rng = seed.rng(number);
        Self { customer, rng, balance: 0, version: 0, holds: Vec::new(), threshold: None, crossings: Vec::new() }
    }

    fn available(&self) -> i64 {
        self.balance - COST * i64::try_from(self.holds.len()).unwrap()
    }

    /// Records a change that was made, after which so many credits are available.
    fn posted(&mut self, before: i64) {
        self.version += 1;
        if let Some(threshold) = self.threshold
            && before >= threshold
            && self.available() < threshold
        {
            self.crossings.push((self.version, self.available(), threshold));
        }
    }

    async fn changes(&mut self, turn: u64) {
        let (before, key) = (self.available(), turn.to_string());
        match self.rng.below(100) {
            0..50 => self.charges(&key).await,
            50..65 => self.reserves(&key).await,
            65..80 => self.ends_a_hold().await,
            80..97 => return self.adjusts(&key).await,
            _ => return self.sets_a_threshold().await,
        }
        let version = self.customer.user.balance().await["version"].as_i64().unwrap();
        if version > self.version {
            self.posted(before);
        }
        assert_eq!(self.version, version);
    }

    async fn charges(&mut self, key: &str) {
        if self.customer.user.exports("run", key).await["__typename"] == "ExportCharge" {
            self.balance -= COST;
        }
    }

    async fn reserves(&mut self, key: &str) {
        let hold = self.customer.user.gets(RESERVE, reservation("run", key)).await;
        if hold["__typename"] == "Hold" {
            self.holds.push(hold);
        }
    }

    async fn ends_a_hold(&mut self) {
        if self.holds.is_empty() {
            return;
        }
        let hold = self.holds.swap_remove(self.rng.place(self.holds.len()));
        if self.rng.rolls(50) {
            self.customer.user.gets(CAPTURE, of(&hold)).await;
            self.balance -= COST;
        } else {
            self.customer.user.gets(RELEASE, of(&hold)).await;
        }
    }

    async fn adjusts(&mut self, key: &str) {
        let before = self.available();
        let most = u64::try_from(self.available().clamp(0, 20)).unwrap();
        let takes = most > 0 && self.rng.rolls(40);
        let credits = i64::try_from(1 + self.rng.below(if takes { most } else { 25 })).unwrap();
        let credits = if takes { -credits } else { credits };
        let user = self.customer.id.to_string();
        let input = json!({ "userId": user, "credits": credits, "reason": "a test", "idempotencyKey": key });
        self.customer.admin.gets(super::ADJUST, json!({ "input": input })).await;
        self.balance += credits;
        self.posted(before);
    }

    async fn sets_a_threshold(&mut self) {
        let threshold = i64::try_from(1 + self.rng.below(30)).unwrap();
        if self.threshold.is_some() && self.rng.rolls(20) {
            self.customer.user.gets(SET, switch("LOW_BALANCE", false)).await;
            self.threshold = None;
        } else {
            self.customer.user.gets(SET, below(threshold)).await;
            self.threshold = Some(threshold);
        }
    }

    /// Lives through so many changes, of which the watcher sees the alerts.
    async fn lives(mut self, changes: u64) -> Self {
        self.adjusts("first").await;
        self.sets_a_threshold().await;
        for turn in 0..changes {
            self.changes(turn).await;
        }
        self
    }

    /// All alerts in the order in which a new watcher receives them.
    async fn received(&self) -> Vec<(i64, i64, i64)> {
        assert_eq!(self.customer.crossings().await.len(), self.crossings.len().min(100));
        let mut socket: Socket = self.customer.user.connects().await;
        let document = "subscription { alerts(afterId: \"alert_0\") { balanceVersion available below } }";
        socket.subscribes("alerts", document, json!({})).await;
        let mut received = Vec::new();
        for _ in 0..self.crossings.len() {
            let alert = socket.pushed().await;
            let field = |name: &str| alert[name].as_i64().unwrap();
            received.push((field("balanceVersion"), field("available"), field("below")));
        }
        socket.stays_silent().await;
        received
    }
}

facts! {
    async fn random_changes_have_exactly_the_alerts_of_a_model(app: TestApp) {
        let seed = Seed::of("alerts");
        let changes = number("PATCH_HIVE_TEST_ALERTS").unwrap_or(CHANGES) / ACCOUNTS;
        let models = join_all((0..ACCOUNTS).map(|number| Model::begins(&app, number, seed))).await;
        let watched = models[0].customer.watches(None).await;
        let lives = models.into_iter().map(|model| tokio::spawn(model.lives(changes)));
        let models: Vec<_> = join_all(lives).await.into_iter().map(Result::unwrap).collect();
        drop(watched);
        app.restarts().await;
        for model in &models {
            assert_eq!(model.received().await, model.crossings);
        }
        let crossings: usize = models.iter().map(|model| model.crossings.len()).sum();
        eprintln!("{} changes, {crossings} alerts", changes * ACCOUNTS);
        assert!(crossings > 5, "too tame to prove anything: {crossings}");
    }
}
