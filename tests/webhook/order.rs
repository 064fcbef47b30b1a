//! Whatever order events come in, the end is the same.

use std::time::Duration;

use entity::{period, subscription};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{
    accepts, booked, grant, known_user,
    payloads::{CORE, Money, PRO, Plan, Price, STUDIO, later, retold},
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

/// Everything that was made of a subscription's events, without what differs from user to user.
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
            assert_eq!(booked(&ada).await, [grant(25)], "{order:?}");
            assert_eq!(ada.tier().await, "CORE", "{order:?}");
        }
    }

    async fn a_start_that_is_told_after_the_end_still_grants_its_period_and_revives_nothing(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let plan = Plan::new(&customer, CORE);
        accepts(&app, [&plan.deleted()]).await;
        assert_eq!((ada.credits().await, ada.tier().await.as_str()), (0, "FREE"));
        accepts(&app, [&plan.created("active"), &plan.paid("subscription_create")]).await;
        assert_eq!(booked(&ada).await, [grant(25)]);
        assert_eq!(ada.tier().await, "FREE");
        assert_eq!(ada.subscription().await, Value::Null);
        // Even a later event does not undo an end.
        accepts(&app, [&later(plan.updated("active", json!({ "status": "past_due" })), 1000)]).await;
        assert_eq!((ada.credits().await, ada.tier().await.as_str()), (25, "FREE"));
    }

    async fn a_studio_start_that_is_told_after_the_end_switches_nothing_on(app: TestApp) {
        let (sue, customer) = known_user(&app, "sue").await;
        let plan = Plan::new(&customer, STUDIO);
        accepts(&app, [&plan.deleted(), &plan.created("active"), &plan.paid("subscription_create")]).await;
        assert_eq!(sue.balance().await["unlimited"], false);
        assert_eq!(sue.tier().await, "FREE");
    }

    async fn an_end_counts_whenever_it_is_told(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let plan = Plan::new(&customer, CORE);
        // Replies to our own calls are stored with our time, which may be ahead of Stripe's.
        let ahead = later(plan.updated("active", json!({ "metadata": {} })), 1000);
        accepts(&app, [&plan.created("active"), &ahead, &plan.deleted()]).await;
        assert_eq!((ada.credits().await, ada.tier().await.as_str()), (25, "FREE"));
    }

    async fn an_older_state_never_overwrites_a_later_one(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let plan = Plan::new(&customer, CORE);
        let failed = later(plan.updated("past_due", json!({ "status": "active" })), 100);
        let mended = later(plan.updated("active", json!({ "status": "past_due" })), 200);
        accepts(&app, [&plan.created("active"), &mended, &failed]).await;
        assert_eq!(ada.subscription().await["status"], "ACTIVE");
    }

    async fn a_tie_within_one_second_is_decided_by_what_was_before(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let plan = Plan::new(&customer, CORE);
        let mended = plan.updated("active", json!({ "status": "past_due" }));
        let failed = plan.updated("past_due", json!({ "status": "active" }));
        accepts(&app, [&plan.created("active"), &failed, &mended]).await;
        assert_eq!(ada.subscription().await["status"], "ACTIVE");
        assert_eq!(booked(&ada).await, [grant(25)]);
    }

    async fn a_cancellation_whose_reply_looked_older_than_an_event_is_taken_from_its_own_event(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        ada.cancels().await;
        ada.resumes().await;
        app.settles().await;
        // Stripe's clock is ahead of ours, and somebody changes something in the portal.
        let newest = || {
            let events = app.sandbox().events();
            events.into_iter().rev().find(|event| event["type"] == "customer.subscription.updated").unwrap()
        };
        let mut portal = later(retold(&newest(), "customer.subscription.updated"), 100);
        portal["request"]["idempotency_key"] = Value::Null;
        portal["data"]["previous_attributes"] = json!({ "metadata": {} });
        accepts(&app, [&portal]).await;
        app.sandbox().set_webhook_urls(Vec::new());
        sleep(Duration::from_millis(1100)).await;
        ada.cancels().await;
        assert_eq!(ada.subscription().await["cancelAtPeriodEnd"], false, "the reply looks older");
        let told = later(newest(), 101);
        assert!(told["request"]["idempotency_key"].is_string(), "it is an echo by its key");
        accepts(&app, [&told]).await;
        assert_eq!(ada.subscription().await["cancelAtPeriodEnd"], true);
    }

    async fn a_tie_that_nothing_decides_is_asked_at_stripe(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let mut events = app.sandbox().events().into_iter();
        let created = events.find(|event| event["type"] == "customer.subscription.created").unwrap();
        // An event of the same second that says something else and does not tell what was before.
        let mut odd = retold(&created, "customer.subscription.updated");
        odd["data"]["object"]["status"] = "past_due".into();
        accepts(&app, [&odd]).await;
        for _ in 0..100 {
            if ada.subscription().await["status"] == "ACTIVE" {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
        panic!("Stripe says that it is active");
    }
}
