//! Replaying stored events applies them once, whatever their state.

use entity::{customer, event::Status, user::Role};
use sea_orm::{EntityTrait, sea_query::Expr};
use serde_json::{Value, json};

use super::{REPLAY, UNKNOWN, replays};
use crate::{
    checkout::on_both,
    harness::{TestApp, facts},
    webhook::{
        accepts, entries_of, grant, known_user,
        payloads::{CORE, Pack, Plan},
        purchase, stored,
        unsettled::{with_the_price, without_the_price},
    },
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_webhook_keeps_its_error_until_a_replay_applies_it() {
    on_both(without_the_price, async |app| {
        let (ada, customer) = known_user(&app, "ada").await;
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let invoice = Plan::new(&customer, CORE).paid("subscription_create");
        accepts(&app, [&invoice]).await;
        for attempts in [2, 3] {
            let replayed = replays(&admin, &invoice).await;
            assert_eq!([&replayed["status"], &replayed["attempts"]], [&json!("FAILED"), &json!(attempts)]);
            assert!(replayed["error"].as_str().unwrap().contains("price_core"), "{replayed}");
        }

        app.restarts_with(with_the_price).await;
        let replayed = replays(&admin, &invoice).await;
        assert_eq!([&replayed["status"], &replayed["error"]], [&json!("APPLIED"), &Value::Null]);
        assert!(replayed["appliedAt"].is_string(), "{replayed}");
        assert_eq!(entries_of(&ada).await, [grant(25)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_stripe_nothing_is_replayed() {
    on_both(
        |config| config.stripe = None,
        async |app| {
            let admin = app.signs_up_as("admin", Role::Admin).await;
            assert_eq!(admin.is_refused(REPLAY, json!({ "id": "evt_1" })).await, "STRIPE_DISABLED");
        },
    )
    .await;
}

facts! {
    async fn an_applied_webhook_replayed_changes_nothing_but_its_attempts(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let plan = Plan::new(&customer, CORE);
        let events = [Pack::new(&customer).completed("paid"), plan.created("active"), plan.paid("subscription_create")];
        accepts(&app, &events).await;
        let before = (entries_of(&ada).await, ada.balance().await, ada.subscription().await);
        for event in &events {
            let first = stored(&app, event).await.unwrap();
            let replayed = replays(&admin, event).await;
            assert_eq!([&replayed["status"], &replayed["attempts"]], [&json!("APPLIED"), &json!(2)]);
            assert_eq!(stored(&app, event).await.unwrap().applied_at, first.applied_at, "when it was applied first");
        }
        assert_eq!((entries_of(&ada).await, ada.balance().await, ada.subscription().await), before);
    }

    async fn an_ignored_webhook_is_applied_once_it_is_relevant(app: TestApp) {
        let (ada, _) = known_user(&app, "ada").await;
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let event = Pack::new("cus_moved").completed("paid");
        accepts(&app, [&event]).await;
        assert_eq!(replays(&admin, &event).await["status"], "IGNORED");

        let moved = customer::Entity::update_many()
            .col_expr(customer::Column::StripeCustomerId, Expr::value("cus_moved"));
        moved.exec(app.inside().await.database.write()).await.unwrap();
        let replayed = replays(&admin, &event).await;
        assert_eq!([&replayed["status"], &replayed["error"]], [&json!("APPLIED"), &Value::Null]);
        assert_eq!(entries_of(&ada).await, [purchase(25)]);
    }

    async fn an_applied_event_stays_applied_when_a_replay_fails(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let event = Pack::new(&customer).completed("paid");
        accepts(&app, [&event]).await;
        // The customer is somebody else's now.
        let moved = customer::Entity::update_many()
            .col_expr(customer::Column::StripeCustomerId, Expr::value("cus_moved"));
        moved.exec(app.inside().await.database.write()).await.unwrap();

        let replayed = replays(&admin, &event).await;
        assert_eq!(replayed["status"], "APPLIED");
        assert!(replayed["error"].as_str().unwrap().contains("not ours"), "{replayed}");
        assert_eq!(stored(&app, &event).await.unwrap().status, Status::Applied);
        assert_eq!(entries_of(&ada).await, [purchase(25)]);
    }

    async fn a_webhook_replayed_many_times_at_once_is_posted_once(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let event = Pack::new(&customer).completed("paid");
        accepts(&app, [&event]).await;
        let many = (0..8).map(|_| replays(&admin, &event));
        for replayed in futures_util::future::join_all(many).await {
            assert_eq!(replayed["status"], "APPLIED");
        }
        assert_eq!(stored(&app, &event).await.unwrap().attempts, 9);
        assert_eq!(entries_of(&ada).await, [purchase(25)]);
    }

    async fn a_replay_that_fails_again_keeps_the_error(app: TestApp) {
        let (_, customer) = known_user(&app, "ada").await;
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let event = Plan::new(&customer, UNKNOWN).created("hibernating");
        accepts(&app, [&event]).await;
        let first = stored(&app, &event).await.unwrap().error;
        assert_eq!(replays(&admin, &event).await["error"].as_str(), first.as_deref());
    }
}
