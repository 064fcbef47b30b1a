//! Lives: sequences of payments, refunds and changes of a user at Stripe, with the events about them.

use std::{collections::BTreeSet, time::Duration};

use sandbox::{Outcome, Stage};
use serde_json::{Value, json};

use super::payloads::{CORE, Money, PRO, Pack, Plan, Version, later, retold};
use crate::{
    harness::{Actor, TestApp, actor::GOOD_CARD, world::World},
    webhook::known_user,
};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// A bank account: its money arrives, or fails to, days later.
const BANK: &str = "000123456789";

/// Events about plans that repeat others, which most lives leave out.
const RETOLD: [&str; 2] = ["invoice.payment_succeeded", "checkout.session.completed"];

/// The events of a life, and its result.
pub(super) struct Life {
    pub(super) name: &'static str,
    pub(super) customer: String,
    pub(super) events: Vec<Value>,
    /// The objects at Stripe in the end.
    pub(super) objects: Vec<Value>,
    pub(super) credits: i64,
    pub(super) unlimited: bool,
}

/// Every life, lived once.
pub(super) async fn all(app: &TestApp) -> Vec<Life> {
    let mut lives = vec![
        renewal(app).await,
        upgrade(app).await,
        recovery(app).await,
        cancellation(app).await,
        refunds_of_a_pack(app).await,
        won_dispute(app).await,
        lost_dispute(app).await,
        refund_and_end(app).await,
        delayed_money(app).await,
        money_that_never_came(app).await,
        trial(app).await,
        deletion(app).await,
        twice(app).await,
        long(app).await,
    ];
    for version in [Version::March2020, Version::Basil, Version::Clover] {
        lives.push(older(app, version).await);
    }
    lives.push(repeats(app).await);
    // The last one, because unlimited ends with time.
    lives.push(refund_of_studio(app).await);
    lives
}

/// The user whose life is recorded.
struct Hero<'a> {
    app: &'a TestApp,
    user: Actor,
    customer: String,
    /// Number of earlier events.
    before: usize,
}

impl<'a> Hero<'a> {
    async fn is_born(app: &'a TestApp, name: &str) -> Self {
        let (user, customer) = known_user(app, name).await;
        Self { app, user, customer, before: app.sandbox().events().len() }
    }

    async fn subscribes(&self, tier: &str) -> String {
        self.user.pays(&self.user.opens_checkout(tier).await, GOOD_CARD).await;
        self.found("customer.subscription.created", "id")
    }

    async fn buys(&self, card: &str) -> String {
        let checkout = self.user.opens_purchase(25).await;
        self.user.pays(&checkout, card).await;
        checkout["id"].as_str().unwrap().to_owned()
    }

    /// A field of the object of the newest event of a type.
    fn found(&self, kind: &str, field: &str) -> String {
        let events = self.app.sandbox().events();
        let event = events.iter().rev().find(|event| event["type"] == kind).unwrap_or_else(|| panic!("no {kind}"));
        event["data"]["object"][field].as_str().unwrap().to_owned()
    }

    fn paid(&self) -> String {
        self.found("payment_intent.succeeded", "id")
    }

    async fn asks(&self, method: reqwest::Method, path: &str, form: &[(&str, &str)]) -> Value {
        let url = format!("http://{}{path}", self.app.sandbox().address());
        let request = self.app.http().request(method, url).bearer_auth("sk_test_tests").form(form);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert!(answer["error"].is_null(), "{path}: {answer}");
        answer
    }

    async fn posts(&self, path: &str, form: &[(&str, &str)]) -> Value {
        self.asks(reqwest::Method::POST, path, form).await
    }

    /// Ends a short life.
    async fn life(self, name: &'static str, without: &[&str], end: (i64, bool)) -> Life {
        let life = self.long_life(name, without, end).await;
        assert!((2..=9).contains(&life.events.len()), "{name}: {:?}", kinds(&life.events));
        life
    }

    /// Ends a life and returns its events, except the types that are left out. The customer is deleted.
    async fn long_life(self, name: &'static str, without: &[&str], end: (i64, bool)) -> Life {
        let mut events = self.app.sandbox().events().split_off(self.before);
        let ids: BTreeSet<_> = events.iter().filter_map(|event| event["data"]["object"]["id"].as_str()).collect();
        let objects = ids.into_iter().filter_map(|id| self.app.sandbox().object(id)).collect();
        events.retain(|event| {
            let kind = event["type"].as_str().unwrap();
            patch_hive::sync::EVENTS.contains(&kind) && !without.contains(&kind)
        });
        let customer = format!("/v1/customers/{}", self.customer);
        if self.asks(reqwest::Method::GET, &customer, &[]).await["deleted"] != true {
            self.asks(reqwest::Method::DELETE, &customer, &[]).await;
        }
        Life { name, customer: self.customer, events, objects, credits: end.0, unlimited: end.1 }
    }
}

/// The objects at Stripe after events made by tests, in this order.
fn objects_after(events: &[Value]) -> Vec<Value> {
    let mut world = World::default();
    for event in events {
        world.learn(event);
    }
    world.into_objects()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

async fn renewal(app: &TestApp) -> Life {
    let hero = Hero::is_born(app, "renewal").await;
    let subscription = hero.subscribes("CORE").await;
    app.sandbox().renew(&subscription).await.unwrap();
    hero.life("a subscription and its renewal", &["invoice.payment_succeeded"], (50, false)).await
}

async fn upgrade(app: &TestApp) -> Life {
    let hero = Hero::is_born(app, "upgrade").await;
    let subscription = hero.subscribes("CORE").await;
    let start = app.sandbox().now().to_string();
    app.sandbox().advance(DAY * 5).await;
    let item = app.sandbox().object(&subscription).unwrap()["items"]["data"][0]["id"].clone();
    hero.posts(
        &format!("/v1/subscriptions/{subscription}"),
        &[
            ("items[0][id]", item.as_str().unwrap()),
            ("items[0][price]", PRO.0),
            ("proration_behavior", "always_invoice"),
            ("proration_date", &start),
        ],
    )
    .await;
    app.sandbox().refund(&hero.paid(), Some(500)).unwrap();
    let without = ["checkout.session.completed", "invoice.payment_succeeded", "refund.created"];
    hero.life("an upgrade, and half of it refunded", &without, (100 - 33, false)).await
}

async fn recovery(app: &TestApp) -> Life {
    let hero = Hero::is_born(app, "recovery").await;
    let subscription = hero.subscribes("PRO").await;
    app.sandbox().fail_next_payments(&subscription, 1).unwrap();
    app.sandbox().renew(&subscription).await.unwrap();
    app.sandbox().advance(HOUR).await;
    app.sandbox().retry_payment(&subscription).unwrap();
    let without = ["checkout.session.completed", "invoice.payment_succeeded", "invoice_payment.paid"];
    hero.life("a renewal whose payment fails, and its recovery", &without, (200, false)).await
}

async fn cancellation(app: &TestApp) -> Life {
    let hero = Hero::is_born(app, "cancellation").await;
    let subscription = hero.subscribes("STUDIO").await;
    app.sandbox().advance(HOUR).await;
    hero.posts(&format!("/v1/subscriptions/{subscription}"), &[("cancel_at_period_end", "true")]).await;
    app.sandbox().renew(&subscription).await.unwrap();
    hero.life("a cancellation", &RETOLD, (0, false)).await
}

async fn refunds_of_a_pack(app: &TestApp) -> Life {
    let hero = Hero::is_born(app, "refunds").await;
    hero.buys(GOOD_CARD).await;
    let paid = hero.paid();
    app.sandbox().refund(&paid, Some(100)).unwrap();
    app.sandbox().advance(HOUR).await;
    let second = app.sandbox().refund(&paid, Some(200)).unwrap();
    app.sandbox().advance(HOUR).await;
    app.sandbox().settle_refund(second["id"].as_str().unwrap(), false).unwrap();
    hero.life("a pack with two refunds, one of which fails", &["invoice.payment_succeeded"], (20, false)).await
}

async fn won_dispute(app: &TestApp) -> Life {
    let hero = Hero::is_born(app, "won").await;
    hero.buys(GOOD_CARD).await;
    let dispute = app.sandbox().dispute(&hero.paid(), Stage::Inquiry, None).unwrap();
    let dispute = dispute["id"].as_str().unwrap();
    for outcome in [Outcome::Escalated, Outcome::Won] {
        app.sandbox().advance(DAY).await;
        app.sandbox().proceed_dispute(dispute, outcome).unwrap();
    }
    hero.life("an inquiry that becomes a dispute, and is won", &["invoice.payment_succeeded"], (25, false)).await
}

async fn lost_dispute(app: &TestApp) -> Life {
    let hero = Hero::is_born(app, "lost").await;
    hero.buys(GOOD_CARD).await;
    app.sandbox().refund(&hero.paid(), Some(100)).unwrap();
    app.sandbox().advance(DAY).await;
    let dispute = app.sandbox().dispute(&hero.paid(), Stage::Chargeback, Some(300)).unwrap();
    let dispute = dispute["id"].as_str().unwrap();
    app.sandbox().proceed_dispute(dispute, Outcome::UnderReview).unwrap();
    app.sandbox().proceed_dispute(dispute, Outcome::Lost).unwrap();
    hero.life("a dispute that is lost after a part was refunded", &["invoice.payment_succeeded"], (5, false)).await
}

async fn refund_of_studio(app: &TestApp) -> Life {
    let hero = Hero::is_born(app, "studio").await;
    hero.subscribes("STUDIO").await;
    app.sandbox().advance(HOUR).await;
    let refund = app.sandbox().refund(&hero.paid(), None).unwrap();
    app.sandbox().advance(HOUR).await;
    app.sandbox().settle_refund(refund["id"].as_str().unwrap(), false).unwrap();
    hero.life("a full refund of STUDIO that fails", &RETOLD, (0, true)).await
}

async fn refund_and_end(app: &TestApp) -> Life {
    let hero = Hero::is_born(app, "end").await;
    let subscription = hero.subscribes("PRO").await;
    app.sandbox().advance(HOUR).await;
    app.sandbox().refund(&hero.paid(), None).unwrap();
    hero.asks(reqwest::Method::DELETE, &format!("/v1/subscriptions/{subscription}"), &[]).await;
    hero.life("a subscription that is refunded and ended", &RETOLD, (0, false)).await
}

async fn delayed_money(app: &TestApp) -> Life {
    let hero = Hero::is_born(app, "delayed").await;
    let session = hero.buys(BANK).await;
    app.sandbox().advance(DAY).await;
    app.sandbox().settle_delayed(&session, true).unwrap();
    app.sandbox().advance(DAY).await;
    let refund = app.sandbox().refund(&hero.paid(), Some(250)).unwrap();
    app.sandbox().advance(DAY).await;
    app.sandbox().settle_refund(refund["id"].as_str().unwrap(), true).unwrap();
    hero.life("money that comes later, and half of it refunded", &["invoice.payment_succeeded"], (12, false)).await
}

async fn money_that_never_came(app: &TestApp) -> Life {
    let hero = Hero::is_born(app, "never").await;
    let session = hero.buys(BANK).await;
    app.sandbox().advance(DAY).await;
    app.sandbox().settle_delayed(&session, false).unwrap();
    hero.life("money that never came", &[], (0, false)).await
}

async fn trial(app: &TestApp) -> Life {
    let hero = Hero::is_born(app, "trial").await;
    let checkout = hero
        .posts(
            "/v1/checkout/sessions",
            &[
                ("mode", "subscription"),
                ("customer", &hero.customer),
                ("success_url", "https://patchhive.example/"),
                ("line_items[0][price]", CORE.0),
                ("line_items[0][quantity]", "1"),
                ("subscription_data[trial_period_days]", "7"),
            ],
        )
        .await;
    hero.user.pays(&checkout, GOOD_CARD).await;
    let subscription = hero.found("customer.subscription.created", "id");
    app.sandbox().renew(&subscription).await.unwrap();
    hero.life("a trial and the month after it", &RETOLD, (25, false)).await
}

async fn deletion(app: &TestApp) -> Life {
    let hero = Hero::is_born(app, "deletion").await;
    hero.subscribes("STUDIO").await;
    app.sandbox().advance(HOUR).await;
    app.sandbox().refund(&hero.paid(), Some(1000)).unwrap();
    app.sandbox().advance(HOUR).await;
    hero.asks(reqwest::Method::DELETE, &format!("/v1/customers/{}", hero.customer), &[]).await;
    let without = ["checkout.session.completed", "invoice.payment_succeeded", "refund.created"];
    hero.life("a customer who is deleted", &without, (0, false)).await
}

async fn twice(app: &TestApp) -> Life {
    let hero = Hero::is_born(app, "twice").await;
    hero.subscribes("PRO").await;
    app.sandbox().refund(&hero.paid(), Some(1499)).unwrap();
    hero.life("a plan that several events call paid and refunded", &[], (0, false)).await
}

async fn long(app: &TestApp) -> Life {
    let hero = Hero::is_born(app, "long").await;
    let subscription = hero.subscribes("CORE").await;
    app.sandbox().renew(&subscription).await.unwrap();
    let renewed = hero.paid();
    app.sandbox().fail_next_payments(&subscription, 1).unwrap();
    app.sandbox().renew(&subscription).await.unwrap();
    app.sandbox().advance(HOUR).await;
    app.sandbox().retry_payment(&subscription).unwrap();
    app.sandbox().refund(&renewed, None).unwrap();
    app.sandbox().advance(DAY).await;
    hero.buys(GOOD_CARD).await;
    let dispute = app.sandbox().dispute(&hero.paid(), Stage::Chargeback, None).unwrap();
    app.sandbox().advance(DAY).await;
    app.sandbox().proceed_dispute(dispute["id"].as_str().unwrap(), Outcome::Won).unwrap();
    app.sandbox().refund(&hero.paid(), Some(40)).unwrap();
    hero.posts(&format!("/v1/subscriptions/{subscription}"), &[("cancel_at_period_end", "true")]).await;
    app.sandbox().renew(&subscription).await.unwrap();
    hero.long_life("a long life", &[], (25 + 25 + 23, false)).await
}

/// A life in the format of an API version: incomplete at first, refunded in part, disputed and lost.
async fn older(app: &TestApp, version: Version) -> Life {
    let (_, customer) = known_user(app, &format!("older{}", version.name().replace(['-', '.'], ""))).await;
    let plan = Plan { version, expanded: true, ..Plan::new(&customer, PRO) };
    let paid = plan.paid("subscription_create");
    let money = Money::of_invoice(version, &customer, &paid);
    let mut events = vec![
        plan.created("incomplete"),
        plan.updated("active", json!({ "status": "incomplete" })),
        paid,
        money.refunded(300),
        money.later(10).dispute("funds_withdrawn", &format!("{}_{}", "du", plan.id), (599, "needs_response")),
        later(money.dispute("closed", &format!("{}_{}", "du", plan.id), (599, "lost")), 20),
    ];
    if version != Version::March2020 {
        events.push(money.linked());
    }
    let name = match version {
        Version::March2020 => "a plan that is refunded and disputed, in the format of 2020",
        Version::Basil => "a plan that is refunded and disputed, in the format of basil",
        _ => "a plan that is refunded and disputed, in the format of clover",
    };
    Life { name, customer, objects: objects_after(&events), events, credits: 40, unlimited: false }
}

/// Several events for each fact.
async fn repeats(app: &TestApp) -> Life {
    let (_, customer) = known_user(app, "repeats").await;
    let pack = Pack::new(&customer);
    let money = Money::of_pack(&pack);
    let refund = |kind: &str| money.refund(kind, &format!("re_{}", pack.session), (500, "succeeded"));
    let completed = pack.completed("paid");
    let events = vec![
        retold(&completed, "checkout.session.async_payment_succeeded"),
        completed,
        refund("refund.created"),
        refund("refund.updated"),
        refund("charge.refund.updated"),
        money.refunded(500),
        retold(&money.refunded(500), "charge.refunded"),
    ];
    let objects = objects_after(&events);
    Life { name: "several events for each fact", customer, events, objects, credits: 0, unlimited: false }
}
