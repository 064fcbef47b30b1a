//! Endpoints that are deleted or disabled receive nothing more.

use std::time::Duration;

use chrono::TimeDelta;
use entity::{account_event, event_delivery, pending_event, user::Role, work};
use sea_orm::{EntityTrait, PaginatorTrait, sea_query::Expr};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::{
    DELETE, ENDPOINTS, EVENTS, REDELIVER, UPDATE, grants, pauses_end,
    receiver::{Answer, Receiver},
    registers,
};
use crate::harness::{TestApp, facts};

async fn count_deliveries(app: &TestApp) -> u64 {
    event_delivery::Entity::find().count(app.inside().await.database.read()).await.unwrap()
}

/// Waits until the deliveries of deleted endpoints are removed, and no task is left but the periodic ones.
async fn is_cleaned(app: &TestApp) {
    let inside = app.inside().await;
    let cleaned = async {
        loop {
            let tasks = work::Entity::find().all(inside.database.read()).await.unwrap();
            let is_left = tasks.iter().any(|task| matches!(task.kind, work::Kind::Relay | work::Kind::Delivery));
            if !is_left && count_deliveries(app).await == 0 {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    // A turn of the relay ends first.
    timeout(Duration::from_secs(40), cleaned).await.expect("something is left of the endpoint");
}

facts! {
    async fn events_that_wait_for_a_deleted_endpoint_are_not_sent_and_are_removed(app: TestApp) {
        let (admin, receiver) = (app.signs_up_as("admin", Role::Admin).await, Receiver::start().await);
        let endpoint = registers(&admin, &receiver, &["BALANCE_CHANGED"]).await;
        receiver.answers(Answer::Status(500));
        let ada = app.signs_up("ada").await;
        grants(&admin, &ada, 30, "gift").await;
        receiver.is_tried(1).await;
        for run in ["one", "two", "three"] {
            ada.exports(run, run).await;
        }
        let event = admin.gets(EVENTS, json!({ "first": 1 })).await["nodes"][0]["id"].clone();
        receiver.answers(Answer::Status(200));
        let attempts = receiver.attempts();
        admin.gets(DELETE, json!({ "input": { "id": endpoint } })).await;
        is_cleaned(&app).await;
        assert!(receiver.attempts() <= attempts + 1, "an attempt may have been in progress");
        assert_eq!(admin.gets(ENDPOINTS, json!({})).await, json!([]));
        let again = json!({ "input": { "eventId": event, "endpointId": endpoint } });
        assert_eq!(admin.is_refused(REDELIVER, again).await, "NOT_FOUND");
        assert_eq!(admin.is_refused(UPDATE, json!({ "input": { "id": endpoint, "url": receiver.url() } })).await, "NOT_FOUND");

        // Without an endpoint, nothing is recorded; another one begins with what comes then.
        ada.buys(25).await;
        let pending = pending_event::Entity::find().count(app.inside().await.database.read()).await.unwrap();
        assert_eq!(pending, 0);
        let accepted = receiver.accepted().len();
        registers(&admin, &receiver, &["BALANCE_CHANGED", "PAYMENT_PAID"]).await;
        ada.exports("four", "four").await;
        let version = ada.balance().await["version"].clone();
        let next = &receiver.accepts(accepted + 1).await[accepted];
        assert_eq!((next.kind(), json!(next.version())), ("balance.changed", version));
    }

    async fn a_deleted_endpoint_is_not_sent_the_rest_of_a_backlog(app: TestApp) {
        let (admin, receiver) = (app.signs_up_as("admin", Role::Admin).await, Receiver::start().await);
        let endpoint = registers(&admin, &receiver, &["BALANCE_CHANGED"]).await;
        receiver.answers(Answer::After(Duration::from_millis(300)));
        let ada = app.signs_up("ada").await;
        grants(&admin, &ada, 90, "gift").await;
        for run in 0..20 {
            ada.exports(&run.to_string(), &run.to_string()).await;
        }
        receiver.is_tried(2).await;
        admin.gets(DELETE, json!({ "input": { "id": endpoint } })).await;
        let attempts = receiver.attempts();
        sleep(Duration::from_secs(2)).await;
        assert!(receiver.attempts() <= attempts + 1, "{} {attempts}", receiver.attempts());
    }

    async fn events_are_deleted_after_their_retention_time(app: TestApp) {
        let (admin, receiver) = (app.signs_up_as("admin", Role::Admin).await, Receiver::start().await);
        registers(&admin, &receiver, &["BALANCE_CHANGED"]).await;
        let ada = app.signs_up("ada").await;
        grants(&admin, &ada, 30, "gift").await;
        receiver.accepts(1).await;
        let page = admin.gets(EVENTS, json!({})).await;
        let inside = app.inside().await;
        let past = Expr::value(inside.clock.wall() - TimeDelta::days(31));
        let events = account_event::Entity::update_many().col_expr(account_event::Column::CreatedAt, past.clone());
        events.exec(inside.database.write()).await.unwrap();
        let deliveries = event_delivery::Entity::update_many().col_expr(event_delivery::Column::CreatedAt, past);
        deliveries.exec(inside.database.write()).await.unwrap();
        app.works_off(work::Kind::Prune).await;
        assert_eq!((admin.gets(EVENTS, json!({})).await["nodes"].clone(), count_deliveries(&app).await), (json!([]), 0));
        ada.exports("run", "run").await;
        receiver.accepts(2).await;
        let next = admin.gets(EVENTS, json!({ "after": page["pageInfo"]["endCursor"] })).await;
        assert_eq!(next["nodes"].as_array().unwrap().len(), 2, "the numbers of events go on");
    }

    async fn a_disabled_endpoint_is_sent_what_waits_once_it_is_enabled(app: TestApp) {
        let (admin, receiver) = (app.signs_up_as("admin", Role::Admin).await, Receiver::start().await);
        let endpoint = registers(&admin, &receiver, &["BALANCE_CHANGED"]).await;
        receiver.answers(Answer::Status(500));
        let ada = app.signs_up("ada").await;
        grants(&admin, &ada, 30, "gift").await;
        receiver.is_tried(1).await;
        let disable = |disabled: bool| json!({ "input": { "id": endpoint, "disabled": disabled } });
        assert!(admin.gets(UPDATE, disable(true)).await["disabledAt"].is_string());
        receiver.answers(Answer::Status(200));
        pauses_end(&app).await;
        assert_eq!(receiver.accepted().len(), 0);
        ada.exports("meanwhile", "meanwhile").await;
        sleep(Duration::from_secs(1)).await;
        assert_eq!(admin.gets(UPDATE, disable(false)).await["disabledAt"], Value::Null);
        pauses_end(&app).await;
        assert_eq!(receiver.accepts(1).await[0].version(), 1);
        ada.exports("later", "later").await;
        assert_eq!(receiver.accepts(2).await[1].version(), 3);
        let pulled = admin.gets(EVENTS, json!({})).await["nodes"].as_array().unwrap().len();
        assert_eq!(pulled, 5, "three entries, and two charges");
    }
}
