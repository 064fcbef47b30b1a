//! A cancellation takes effect once, even if its reply is lost or late, or the subscription has changed.

use std::time::Duration;

use chrono::TimeDelta;
use entity::{
    customer,
    operation::{self, Kind, State},
    work::Kind as WorkKind,
};
use sandbox::{Effect, Fault};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, sea_query::Expr};
use serde_json::{Value, json};

use super::{newest, stripe_ends_it};
use crate::{
    checkout::{customer_of, lost::ages, opened_elsewhere, posts_to_stripe},
    harness::{
        TestApp,
        actor::{CANCELLATION, GOOD_CARD, RESUMPTION},
        facts,
    },
    webhook::payloads::{CORE, PRO, Plan},
};

/// One more than the attempts of a call.
const ATTEMPTS: u32 = 4;

fn loses_replies(app: &TestApp) {
    let (method, path) = ("POST".to_owned(), "/v1/subscriptions".to_owned());
    app.sandbox().inject(Fault { method, path, times: ATTEMPTS, effect: Effect::Drop });
}

/// Makes Stripe refuse to change subscriptions.
fn refuses(app: &TestApp, status: u16) {
    let (method, path) = ("POST".to_owned(), "/v1/subscriptions".to_owned());
    app.sandbox().inject(Fault { method, path, times: u32::MAX, effect: Effect::Refuse { status } });
}

/// The states of the operations on subscriptions, the oldest first.
async fn operations(app: &TestApp) -> Vec<State> {
    let query = operation::Entity::find().filter(operation::Column::Kind.eq(Kind::SubscriptionChange));
    let rows = query.order_by_asc(operation::Column::Id).all(app.inside().await.database.read()).await.unwrap();
    rows.into_iter().map(|row| row.state).collect()
}

/// Retries open operations, as the gateway does on its own after a while.
async fn asks_again(app: &TestApp) {
    let inside = app.inside().await;
    let earlier = inside.clock.wall() - TimeDelta::minutes(2);
    let age = operation::Entity::update_many().col_expr(operation::Column::CreatedAt, Expr::value(earlier));
    age.exec(inside.database.write()).await.unwrap();
    app.sandbox().clear_faults();
    app.works_off(WorkKind::Operation).await;
}

async fn customer(app: &TestApp) -> String {
    let row = customer::Entity::find().one(app.inside().await.database.read()).await.unwrap().unwrap();
    row.stripe_customer_id
}

facts! {
    async fn a_cancellation_whose_reply_was_lost_is_known_by_its_event(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        loses_replies(&app);
        assert_eq!(ada.is_refused(CANCELLATION, json!({})).await, "STRIPE_UNAVAILABLE");
        app.settles().await;
        assert_eq!(ada.subscription().await["cancelAtPeriodEnd"], true);
        asks_again(&app).await;
        assert_eq!(ada.subscription().await["version"], 2, "asking again finds nothing to do");
    }

    async fn a_retry_after_a_lost_reply_does_not_undo_later_changes(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        loses_replies(&app);
        assert_eq!(ada.is_refused(CANCELLATION, json!({})).await, "STRIPE_UNAVAILABLE");
        app.sandbox().clear_faults();
        let id = newest(&app).await["id"].as_str().unwrap().to_owned();
        posts_to_stripe(&app, &format!("/v1/subscriptions/{id}"), &[("cancel_at_period_end", "false")]).await;
        app.settles().await;
        asks_again(&app).await;
        assert_eq!(ada.subscription().await["cancelAtPeriodEnd"], false);
    }

    async fn a_step_that_the_key_may_not_make_is_refused_and_blocks_no_other_request(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        refuses(&app, 403);
        assert_eq!(ada.is_refused(CANCELLATION, json!({})).await, "STRIPE_MISCONFIGURED");
        assert_eq!(ada.resumes().await["cancelAtPeriodEnd"], false);
        app.sandbox().clear_faults();
        assert_eq!(ada.cancels().await["cancelAtPeriodEnd"], true);
        assert_eq!(operations(&app).await, [State::Refused, State::Done, State::Done]);
    }

    async fn a_stuck_operation_makes_way_after_ten_minutes(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        refuses(&app, 429);
        assert_eq!(ada.is_refused(CANCELLATION, json!({})).await, "STRIPE_UNAVAILABLE");
        ages(&app, TimeDelta::minutes(9)).await;
        assert_eq!(ada.is_refused(RESUMPTION, json!({})).await, "STRIPE_UNAVAILABLE");
        ages(&app, TimeDelta::minutes(11)).await;
        assert_eq!(ada.resumes().await["cancelAtPeriodEnd"], false);
        assert_eq!(operations(&app).await, [State::Lapsed, State::Done]);
    }

    async fn canceling_a_subscription_that_ended_without_an_event_finds_the_end(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        app.sandbox().set_webhook_urls(Vec::new());
        stripe_ends_it(&app).await;
        assert_eq!(ada.tier().await, "CORE", "no event arrived");
        assert_eq!(ada.cancels().await["__typename"], "NoActiveSubscription");
        assert_eq!(ada.tier().await, "FREE");
    }

    async fn of_two_subscriptions_each_can_be_cancelled(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let core = ada.opens_checkout("CORE").await;
        let pro = opened_elsewhere(&app, &customer_of(&app, &core).await, "price_pro").await;
        for checkout in [core, pro] {
            ada.pays(&checkout, GOOD_CARD).await;
        }
        // Renewed beside each other, so that neither is taken for a mistake.
        app.sandbox().advance(Duration::from_hours(32 * 24)).await;
        app.settles().await;
        assert_eq!(ada.credits().await, 250);
        let mut ended: Vec<_> = Vec::new();
        for _ in 0..2 {
            ended.push(ada.cancels().await["tier"].as_str().unwrap().to_owned());
            app.settles().await;
        }
        ended.sort();
        assert_eq!(ended, ["CORE", "PRO"]);
    }

    async fn a_plan_with_something_else_sold_along_is_still_that_plan(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.opens_purchase(1).await;
        let plan = Plan::new(&customer(&app).await, CORE);
        let mut created = plan.created("active");
        let items = created["data"]["object"]["items"]["data"].as_array_mut().unwrap();
        let mut other: Value = items[0].clone();
        other["price"]["id"] = "price_somebody_elses".into();
        items.insert(0, other);
        assert_eq!(app.receives(&created).await.0, 200);
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("CORE", 0));

        let next = plan.at(PRO).renewed();
        let lines = [("price_somebody_elses", 700), (PRO.0, PRO.1)];
        assert_eq!(app.receives(&next.paid_for("subscription_cycle", &lines)).await.0, 200);
        assert_eq!(ada.credits().await, 100);
    }
}
