//! If a user has two subscriptions, the newer is canceled and refunded once, whatever is lost on the way.

use std::time::Duration;

use entity::{
    customer,
    operation::{self, Kind, State},
    work::Kind as WorkKind,
};
use patch_hive::{
    billing,
    sync::{self, Object},
};
use sandbox::{Effect, Fault, Stage};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use super::{WATCH, change, newest};
use crate::{
    checkout::{at_stripe, credits_invoice, customer_of, lost::ages, opened_elsewhere, posts_to_stripe},
    harness::{
        Actor, TestApp,
        actor::{GOOD_CARD, WATCH_BALANCE},
        facts,
    },
    webhook::{entries_of, grant},
};

/// Subscribes to CORE, and a moment later to PRO on a page of another origin.
pub(crate) async fn subscribes_twice(app: &TestApp, user: &Actor) {
    let core = user.opens_checkout("CORE").await;
    let pro = opened_elsewhere(app, &customer_of(app, &core).await, "price_pro").await;
    user.pays(&core, GOOD_CARD).await;
    app.sandbox().advance(Duration::from_secs(5)).await;
    user.pays(&pro, GOOD_CARD).await;
    app.settles().await;
}

/// The id of the only user with a customer.
async fn subscriber(app: &TestApp) -> i64 {
    customer::Entity::find().one(app.inside().await.database.read()).await.unwrap().unwrap().user_id
}

/// Runs the due work, as the gateway does on its own every few seconds.
pub(crate) async fn sweeps(app: &TestApp) {
    app.works_off(WorkKind::Operation).await;
    app.works_off(WorkKind::Duplicate).await;
    app.settles().await;
}

/// The values of a field in a list of Stripe's, the newest first.
async fn values(app: &TestApp, path: &str, field: &str) -> Vec<String> {
    let list = at_stripe(app, path).await;
    let values = list["data"].as_array().unwrap().iter().map(|object| object[field].to_string());
    values.map(|text| text.trim_matches('"').to_owned()).collect()
}

async fn statuses(app: &TestApp) -> Vec<String> {
    values(app, "/v1/subscriptions?status=all&limit=100", "status").await
}

async fn refunded(app: &TestApp) -> Vec<String> {
    values(app, "/v1/refunds?limit=100", "amount").await
}

/// The operations on duplicates, with their states.
async fn undone(app: &TestApp) -> Vec<(State, Option<String>)> {
    let inside = app.inside().await;
    let query = operation::Entity::find().filter(operation::Column::Kind.eq(Kind::Duplicate));
    let rows = query.all(inside.database.read()).await.unwrap();
    rows.into_iter().map(|row| (row.state, row.error)).collect()
}

/// Checks that the newer subscription is canceled and refunded, and the older continues.
async fn one_is_left(app: &TestApp, user: &Actor) {
    assert_eq!(statuses(app).await, ["canceled", "active"]);
    assert_eq!(refunded(app).await, ["1499"]);
    assert_eq!(undone(app).await, [(State::Done, None)]);
    assert_eq!(user.tier().await, "CORE");
    assert_eq!(user.credits().await, 25);
}

fn breaks(app: &TestApp, method: &str, path: &str, times: u32, effect: Effect) {
    app.sandbox().inject(Fault { method: method.to_owned(), path: path.to_owned(), times, effect });
}

/// The payment of the newest subscription.
pub(crate) async fn newest_payment(app: &TestApp) -> String {
    values(app, "/v1/payment_intents?limit=1", "id").await.remove(0)
}

const SUBSCRIPTIONS: &str = "/v1/subscriptions";
const REFUNDS: &str = "/v1/refunds";

facts! {
    async fn the_newer_is_canceled_and_refunded_and_watchers_are_notified(app: TestApp) {
        let ada = app.signs_up("ada").await;
        subscribes_twice(&app, &ada).await;
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("PRO", 125));
        let mut plan = ada.connects().await;
        plan.subscribes("plan", WATCH, json!({})).await;
        assert_eq!(plan.pushed().await, change("PRO", Some(false)));
        let mut balance = ada.connects().await;
        balance.subscribes("balance", WATCH_BALANCE, json!({ "after": 2 })).await;
        sweeps(&app).await;

        one_is_left(&app, &ada).await;
        assert_eq!(plan.pushed().await, change("CORE", Some(false)));
        let pushed = balance.pushed().await;
        assert_eq!((&pushed["balance"]["credits"], &pushed["entry"]["creditsDelta"]), (&json!(25), &json!(-100)));
        let refund = at_stripe(&app, REFUNDS).await["data"][0].clone();
        assert_eq!(refund["reason"], "duplicate");
        let ended = newest(&app).await;
        let comment = ended["cancellation_details"]["comment"].as_str().unwrap().to_owned();
        assert!(comment.starts_with("Sold beside sub_"), "{comment}");

        let before = app.sandbox().requests();
        sweeps(&app).await;
        assert_eq!(app.sandbox().requests(), before, "there is nothing left to ask");
    }

    async fn whatever_is_lost_on_the_way_there_is_one_refund(app: TestApp) {
        for (number, (method, path, effect)) in [
            ("DELETE", SUBSCRIPTIONS, Effect::Drop),
            ("DELETE", SUBSCRIPTIONS, Effect::Fail { status: 500 }),
            ("DELETE", SUBSCRIPTIONS, Effect::Refuse { status: 503 }),
            ("POST", REFUNDS, Effect::Drop),
            ("POST", REFUNDS, Effect::Garble),
            ("POST", REFUNDS, Effect::Fail { status: 500 }),
            ("POST", REFUNDS, Effect::Refuse { status: 429 }),
            ("GET", REFUNDS, Effect::Refuse { status: 401 }),
            ("GET", "/v1/invoices", Effect::Garble),
        ].into_iter().enumerate() {
            let ada = app.signs_up(&format!("ada{number}")).await;
            subscribes_twice(&app, &ada).await;
            breaks(&app, method, path, 3, effect);
            sweeps(&app).await;
            app.sandbox().clear_faults();
            ages(&app, chrono::TimeDelta::minutes(2)).await;
            sweeps(&app).await;
            let made = number + 1;
            assert_eq!(refunded(&app).await, vec!["1499"; made], "{method} {path} {effect:?}");
            assert_eq!(statuses(&app).await, ["canceled", "active"].repeat(made));
            assert_eq!(undone(&app).await, vec![(State::Done, None); made]);
            assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("CORE", 25));
        }
    }

    async fn a_refund_that_stripe_failed_is_repeated_under_another_key(app: TestApp) {
        let ada = app.signs_up("ada").await;
        subscribes_twice(&app, &ada).await;
        breaks(&app, "POST", REFUNDS, 1, Effect::Spoil { status: 500 });
        sweeps(&app).await;
        assert_eq!(undone(&app).await[0].0, State::Open);
        assert!(refunded(&app).await.is_empty());
        ages(&app, chrono::TimeDelta::minutes(61)).await;
        sweeps(&app).await;
        one_is_left(&app, &ada).await;
    }

    async fn a_refund_that_failed_is_not_taken_for_one_and_is_left_to_the_operator(app: TestApp) {
        let ada = app.signs_up("ada").await;
        subscribes_twice(&app, &ada).await;
        app.sandbox().hold_refunds(1);
        breaks(&app, "POST", REFUNDS, 3, Effect::Drop);
        sweeps(&app).await;
        assert_eq!(undone(&app).await[0].0, State::Open);
        let refund = values(&app, REFUNDS, "id").await.remove(0);
        app.sandbox().settle_refund(&refund, false).unwrap();
        app.sandbox().clear_faults();
        ages(&app, chrono::TimeDelta::minutes(61)).await;
        sweeps(&app).await;
        assert_eq!(values(&app, REFUNDS, "status").await, ["failed"]);
        let (state, error) = undone(&app).await.remove(0);
        assert_eq!(state, State::Refused);
        assert!(error.unwrap().contains("charge_already_refunded"));
        assert_eq!(statuses(&app).await, ["canceled", "active"]);
    }

    async fn one_that_cost_nothing_loses_its_credits_and_has_nothing_to_refund(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let core = ada.opens_checkout("CORE").await;
        let customer = customer_of(&app, &core).await;
        let form = [
            ("mode", "subscription"),
            ("customer", customer.as_str()),
            ("success_url", "https://patchhive.example/account"),
            ("line_items[0][price]", "price_pro"),
            ("line_items[0][quantity]", "1"),
            ("discounts[0][coupon]", "FIRSTFREE"),
        ];
        let pro = posts_to_stripe(&app, "/v1/checkout/sessions", &form).await;
        ada.pays(&core, GOOD_CARD).await;
        app.sandbox().advance(Duration::from_secs(5)).await;
        ada.pays(&pro, GOOD_CARD).await;
        app.settles().await;
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("PRO", 125));
        let extra = newest(&app).await["id"].as_str().unwrap().to_owned();
        sweeps(&app).await;
        assert_eq!(statuses(&app).await, ["canceled", "active"]);
        assert!(refunded(&app).await.is_empty());
        assert_eq!(undone(&app).await, [(State::Done, None)]);
        let entries = [grant(25), grant(100), ("REFUND".to_owned(), -100)];
        assert_eq!(entries_of(&ada).await, entries);
        assert_eq!(ada.tier().await, "CORE");
        sync::look(&app.inside().await, &Object::Subscription(extra)).await.unwrap();
        sweeps(&app).await;
        assert_eq!(entries_of(&ada).await, entries, "another look changes nothing");
    }

    async fn one_that_a_credit_balance_has_paid_keeps_its_credits(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let core = ada.opens_checkout("CORE").await;
        let customer = customer_of(&app, &core).await;
        ada.pays(&core, GOOD_CARD).await;
        app.settles().await;
        let invoice = newest(&app).await["latest_invoice"].as_str().unwrap().to_owned();
        credits_invoice(&app, &invoice, "499").await;
        app.settles().await;
        let another = opened_elsewhere(&app, &customer, "price_core").await;
        app.sandbox().advance(Duration::from_secs(5)).await;
        ada.pays(&another, GOOD_CARD).await;
        app.settles().await;
        let entries = [grant(25), ("REFUND".to_owned(), -25), grant(25)];
        assert_eq!(entries_of(&ada).await, entries);
        sweeps(&app).await;
        assert_eq!(statuses(&app).await, ["canceled", "active"]);
        assert_eq!(entries_of(&ada).await, entries, "something was due for it");
    }

    async fn replicas_at_once_refund_once(app: TestApp) {
        let ada = app.signs_up("ada").await;
        subscribes_twice(&app, &ada).await;
        let inside = app.inside().await;
        let user = subscriber(&app).await;
        let sweeping = (0..4).map(|_| billing::duplicate::end_for(&inside, user));
        for done in futures_util::future::join_all(sweeping).await {
            done.unwrap();
        }
        app.settles().await;
        ages(&app, chrono::TimeDelta::minutes(2)).await;
        sweeps(&app).await;
        one_is_left(&app, &ada).await;
    }

    async fn a_payment_refunded_by_the_operator_is_not_refunded_again(app: TestApp) {
        let ada = app.signs_up("ada").await;
        subscribes_twice(&app, &ada).await;
        app.sandbox().refund(&newest_payment(&app).await, None).unwrap();
        app.settles().await;
        sweeps(&app).await;
        one_is_left(&app, &ada).await;
        ages(&app, chrono::TimeDelta::days(31)).await;
        app.works_off(WorkKind::Prune).await;
        assert!(undone(&app).await.is_empty());
    }

    async fn a_refund_that_stripe_refuses_is_left_to_the_operator_and_not_tried_again(app: TestApp) {
        let ada = app.signs_up("ada").await;
        subscribes_twice(&app, &ada).await;
        app.sandbox().dispute(&newest_payment(&app).await, Stage::Chargeback, None).unwrap();
        app.settles().await;
        sweeps(&app).await;
        assert_eq!(statuses(&app).await, ["canceled", "active"]);
        let refused = "Stripe refused the call with status 400, code charge_disputed".to_owned();
        assert_eq!(undone(&app).await, [(State::Refused, Some(refused))]);
        assert_eq!(ada.tier().await, "CORE");
        let before = app.sandbox().requests();
        sweeps(&app).await;
        assert_eq!(app.sandbox().requests(), before);
    }

    async fn a_second_subscription_that_has_renewed_is_left_to_the_operator(app: TestApp) {
        let ada = app.signs_up("ada").await;
        subscribes_twice(&app, &ada).await;
        app.sandbox().advance(Duration::from_hours(32 * 24)).await;
        app.settles().await;
        sweeps(&app).await;
        assert_eq!(statuses(&app).await, ["active", "active"]);
        assert!(refunded(&app).await.is_empty());
        let left = "a duplicate subscription that was renewed is left to the operator".to_owned();
        assert_eq!(undone(&app).await, [(State::Refused, Some(left))]);
        let before = app.sandbox().requests();
        sweeps(&app).await;
        // The decision is kept for as long as the subscription lives.
        ages(&app, chrono::TimeDelta::days(400)).await;
        app.works_off(WorkKind::Prune).await;
        assert_eq!(undone(&app).await.len(), 1);
        sweeps(&app).await;
        assert_eq!(app.sandbox().requests(), before);
    }

    async fn a_new_one_that_is_paid_stays_beside_an_old_one_that_is_not(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let core = ada.opens_checkout("CORE").await;
        let customer = customer_of(&app, &core).await;
        ada.pays(&core, GOOD_CARD).await;
        let old = newest(&app).await["id"].as_str().unwrap().to_owned();
        app.sandbox().fail_next_payments(&old, 20).unwrap();
        app.sandbox().advance(Duration::from_hours(31 * 24 + 3)).await;
        let pro = opened_elsewhere(&app, &customer, "price_pro").await;
        ada.pays(&pro, GOOD_CARD).await;
        app.settles().await;
        sweeps(&app).await;
        assert_eq!(statuses(&app).await, ["active", "past_due"]);
        assert!(refunded(&app).await.is_empty());
        assert_eq!(ada.tier().await, "PRO");
        assert_eq!(undone(&app).await[0].0, State::Refused, "the operator sees it");
    }

    async fn of_three_subscriptions_the_first_is_kept(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let core = ada.opens_checkout("CORE").await;
        let customer = customer_of(&app, &core).await;
        ada.pays(&core, GOOD_CARD).await;
        for price in ["price_pro", "price_studio"] {
            let another = opened_elsewhere(&app, &customer, price).await;
            app.sandbox().advance(Duration::from_secs(5)).await;
            ada.pays(&another, GOOD_CARD).await;
        }
        app.settles().await;
        sweeps(&app).await;
        assert_eq!(statuses(&app).await, ["canceled", "canceled", "active"]);
        let mut amounts = refunded(&app).await;
        amounts.sort();
        assert_eq!(amounts, ["1499", "2999"]);
        assert_eq!(ada.balance().await["unlimited"], Value::Bool(false));
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("CORE", 25));
    }
}
