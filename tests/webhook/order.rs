//! Events in any order lead to the same state.

use std::time::Duration;

use entity::{event::Status, period, subscription, work::Kind};
use patch_hive::sync::{self, Object};
use sandbox::{Effect, Fault};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{
    accepts, entries_of, grant, known_user,
    payloads::{CORE, Money, PRO, Plan, Price, STUDIO, later, retold},
    stored,
};
use crate::harness::{Actor, TestApp, actor::GOOD_CARD, facts};

/// Every order of some things.
fn orders<T: Clone>(things: &[T]) -> Vec<Vec<T>> {
    if things.is_empty() {
        return vec![Vec::new()];
    }
    let begin_with = |first: usize| {
        let mut rest = things.to_vec();
        let first = rest.remove(first);
        orders(&rest).into_iter().map(move |order| [vec![first.clone()], order].concat())
    };
    (0..things.len()).flat_map(begin_with).collect()
}

/// Counts the reads of single subscriptions so far, and makes the next one take its answer a second to arrive.
fn holds_back_a_read(app: &TestApp) -> u64 {
    let (method, path) = ("GET".to_owned(), "/v1/subscriptions/".to_owned());
    app.sandbox().inject(Fault { method, path, times: 1, effect: Effect::Lag { millis: 1000 } });
    reads(app)
}

fn reads(app: &TestApp) -> u64 {
    app.sandbox().requests().get("GET /v1/subscriptions/{id}").copied().unwrap_or_default()
}

/// Waits for the next read, whose answer is still on its way then.
async fn is_read_after(app: &TestApp, before: u64) {
    while reads(app) == before {
        sleep(Duration::from_millis(10)).await;
    }
    sleep(Duration::from_millis(50)).await;
}

/// The start of a subscription, and the announcement of its end.
fn start_and_end(plan: &Plan) -> [Value; 2] {
    let mut ending = plan.updated("active", json!({ "cancel_at_period_end": false }));
    ending["data"]["object"]["cancel_at_period_end"] = true.into();
    [plan.created("active"), ending]
}

/// The state that results from a subscription's events, without what differs by user.
async fn state(app: &TestApp, user: &Actor, subscription: &str) -> Value {
    let app = app.inside().await;
    let row = subscription::Entity::find()
        .filter(subscription::Column::StripeSubscriptionId.eq(subscription))
        .one(app.database.read())
        .await
        .unwrap()
        .unwrap();
    let periods = period::Entity::find()
        .filter(period::Column::StripeSubscriptionId.eq(subscription))
        .all(app.database.read())
        .await
        .unwrap();
    let periods: Vec<_> = periods.iter().map(|period| (period.tier.as_str(), period.credits_granted)).collect();
    let balance = user.balance().await;
    json!({
        "tier": user.tier().await,
        "credits": balance["credits"],
        "unlimited": balance["unlimited"],
        "periods": periods,
        "row": format!("{:?} {:?} at {}", row.tier, row.status, row.stripe_price_id),
        "months": [row.current_period_start, row.current_period_end],
        "ends": (row.cancel_at_period_end, row.cancel_at),
    })
}

/// Sends the events of a start in every order, each to a user of their own, and proves that the ends are the same.
async fn ends_alike(app: &TestApp, price: Price, events: impl Fn(&Plan) -> [Value; 4]) -> Value {
    let pattern = Plan::new("", price);
    let mut end = None;
    for (number, order) in orders(&[0, 1, 2, 3]).into_iter().enumerate() {
        let (user, customer) = known_user(app, &format!("user{number}")).await;
        let plan = pattern.of(&customer);
        let events = events(&plan);
        app.stripe_has(&events);
        accepts(app, order.iter().map(|index: &usize| &events[*index])).await;
        let state = state(app, &user, &plan.id).await;
        assert_eq!(end.get_or_insert_with(|| state.clone()), &state, "in the order {order:?}");
    }
    end.unwrap()
}

facts! {
    async fn every_order_of_a_start_that_was_incomplete_first_ends_alike(app: TestApp) {
        let end = ends_alike(&app, CORE, |plan| [
            plan.created("incomplete"),
            plan.updated("active", json!({ "status": "incomplete" })),
            plan.paid("subscription_create"),
            plan.checked_out(),
        ]).await;
        assert_eq!((&end["tier"], &end["credits"]), (&json!("CORE"), &json!(25)));
        assert_eq!(end["periods"], json!([["CORE", 25]]));
    }

    async fn every_order_of_a_studio_start_ends_alike(app: TestApp) {
        let end = ends_alike(&app, STUDIO, |plan| [
            plan.created("incomplete"),
            plan.updated("active", json!({ "status": "incomplete" })),
            plan.paid("subscription_create"),
            plan.checked_out(),
        ]).await;
        assert_eq!((&end["tier"], &end["credits"], &end["unlimited"]), (&json!("STUDIO"), &json!(0), &json!(true)));
    }

    async fn every_order_of_a_studio_renewal_that_is_refunded_ends_alike(app: TestApp) {
        let end = ends_alike(&app, STUDIO, |plan| {
            let paid = plan.renewed().paid("subscription_cycle");
            let money = Money::of_invoice(plan.version, &plan.customer, &paid);
            [plan.created("active"), paid, money.linked(), money.refunded(STUDIO.1)]
        }).await;
        assert_eq!((&end["tier"], &end["unlimited"]), (&json!("STUDIO"), &json!(false)));
    }

    async fn every_order_of_a_whole_life_ends_alike(app: TestApp) {
        let end = ends_alike(&app, PRO, |plan| {
            let cancelled = json!({ "cancel_at_period_end": false, "cancel_at": null });
            let mut updated = later(plan.updated("active", cancelled), 1);
            updated["data"]["object"]["cancel_at_period_end"] = true.into();
            updated["data"]["object"]["cancel_at"] = plan.end.into();
            let mut deleted = later(plan.deleted(), 2);
            deleted["data"]["object"]["cancel_at_period_end"] = true.into();
            deleted["data"]["object"]["cancel_at"] = plan.end.into();
            [plan.created("active"), updated, deleted, plan.paid("subscription_create")]
        }).await;
        assert_eq!((&end["tier"], &end["credits"]), (&json!("FREE"), &json!(100)));
        assert_eq!(end["row"], "Pro Canceled at price_pro");
    }

    async fn every_order_of_what_checkout_sends_ends_alike(app: TestApp) {
        const KINDS: [&str; 4] = [
            "customer.subscription.created",
            "invoice.paid",
            "invoice.payment_succeeded",
            "checkout.session.completed",
        ];
        app.sandbox().set_webhook_urls(Vec::new());
        for (number, order) in orders(&KINDS).into_iter().enumerate() {
            let ada = app.signs_up(&format!("ada{number}")).await;
            let before = app.sandbox().events().len();
            ada.pays(&ada.opens_checkout("CORE").await, GOOD_CARD).await;
            let events = app.sandbox().events().split_off(before);
            let of_kind = |kind: &&str| events.iter().find(|event| event["type"] == **kind).unwrap();
            accepts(&app, order.iter().map(of_kind)).await;
            assert_eq!(entries_of(&ada).await, [grant(25)], "{order:?}");
            assert_eq!(ada.tier().await, "CORE", "{order:?}");
        }
    }

    async fn a_start_that_arrives_after_the_end_still_grants_its_period_and_revives_nothing(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let plan = Plan::new(&customer, CORE);
        accepts(&app, [&plan.deleted()]).await;
        assert_eq!((ada.credits().await, ada.tier().await.as_str()), (0, "FREE"));
        accepts(&app, [&plan.created("active"), &plan.paid("subscription_create")]).await;
        assert_eq!(entries_of(&ada).await, [grant(25)]);
        assert_eq!(ada.tier().await, "FREE");
        assert_eq!(ada.subscription().await, Value::Null);
        // Even a later event does not undo an end.
        accepts(&app, [&later(plan.updated("active", json!({ "status": "past_due" })), 1000)]).await;
        assert_eq!((ada.credits().await, ada.tier().await.as_str()), (25, "FREE"));
    }

    async fn a_studio_start_that_arrives_after_the_end_switches_nothing_on(app: TestApp) {
        let (sue, customer) = known_user(&app, "sue").await;
        let plan = Plan::new(&customer, STUDIO);
        accepts(&app, [&plan.deleted(), &plan.created("active"), &plan.paid("subscription_create")]).await;
        assert_eq!(sue.balance().await["unlimited"], false);
        assert_eq!(sue.tier().await, "FREE");
    }

    async fn two_changes_within_a_second_in_reverse_order_end_in_stripes_state(app: TestApp) {
        for clock in [0, -5, 5] {
            let (ada, customer) = known_user(&app, &format!("ada{}", clock + 5)).await;
            let plan = Plan::new(&customer, CORE);
            let skewed = |event| later(event, clock);
            let created = skewed(plan.created("active"));
            let failed = skewed(plan.updated("past_due", json!({ "status": "active" })));
            let recovered = skewed(plan.updated("active", json!({ "status": "past_due" })));
            // They happen in this order at Stripe, whatever its clock says.
            app.stripe_has([&created, &failed, &recovered]);
            accepts(&app, [&recovered, &failed, &created]).await;
            assert_eq!(ada.subscription().await["status"], "ACTIVE", "{clock} s");
        }
    }

    async fn any_loss_of_a_subscriptions_events_ends_in_stripes_state(app: TestApp) {
        for nth in 0..4 {
            let (ada, customer) = known_user(&app, &format!("ada{nth}")).await;
            let plan = Plan::new(&customer, CORE);
            let mut ending = plan.updated("active", json!({ "cancel_at_period_end": false }));
            ending["data"]["object"]["cancel_at_period_end"] = true.into();
            let events = [
                plan.created("incomplete"),
                plan.updated("active", json!({ "status": "incomplete" })),
                plan.at(PRO).updated("active", json!({ "items": {} })),
                ending,
            ];
            app.stripe_has(&events);
            accepts(&app, [&events[nth]]).await;
            let subscription = ada.subscription().await;
            assert_eq!((&subscription["tier"], &subscription["cancelAtPeriodEnd"]), (&json!("CORE"), &json!(true)));
            assert_eq!(subscription["version"], 1, "one look is one change");
        }
    }

    async fn a_look_that_began_earlier_never_overwrites_a_later_one(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let plan = Plan::new(&customer, CORE);
        let [start, end] = start_and_end(&plan);
        accepts(&app, [&start]).await;
        let (inside, object) = (app.inside().await, Object::Subscription(plan.id.clone()));
        let before = holds_back_a_read(&app);
        let later = async {
            is_read_after(&app, before).await;
            app.stripe_has([&end]);
            sync::look(&inside, &object).await.unwrap();
            assert_eq!(ada.subscription().await["cancelAtPeriodEnd"], true);
        };
        let (earlier, ()) = tokio::join!(sync::look(&inside, &object), later);
        earlier.unwrap();
        assert_eq!(ada.subscription().await["cancelAtPeriodEnd"], true);
    }

    async fn a_change_during_a_look_causes_another_look(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let [start, end] = start_and_end(&Plan::new(&customer, CORE));
        let before = holds_back_a_read(&app);
        let later = async {
            is_read_after(&app, before).await;
            for number in 0..10 {
                let again = later(retold(&end, "customer.subscription.updated"), number);
                assert_eq!(app.receives(&again).await.0, 200);
            }
            app.receives(&end).await
        };
        let (first, second) = tokio::join!(app.receives(&start), later);
        assert_eq!((first.0, second.0), (200, 200));
        app.has_looked().await;
        assert_eq!(reads(&app), before + 2, "eleven changes are one look");
        assert_eq!(ada.subscription().await["cancelAtPeriodEnd"], true);
        assert_eq!(stored(&app, &end).await.unwrap().status, Status::Applied);
    }

    async fn a_change_stays_due_while_stripe_cannot_be_reached(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let path = "/v1/subscriptions".to_owned();
        app.sandbox().inject(Fault { method: "GET".to_owned(), path, times: 3, effect: Effect::Refuse { status: 503 } });
        let updated = app.sandbox().events().into_iter().find(|event| event["type"] == "customer.subscription.created");
        let updated = retold(&updated.unwrap(), "customer.subscription.updated");
        accepts(&app, [&updated]).await;
        assert_eq!(stored(&app, &updated).await.unwrap().status, Status::Waiting);
        app.works_off(Kind::Look).await;
        assert_eq!(stored(&app, &updated).await.unwrap().status, Status::Applied);
    }
}
