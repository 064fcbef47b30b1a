//! Random histories: users spend, change their settings and cards, and are refunded, while replies and webhooks are lost, and work
//! is cut off at any moment. However it goes, each top-up is charged at most once, no month exceeds its cap, and what was paid is
//! granted once. `PATCH_HIVE_TEST_TOP_UPS=10000` sets the number of histories on each database.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use entity::work::Kind;
use patch_hive::{billing, sync};
use sandbox::{DeliveryEffect, DeliveryFault, Effect, Stage};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{DISABLE, RESUME, SET, SETUP, comes_to, enables, looks, saves_card, settings, top_ups, urls};
use crate::{
    checkout::{at_stripe, breaks},
    harness::{
        Actor, TestApp,
        actor::{EXPORT, GOOD_CARD, export, row},
        facts,
        rng::{Rng, Seed, number},
    },
};

/// Histories on each database, unless more are configured.
const HISTORIES: u64 = 24;

/// Histories that run at the same time.
const AT_ONCE: u64 = 8;

/// Actions of a history.
const STEPS: usize = 14;

/// Cards that pay, decline, have to be confirmed, or take their time.
const CARDS: [&str; 5] = [GOOD_CARD, GOOD_CARD, "4000000000000341", "4000002760003184", "4000003560000008"];

/// The beginnings of paths whose calls go wrong.
const PATHS: [&str; 2] = ["/v1/invoices", "/v1/invoiceitems"];

struct History {
    app: TestApp,
    user: Actor,
    id: i64,
    cap: i64,
    rng: Rng,
    exports: usize,
}

impl History {
    async fn lives(mut self) {
        self.saves_card().await;
        self.sets().await;
        for _ in 0..STEPS {
            self.acts().await;
        }
        self.is_sound().await;
    }

    async fn acts(&mut self) {
        match self.rng.below(13) {
            0..=2 => self.spends().await,
            3 => self.saves_card().await,
            4 => self.sets().await,
            5 => drop(self.user.asks(RESUME).await),
            6 => drop(self.user.asks(if self.rng.rolls(30) { DISABLE } else { RESUME }).await),
            7 => self.returns_money().await,
            8 => self.decides().await,
            9 => self.breaks_a_call(),
            10 => self.loses_a_webhook(),
            11 => self.app.sandbox().advance(Duration::from_hours(self.rng.below(200))).await,
            _ => self.is_cut_off().await,
        }
    }

    async fn spends(&mut self) {
        for _ in 0..=self.rng.below(4) {
            self.exports += 1;
            let key = format!("{}-{}", self.id, self.exports);
            self.user.asks_with(EXPORT, export("run", &key)).await;
        }
    }

    async fn saves_card(&mut self) {
        let setup = self.user.gets(SETUP, urls()).await;
        let card = CARDS[self.rng.place(CARDS.len())];
        // The page may have expired meanwhile, as another history moves the clock.
        self.user.submits_card(&setup, card).await;
        self.app.settles().await;
    }

    async fn sets(&mut self) {
        let (below, credits) = (1 + self.rng.below(60), 1 + self.rng.below(40));
        let input = settings(i64::try_from(below).unwrap(), i64::try_from(credits).unwrap(), self.cap);
        self.user.asks_with(SET, input).await;
    }

    /// Refunds a payment of the user, or disputes it.
    async fn returns_money(&mut self) {
        let payments = self.invoices().await;
        let paid: Vec<_> = payments.iter().filter(|invoice| invoice["status"] == "paid").collect();
        if paid.is_empty() {
            return;
        }
        let place = self.rng.place(paid.len());
        let intent = self.intent(paid[place]).await;
        let amount = i64::try_from(1 + self.rng.below(400)).unwrap();
        // A payment that was refunded or disputed before may be refused.
        drop(if self.rng.rolls(70) {
            self.app.sandbox().refund(&intent, Some(amount))
        } else {
            self.app.sandbox().dispute(&intent, Stage::Chargeback, None)
        });
    }

    /// The bank or the user decides about a payment that is open.
    async fn decides(&mut self) {
        let Some(open) = self.invoices().await.into_iter().find(|invoice| invoice["status"] == "open") else { return };
        let intent = self.intent(&open).await;
        let choice = if self.rng.rolls(60) { "complete" } else { "fail" };
        if self.app.sandbox().settle_payment(&intent, choice == "complete").is_err() {
            let page = format!("http://{}/authenticate/{intent}", self.app.sandbox().address());
            self.app.http().post(page).form(&[("authentication", choice)]).send().await.unwrap();
        }
    }

    fn breaks_a_call(&mut self) {
        let effects = [
            Effect::Drop,
            Effect::Garble,
            Effect::Refuse { status: 503 },
            Effect::Fail { status: 500 },
            Effect::Spoil { status: 500 },
            Effect::Refuse { status: 429 },
        ];
        let times = u32::try_from(1 + self.rng.below(6)).unwrap();
        breaks(&self.app, PATHS[self.rng.place(PATHS.len())], times, effects[self.rng.place(effects.len())]);
    }

    fn loses_a_webhook(&mut self) {
        let delivery =
            [DeliveryEffect::Never, DeliveryEffect::Twice, DeliveryEffect::Late { millis: 50 }][self.rng.place(3)];
        self.app.sandbox().inject_delivery(DeliveryFault { event: "invoice*".to_owned(), times: 2, delivery });
    }

    /// Works on the top-ups of the user, and stops at any moment, as a process that is killed.
    async fn is_cut_off(&mut self) {
        let inside = self.app.inside().await;
        let patience = self.rng.millis(0, 40);
        drop(timeout(patience, billing::top_up::run(&inside, self.id)).await);
    }

    /// The invoices of the user's top-ups at Stripe.
    async fn invoices(&self) -> Vec<Value> {
        let inside = self.app.inside().await;
        let customer = sync::customer_of(inside.database.read(), self.id).await.unwrap().unwrap();
        let path = format!("/v1/invoices?limit=100&customer={customer}");
        at_stripe(&self.app, &path).await["data"].as_array().unwrap().clone()
    }

    async fn intent(&self, invoice: &Value) -> String {
        let path = format!("/v1/invoice_payments?invoice={}", invoice["id"].as_str().unwrap());
        at_stripe(&self.app, &path).await["data"][0]["payment"]["payment_intent"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Compares what Stripe has charged, or still may, with the cap.
    async fn is_sound(&self) {
        let months: HashMap<_, _> = top_ups(&self.user)
            .await
            .iter()
            .map(|top_up| (row(&top_up["id"]).to_string(), top_up["createdAt"].as_str().unwrap()[..7].to_owned()))
            .collect();
        let mut charged = HashMap::<String, i64>::new();
        let mut seen = HashSet::new();
        for invoice in self.invoices().await {
            if invoice["status"] != "paid" && invoice["status"] != "open" {
                continue;
            }
            let top_up = invoice["metadata"]["top_up"].as_str().unwrap().to_owned();
            *charged.entry(months[&top_up].clone()).or_default() += invoice["total"].as_i64().unwrap();
            assert!(seen.insert(top_up), "a top-up was charged twice: {invoice}");
        }
        let most = charged.values().copied().max().unwrap_or_default();
        assert!(most <= self.cap, "{charged:?} with a cap of {}", self.cap);
    }
}

facts! {
    async fn no_history_charges_twice_or_beyond_the_cap(app: TestApp) {
        let histories = number("PATCH_HIVE_TEST_TOP_UPS").unwrap_or(HISTORIES);
        let seed = Seed::of("top_up::random");
        let mut users = Vec::new();
        for first in (0..histories).step_by(usize::try_from(AT_ONCE).unwrap()) {
            let mut running = Vec::new();
            for player in first..histories.min(first + AT_ONCE) {
                let user = app.signs_up(&format!("user{player}")).await;
                let mut rng = seed.rng(player);
                let cap = [500, 1200, 3000][rng.place(3)];
                let id = user.row().await;
                users.push(user.clone());
                running.push(History { app: app.clone(), user, id, cap, rng, exports: 0 }.lives());
            }
            futures_util::future::join_all(running).await;
        }
        // Everything that is still open comes to its end.
        app.sandbox().clear_faults();
        app.sandbox().advance(Duration::from_hours(24)).await;
        sync::reconcile(&app.inside().await, chrono::TimeDelta::days(3650)).await.unwrap();
        for _ in 0..3 {
            app.works_off(Kind::Operation).await;
            looks(&app).await;
        }
        for user in users {
            let paid = top_ups(&user).await.iter().filter(|top_up| top_up["state"] == "PAID").count();
            let payments = user.gets("{ payments(first: 100) { nodes { id } } }", json!({})).await;
            assert_eq!(payments["nodes"].as_array().unwrap().len(), paid, "each paid top-up is one payment");
        }
        let last = app.signs_up("last").await;
        saves_card(&app, &last, GOOD_CARD).await;
        enables(&last, 1, 25, 500).await;
        comes_to(&app, &last, 1, "PAID").await;
    }
}
