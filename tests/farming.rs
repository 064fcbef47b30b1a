//! Nobody farms credits: after any sequence of plan changes, cancellations, refunds, disputes and new subscriptions, each
//! credit has cost at least its lowest price, and unlimited exports were paid for. Nobody loses what was paid for, either.

mod money;

use std::time::{Duration, Instant};

use sandbox::{Outcome, Stage};
use serde_json::{Value, json};

use self::money::{Books, charges};
use crate::{
    checkout::at_stripe,
    harness::{
        Actor, Backend, TestApp,
        actor::{CANCELLATION, CHECKOUT, EXPORT, GOOD_CARD, PLAN_CHANGE, PURCHASE, RESUMPTION},
        actor::{checkout, export, plan_change, purchase},
        rng::{Rng, Seed, lasting},
        run,
    },
    subscription::newest,
};

/// Number of actions of each user.
const STEPS: usize = 22;

/// Duration of the test in seconds, on each database.
const SECONDS: u64 = 5;

/// A card that pays no invoice.
const DECLINES: &str = "4000000000000341";

const DAY: Duration = Duration::from_hours(24);

const TIERS: [&str; 3] = ["CORE", "PRO", "STUDIO"];

/// A user who tries everything.
struct Farmer {
    app: TestApp,
    user: Actor,
    rng: Rng,
    /// The page of the last upgrade that was declined.
    unpaid: Option<String>,
    /// The actions so far.
    story: Vec<String>,
}

impl Farmer {
    async fn lives(mut self) {
        for step in 0..STEPS {
            let before = charges(&self.app).await.len();
            let upgraded = self.tries(step).await;
            self.app.settles().await;
            let books = Books::read(&self.app, &self.user).await;
            books.are_honest(&self.story);
            books.are_fair(&self.story);
            if let Some(tier) = upgraded.filter(|_| books.charges > before) {
                books.paid_in_full(tier, &self.story);
            }
        }
    }

    /// Takes a random action. Returns the plan if the user upgraded at once.
    async fn tries(&mut self, step: usize) -> Option<&'static str> {
        let tier = TIERS[self.rng.place(TIERS.len())];
        match self.rng.below(100) {
            0..16 => {
                let answer = self.asks(CHECKOUT, checkout(tier)).await;
                self.submits(&answer["data"]["createCheckout"]["url"], GOOD_CARD).await;
            }
            16..42 => return self.changes(tier).await,
            42..46 => drop(self.asks(CANCELLATION, json!({})).await),
            46..50 => drop(self.asks(RESUMPTION, json!({})).await),
            50..56 => {
                let credits = i64::try_from(self.rng.below(100)).unwrap() + 1;
                let answer = self.asks(PURCHASE, purchase(credits)).await;
                self.submits(&answer["data"]["purchaseCredits"]["url"], GOOD_CARD).await;
            }
            56..62 => drop(self.asks(EXPORT, export(&step.to_string(), &step.to_string())).await),
            62..70 => self.waits().await,
            70..84 => self.gets_back().await,
            84..95 => self.disputes().await,
            95..98 => self.changes_card().await,
            _ => {
                let page = json!(self.unpaid.take());
                self.submits(&page, GOOD_CARD).await;
            }
        }
        None
    }

    async fn asks(&mut self, document: &str, variables: Value) -> Value {
        let answer = self.user.asks_with(document, variables.clone()).await;
        let code = answer["errors"][0]["extensions"]["code"].clone();
        assert!(code.is_null() || code == "CONFLICT", "{:#?}: {answer}", self.story);
        let name = document.split(['{', '(']).nth(2).unwrap_or_default().trim();
        self.story.push(format!("{name} {variables} {answer}"));
        answer
    }

    async fn changes(&mut self, tier: &'static str) -> Option<&'static str> {
        let answer = self.asks(PLAN_CHANGE, plan_change(tier)).await;
        let change = &answer["data"]["changePlan"];
        if let Some(page) = change["invoiceUrl"].as_str() {
            self.unpaid = Some(page.to_owned());
        }
        (change["tier"] == tier).then_some(tier)
    }

    async fn submits(&mut self, page: &Value, card: &str) {
        let Some(page) = page.as_str() else { return };
        let response = self.app.http().post(page).form(&[("card_number", card)]).send().await.unwrap();
        self.story.push(format!("pays: {}", response.status()));
    }

    async fn waits(&mut self) {
        let days = [1, 4, 20, 31][self.rng.place(4)];
        self.story.push(format!("waits {days} days"));
        self.app.sandbox().advance(DAY * days).await;
    }

    /// A random payment, and a part of its amount, or `None` for all of it.
    async fn payment(&mut self) -> Option<(String, Option<i64>)> {
        let charges = charges(&self.app).await;
        let charge = (!charges.is_empty()).then(|| &charges[self.rng.place(charges.len())])?;
        let whole = charge["amount"].as_u64().unwrap();
        let part = i64::try_from(self.rng.below(whole) + 1).unwrap();
        let payment = charge["payment_intent"].as_str().unwrap().to_owned();
        Some((payment, self.rng.rolls(40).then_some(part)))
    }

    async fn gets_back(&mut self) {
        let Some((payment, amount)) = self.payment().await else { return };
        let done = self.app.sandbox().refund(&payment, amount).is_ok();
        self.story.push(format!("refund of {payment}: {amount:?}, {done}"));
    }

    /// Disputes a payment, or continues an earlier dispute.
    async fn disputes(&mut self) {
        let disputes = at_stripe(&self.app, "/v1/disputes?limit=100").await["data"].as_array().unwrap().clone();
        if !disputes.is_empty() && self.rng.rolls(60) {
            let dispute = disputes[self.rng.place(disputes.len())]["id"].as_str().unwrap().to_owned();
            let outcome = [Outcome::Won, Outcome::Lost, Outcome::Escalated][self.rng.place(3)];
            let done = self.app.sandbox().proceed_dispute(&dispute, outcome).is_ok();
            self.story.push(format!("{dispute}: {outcome:?}, {done}"));
            return;
        }
        let Some((payment, amount)) = self.payment().await else { return };
        let stage = if self.rng.rolls(70) { Stage::Chargeback } else { Stage::Inquiry };
        let done = self.app.sandbox().dispute(&payment, stage, amount).is_ok();
        self.story.push(format!("{stage:?} about {payment}: {amount:?}, {done}"));
    }

    async fn changes_card(&mut self) {
        let subscription = newest(&self.app).await;
        let Some(id) = subscription["id"].as_str() else { return };
        let card = if self.rng.rolls(50) { DECLINES } else { GOOD_CARD };
        let done = self.app.sandbox().change_card(id, card).is_ok();
        self.story.push(format!("pays with {card} from now on, {done}"));
    }
}

/// One user after the other, each with a gateway and a sandbox of their own.
async fn nobody_farms(backend: Backend) {
    let seed = Seed::of("farming");
    let (begin, time) = (Instant::now(), lasting(SECONDS));
    let mut farmers = 0;
    while farmers == 0 || begin.elapsed() < time {
        let rng = seed.rng(farmers);
        farmers += 1;
        run(backend, async move |app: TestApp| {
            let user = app.signs_up("ada").await;
            Farmer { app, user, rng, unpaid: None, story: Vec::new() }.lives().await;
        })
        .await;
    }
    eprintln!("farming: {farmers} users tried {STEPS} steps each on {backend:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gets_a_credit_cheaper_than_honest_use_on_sqlite() {
    nobody_farms(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gets_a_credit_cheaper_than_honest_use_on_postgres() {
    nobody_farms(Backend::Postgres).await;
}
