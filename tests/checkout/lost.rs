//! After failed calls and lost replies, objects at Stripe are found, and never created twice.

use chrono::TimeDelta;
use entity::{
    operation::{self, State},
    work::Kind,
};
use patch_hive::jobs;
use sandbox::Effect;
use sea_orm::{EntityTrait, QueryOrder, sea_query::Expr};
use serde_json::Value;

use super::{ATTEMPTS, CUSTOMERS, SESSIONS, at_stripe, breaks, count, customer_of, writes};
use crate::harness::{
    TestApp,
    actor::{CHECKOUT, GOOD_CARD, PURCHASE, checkout, purchase},
    facts,
};

facts! {
    async fn a_customer_deleted_without_an_event_is_replaced(app: TestApp) {
        app.sandbox().set_webhook_urls(Vec::new());
        let ada = app.signs_up("ada").await;
        for _ in 0..2 {
            let customer = customer_of(&app, &ada.opens_purchase(5).await).await;
            let url = format!("http://{}/v1/customers/{customer}", app.sandbox().address());
            let deleted = app.http().delete(url).bearer_auth("sk_test_any").send().await.unwrap();
            assert_eq!(deleted.status(), 200);
            let checkout = ada.opens_checkout("CORE").await;
            assert_eq!(checkout["__typename"], "Checkout", "{checkout}");
            let another = customer_of(&app, &checkout).await;
            assert_ne!(another, customer);
            let url = format!("http://{}/v1/customers/{another}", app.sandbox().address());
            app.http().delete(url).bearer_auth("sk_test_any").send().await.unwrap();
        }
    }

    async fn a_short_failure_of_stripe_goes_unnoticed(app: TestApp) {
        let ada = app.signs_up("ada").await;
        breaks(&app, CUSTOMERS, 1, Effect::Refuse { status: 503 });
        breaks(&app, SESSIONS, ATTEMPTS - 1, Effect::Drop);
        assert_eq!(ada.opens_checkout("CORE").await["__typename"], "Checkout");
        assert_eq!((count(&app, CUSTOMERS).await, count(&app, SESSIONS).await), (1, 1));
    }

    async fn a_failure_before_the_effect_creates_nothing_and_a_retry_is_safe(app: TestApp) {
        let ada = app.signs_up("ada").await;
        for path in [CUSTOMERS, SESSIONS] {
            breaks(&app, path, ATTEMPTS, Effect::Refuse { status: 500 });
            assert_eq!(ada.is_refused(CHECKOUT, checkout("CORE")).await, "STRIPE_UNAVAILABLE");
        }
        assert_eq!(count(&app, SESSIONS).await, 0);
        assert_eq!(ada.opens_checkout("CORE").await["__typename"], "Checkout");
        assert_eq!((count(&app, CUSTOMERS).await, count(&app, SESSIONS).await), (1, 1));
    }

    async fn a_retry_after_a_lost_reply_finds_the_object(app: TestApp) {
        let ada = app.signs_up("ada").await;
        breaks(&app, CUSTOMERS, ATTEMPTS, Effect::Drop);
        assert_eq!(ada.is_refused(CHECKOUT, checkout("CORE")).await, "STRIPE_UNAVAILABLE");
        breaks(&app, SESSIONS, ATTEMPTS, Effect::Drop);
        assert_eq!(ada.is_refused(CHECKOUT, checkout("CORE")).await, "STRIPE_UNAVAILABLE");
        let lost = at_stripe(&app, SESSIONS).await["data"][0]["id"].clone();
        assert_eq!(ada.opens_checkout("CORE").await["id"], lost);
        assert_eq!((count(&app, CUSTOMERS).await, count(&app, SESSIONS).await), (1, 1));
        app.sandbox().pay(lost.as_str().unwrap(), GOOD_CARD).unwrap();
        app.settles().await;
        assert_eq!((ada.credits().await, ada.tier().await.as_str()), (25, "CORE"));
    }

    async fn a_retry_after_an_unreadable_reply_finds_the_object(app: TestApp) {
        let ada = app.signs_up("ada").await;
        for path in [CUSTOMERS, SESSIONS] {
            breaks(&app, path, 1, Effect::Garble);
            assert_eq!(ada.is_refused(CHECKOUT, checkout("CORE")).await, "STRIPE_UNAVAILABLE");
        }
        let garbled = at_stripe(&app, SESSIONS).await["data"][0]["id"].clone();
        assert_eq!(ada.opens_checkout("CORE").await["id"], garbled);
        assert_eq!((count(&app, CUSTOMERS).await, count(&app, SESSIONS).await), (1, 1));
    }

    async fn an_object_created_despite_a_failure_is_found(app: TestApp) {
        let ada = app.signs_up("ada").await;
        breaks(&app, CUSTOMERS, 1, Effect::Fail { status: 500 });
        breaks(&app, SESSIONS, 1, Effect::Fail { status: 500 });
        let checkout = ada.opens_checkout("CORE").await;
        assert_eq!((count(&app, CUSTOMERS).await, count(&app, SESSIONS).await), (1, 1));
        breaks(&app, SESSIONS, 1, Effect::Fail { status: 500 });
        let pack = ada.opens_purchase(25).await;
        assert_eq!((count(&app, CUSTOMERS).await, count(&app, SESSIONS).await), (1, 2));
        ada.pays(&checkout, GOOD_CARD).await;
        ada.pays(&pack, GOOD_CARD).await;
        app.settles().await;
        assert_eq!((ada.credits().await, ada.tier().await.as_str()), (50, "CORE"));
    }

    async fn a_failure_that_stripe_repeats_under_its_key_is_given_up_once_nothing_can_come_of_it(app: TestApp) {
        let ada = app.signs_up("ada").await;
        for (path, made) in [(CUSTOMERS, (0, 0)), (SESSIONS, (1, 0))] {
            breaks(&app, path, 1, Effect::Spoil { status: 500 });
            for _ in 0..2 {
                assert_eq!(ada.is_refused(CHECKOUT, checkout("CORE")).await, "STRIPE_UNAVAILABLE");
            }
            assert_eq!((count(&app, CUSTOMERS).await, count(&app, SESSIONS).await), made);
            ages(&app, TimeDelta::minutes(1)).await;
        }
        assert_eq!(ada.opens_checkout("CORE").await["__typename"], "Checkout");
        assert_eq!((count(&app, CUSTOMERS).await, count(&app, SESSIONS).await), (1, 1));
    }

    async fn an_operation_older_than_its_key_is_looked_up_and_not_repeated(app: TestApp) {
        let ada = app.signs_up("ada").await;
        for (path, made) in [(CUSTOMERS, (1, 0)), (SESSIONS, (1, 1))] {
            breaks(&app, path, ATTEMPTS, Effect::Drop);
            assert_eq!(ada.is_refused(CHECKOUT, checkout("CORE")).await, "STRIPE_UNAVAILABLE");
            ages(&app, TimeDelta::minutes(23 * 60 + 30)).await;
            let before = writes(&app);
            app.works_off(Kind::Operation).await;
            assert_eq!(newest_operation(&app).await.state, State::Done);
            assert_eq!(writes(&app), before);
            assert_eq!((count(&app, CUSTOMERS).await, count(&app, SESSIONS).await), made);
        }
        breaks(&app, SESSIONS, ATTEMPTS, Effect::Refuse { status: 503 });
        assert_eq!(ada.is_refused(PURCHASE, purchase(25)).await, "STRIPE_UNAVAILABLE");
        ages(&app, TimeDelta::days(3)).await;
        assert_eq!(ada.opens_purchase(25).await["amount"]["amount"], 500);
        assert_eq!(count(&app, SESSIONS).await, 2);
    }

    async fn a_key_to_stripe_that_is_refused_for_a_while_leaves_nothing_twice(app: TestApp) {
        let ada = app.signs_up("ada").await;
        breaks(&app, CUSTOMERS, ATTEMPTS, Effect::Drop);
        assert_eq!(ada.is_refused(CHECKOUT, checkout("CORE")).await, "STRIPE_UNAVAILABLE");
        breaks(&app, CUSTOMERS, 1, Effect::Refuse { status: 401 });
        assert_eq!(ada.is_refused(CHECKOUT, checkout("CORE")).await, "STRIPE_UNAVAILABLE");
        assert_eq!(ada.opens_checkout("CORE").await["__typename"], "Checkout");
        assert_eq!(count(&app, CUSTOMERS).await, 1);
    }

    async fn an_operation_left_open_by_a_lost_reply_is_finished_later(app: TestApp) {
        let ada = app.signs_up("ada").await;
        breaks(&app, SESSIONS, ATTEMPTS, Effect::Drop);
        assert_eq!(ada.is_refused(CHECKOUT, checkout("CORE")).await, "STRIPE_UNAVAILABLE");
        let open = newest_operation(&app).await;
        assert_eq!((open.state, open.stripe_object_id), (State::Open, None));

        jobs::work_off(&app.inside().await, Kind::Operation).await.unwrap();
        assert_eq!(newest_operation(&app).await.state, State::Open, "its own request has a while to finish it");
        ages(&app, TimeDelta::minutes(2)).await;
        app.works_off(Kind::Operation).await;
        let done = newest_operation(&app).await;
        let session = at_stripe(&app, SESSIONS).await["data"][0]["id"].clone();
        assert_eq!((done.state, done.stripe_object_id.map(Value::from)), (State::Done, Some(session)));
        assert_eq!(count(&app, SESSIONS).await, 1);
    }

    async fn finished_operations_are_deleted_after_thirty_days_and_open_ones_never(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.buys(25).await;
        ada.opens_checkout("CORE").await;
        breaks(&app, SESSIONS, ATTEMPTS, Effect::Drop);
        assert_eq!(ada.is_refused(PURCHASE, purchase(25)).await, "STRIPE_UNAVAILABLE");
        let states = async || {
            let rows = operation::Entity::find().order_by_asc(operation::Column::Id);
            let rows = rows.all(app.inside().await.database.read()).await.unwrap();
            rows.into_iter().map(|row| row.state).collect::<Vec<_>>()
        };
        ages(&app, TimeDelta::days(29)).await;
        app.works_off(Kind::Prune).await;
        assert_eq!(states().await, [State::Done, State::Done, State::Done, State::Open]);
        ages(&app, TimeDelta::days(31)).await;
        app.works_off(Kind::Prune).await;
        assert_eq!(states().await, [State::Open]);
        assert_eq!(ada.opens_checkout("PRO").await["__typename"], "Checkout");
        assert_eq!(ada.credits().await, 25);
    }
}

/// Makes every operation older by a duration.
pub(crate) async fn ages(app: &TestApp, by: TimeDelta) {
    let inside = app.inside().await;
    let earlier = inside.clock.wall() - by;
    let age = operation::Entity::update_many().col_expr(operation::Column::CreatedAt, Expr::value(earlier));
    age.exec(inside.database.write()).await.unwrap();
}

async fn newest_operation(app: &TestApp) -> operation::Model {
    let query = operation::Entity::find().order_by_desc(operation::Column::Id);
    query.one(app.inside().await.database.read()).await.unwrap().unwrap()
}
