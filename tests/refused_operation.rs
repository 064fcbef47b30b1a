//! Operators see what Stripe has refused, and what to do about it.

use std::time::Duration;

use entity::user::Role;
use sandbox::{Effect, Fault, Stage};
use serde_json::{Value, json};

use crate::{
    harness::{Actor, TestApp, facts},
    subscription::duplicate::{newest_payment, subscribes_twice, sweeps},
};

const OPERATIONS: &str = "query ($first: Int, $after: String) { refusedOperations(first: $first, after: $after) { \
    nodes { id kind remedy user { username } stripeObjectId error createdAt } \
    pageInfo { hasNextPage endCursor } } }";

async fn operations(admin: &Actor) -> Vec<Value> {
    admin.gets(OPERATIONS, json!({})).await["nodes"].as_array().unwrap().clone()
}

facts! {
    async fn a_refund_of_a_disputed_payment_is_left_to_the_dispute(app: TestApp) {
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let ada = app.signs_up("ada").await;
        subscribes_twice(&app, &ada).await;
        assert_eq!(operations(&admin).await, Vec::<Value>::new());
        app.sandbox().dispute(&newest_payment(&app).await, Stage::Chargeback, None).unwrap();
        app.settles().await;
        sweeps(&app).await;
        let refused = operations(&admin).await;
        assert_eq!(refused.len(), 1);
        assert_eq!(refused[0]["user"]["username"], "ada");
        assert_eq!((&refused[0]["kind"], &refused[0]["remedy"]), (&json!("DUPLICATE"), &json!("AWAIT_DISPUTE")));
        assert!(refused[0]["stripeObjectId"].as_str().unwrap().starts_with("sub_"), "{}", refused[0]);
        assert!(refused[0]["error"].as_str().unwrap().contains("charge_disputed"), "{}", refused[0]);
        assert!(refused[0]["createdAt"].is_string());
    }

    async fn a_refund_that_stripe_refuses_otherwise_is_to_be_made_in_another_way(app: TestApp) {
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let ada = app.signs_up("ada").await;
        subscribes_twice(&app, &ada).await;
        let (method, path) = ("POST".to_owned(), "/v1/refunds".to_owned());
        app.sandbox().inject(Fault { method, path, times: 1, effect: Effect::Refuse { status: 400 } });
        sweeps(&app).await;
        let refused = operations(&admin).await;
        assert_eq!(refused.len(), 1);
        assert_eq!((&refused[0]["kind"], &refused[0]["remedy"]), (&json!("DUPLICATE"), &json!("REFUND_DUPLICATE")));
    }

    async fn a_second_subscription_that_has_renewed_is_listed_for_a_decision(app: TestApp) {
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let ada = app.signs_up("ada").await;
        subscribes_twice(&app, &ada).await;
        app.sandbox().advance(Duration::from_hours(32 * 24)).await;
        app.settles().await;
        sweeps(&app).await;
        let left = operations(&admin).await;
        assert_eq!(left.len(), 1);
        assert_eq!((&left[0]["kind"], &left[0]["remedy"]), (&json!("DUPLICATE"), &json!("DECIDE_DUPLICATE")));
    }

    async fn only_an_admin_reads_refused_operations_and_bad_pages_are_refused(app: TestApp) {
        let (ada, service) = (app.signs_up("ada").await, app.signs_up_as("exporter", Role::Service).await);
        for stranger in [&ada, &service] {
            assert_eq!(stranger.is_refused(OPERATIONS, json!({})).await, "FORBIDDEN");
        }
        assert_eq!(app.visitor().is_refused(OPERATIONS, json!({})).await, "UNAUTHENTICATED");
        let admin = app.signs_up_as("admin", Role::Admin).await;
        for odd in [json!({ "first": 101 }), json!({ "first": -1 }), json!({ "after": "odd" })] {
            assert_eq!(admin.is_refused(OPERATIONS, odd.clone()).await, "BAD_USER_INPUT", "{odd}");
        }
    }
}
