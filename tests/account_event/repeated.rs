//! An event that is not accepted is sent again for three days, and given up then; an admin may send it again.

use std::time::Duration;

use chrono::TimeDelta;
use entity::{event_delivery, user::Role};
use sea_orm::{EntityTrait, sea_query::Expr};
use serde_json::{Value, json};

use super::{
    DELETE, DELIVERIES, ENDPOINTS, REDELIVER, UPDATE, grants, pauses_end,
    receiver::{Answer, Receiver},
    registers, versions,
};
use crate::harness::{Actor, TestApp, facts};

async fn deliveries(admin: &Actor, status: &str) -> Vec<Value> {
    let page = admin.gets(DELIVERIES, json!({ "status": status, "first": 100 })).await;
    page["nodes"].as_array().unwrap().clone()
}

/// Lets the three days be over, of all events up to now.
async fn three_days_pass(app: &TestApp) {
    let inside = app.inside().await;
    let past = inside.clock.wall() - TimeDelta::seconds(1);
    let update = event_delivery::Entity::update_many().col_expr(event_delivery::Column::GivesUpAt, Expr::value(past));
    update.exec(inside.database.write()).await.unwrap();
}

facts! {
    async fn an_endpoint_that_was_down_receives_everything_in_order(app: TestApp) {
        let (admin, receiver) = (app.signs_up_as("admin", Role::Admin).await, Receiver::start().await);
        registers(&admin, &receiver, &["BALANCE_CHANGED"]).await;
        receiver.answers(Answer::Status(503));
        let (ada, bob) = (app.signs_up("ada").await, app.signs_up("bob").await);
        grants(&admin, &ada, 30, "ada").await;
        grants(&admin, &bob, 30, "bob").await;
        receiver.is_tried(2).await;
        for run in ["one", "two", "three"] {
            ada.exports(run, run).await;
        }
        pauses_end(&app).await;
        assert!(receiver.accepted().is_empty());
        receiver.answers(Answer::Status(200));
        pauses_end(&app).await;
        receiver.accepts(5).await;
        let mut accounts: Vec<_> = versions(&receiver).into_values().collect();
        accounts.sort();
        assert_eq!(accounts, [vec![1], vec![1, 2, 3, 4]]);
        assert!(deliveries(&admin, "PENDING").await.is_empty());
    }

    async fn an_event_is_given_up_after_three_days_and_does_not_hold_up_later_ones(app: TestApp) {
        let (admin, receiver) = (app.signs_up_as("admin", Role::Admin).await, Receiver::start().await);
        let endpoint = registers(&admin, &receiver, &["BALANCE_CHANGED"]).await;
        receiver.answers(Answer::Status(500));
        let ada = app.signs_up("ada").await;
        grants(&admin, &ada, 30, "gift").await;
        receiver.is_tried(1).await;
        pauses_end(&app).await;
        assert_eq!(deliveries(&admin, "DEAD").await, [Value::Null; 0]);
        three_days_pass(&app).await;
        pauses_end(&app).await;
        let dead = deliveries(&admin, "DEAD").await;
        assert_eq!((dead.len(), &dead[0]["responseStatus"], &dead[0]["endpointId"]), (1, &json!(500), &endpoint));
        receiver.answers(Answer::Status(200));
        ada.exports("run", "run").await;
        assert_eq!(receiver.accepts(1).await[0].version(), 2);

        let again = json!({ "input": { "eventId": dead[0]["event"]["id"], "endpointId": endpoint } });
        assert_eq!(admin.gets(REDELIVER, again.clone()).await["status"], "PENDING");
        let accepted = receiver.accepts(2).await;
        assert_eq!((accepted[1].version(), dead[0]["event"]["id"].as_str()), (1, Some(accepted[1].id.as_str())));
        pauses_end(&app).await;
        assert!(deliveries(&admin, "DEAD").await.is_empty());
        receiver.answers(Answer::Status(500));
        admin.gets(REDELIVER, again).await;
        pauses_end(&app).await;
        assert_eq!(deliveries(&admin, "DEAD").await.len(), 1, "it is sent again once");
        let none = json!({ "input": { "eventId": "event_999", "endpointId": endpoint } });
        assert_eq!(admin.is_refused(REDELIVER, none).await, "NOT_FOUND");
    }

    async fn a_pending_event_that_is_sent_again_keeps_its_retries(app: TestApp) {
        let (admin, receiver) = (app.signs_up_as("admin", Role::Admin).await, Receiver::start().await);
        let endpoint = registers(&admin, &receiver, &["BALANCE_CHANGED"]).await;
        receiver.answers(Answer::Status(500));
        let ada = app.signs_up("ada").await;
        grants(&admin, &ada, 30, "gift").await;
        for minute in 0..5 {
            receiver.is_tried(minute + 1).await;
            pauses_end(&app).await;
        }
        let pending = deliveries(&admin, "PENDING").await;
        let again = json!({ "input": { "eventId": pending[0]["event"]["id"], "endpointId": endpoint } });
        let attempts = receiver.attempts();
        assert_eq!(admin.gets(REDELIVER, again).await["status"], "PENDING");
        // Its pause is longer than a minute by now.
        receiver.is_tried(attempts + 1).await;
        pauses_end(&app).await;
        assert_eq!(deliveries(&admin, "DEAD").await, [Value::Null; 0]);
        receiver.answers(Answer::Status(200));
        pauses_end(&app).await;
        receiver.accepts(1).await;
    }

    async fn a_redirect_is_not_followed(app: TestApp) {
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let (receiver, other) = (Receiver::start().await, Receiver::start().await);
        registers(&admin, &receiver, &["BALANCE_CHANGED"]).await;
        receiver.answers(Answer::Redirect(other.url()));
        let ada = app.signs_up("ada").await;
        grants(&admin, &ada, 30, "gift").await;
        receiver.is_tried(1).await;
        pauses_end(&app).await;
        let pending = deliveries(&admin, "PENDING").await;
        assert_eq!((&pending[0]["responseStatus"], other.attempts()), (&json!(307), 0), "{pending:?}");
    }

    async fn an_endpoint_that_is_gone_is_disabled_until_an_admin_enables_it(app: TestApp) {
        let (admin, receiver) = (app.signs_up_as("admin", Role::Admin).await, Receiver::start().await);
        let endpoint = registers(&admin, &receiver, &["BALANCE_CHANGED"]).await;
        receiver.answers(Answer::Status(410));
        let ada = app.signs_up("ada").await;
        grants(&admin, &ada, 30, "gift").await;
        receiver.is_tried(1).await;
        pauses_end(&app).await;
        let endpoints = admin.gets(ENDPOINTS, json!({})).await;
        assert!(endpoints[0]["disabledAt"].is_string() && endpoints[0]["disabledReason"].is_string(), "{endpoints}");
        receiver.answers(Answer::Status(200));
        let attempts = receiver.attempts();
        ada.exports("one", "one").await;
        pauses_end(&app).await;
        // An event of this time is not for the endpoint.
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(receiver.attempts(), attempts);
        let enabled = admin.gets(UPDATE, json!({ "input": { "id": endpoint, "disabled": false } })).await;
        assert_eq!((&enabled["disabledAt"], &enabled["disabledReason"]), (&Value::Null, &Value::Null));
        ada.exports("two", "two").await;
        let accepted = receiver.accepts(1).await;
        assert_eq!(accepted.last().unwrap().version(), 3);
        assert_eq!(admin.gets(DELETE, json!({ "input": { "id": endpoint } })).await["id"], endpoint);
        assert_eq!(admin.gets(ENDPOINTS, json!({})).await, json!([]));
        app.works_off(entity::work::Kind::Delivery).await;
        assert_eq!(deliveries(&admin, "DELIVERED").await, [Value::Null; 0]);
    }
}
