//! The stream while the relay is behind, and the order in which a backlog is sent.

use std::time::Duration;

use entity::{event_relay, user::Role};
use sea_orm::{EntityTrait, QuerySelect};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{
    EVENTS, grants,
    late::posts,
    receiver::{Answer, Receiver},
    registers, versions,
};
use crate::harness::{Actor, Backend, TestApp, app::run, facts};

/// Reads all events, and returns their types with the versions of one user.
async fn stream(admin: &Actor, user: &str) -> Vec<(String, i64)> {
    let (mut events, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = admin.gets(EVENTS, json!({ "first": 100, "after": after })).await;
        for event in page["nodes"].as_array().unwrap() {
            let body: Value = serde_json::from_str(event["payload"].as_str().unwrap()).unwrap();
            if event["userId"] == user {
                events.push((body["type"].as_str().unwrap().to_owned(), body["data"]["version"].as_i64().unwrap()));
            }
        }
        if page["pageInfo"]["hasNextPage"] == false {
            return events;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

async fn keeps_the_order(app: TestApp) {
    let (admin, receiver) = (app.signs_up_as("admin", Role::Admin).await, Receiver::start().await);
    registers(&admin, &receiver, &["PAYMENT_PAID"]).await;
    let (ada, inside) = (app.signs_up("ada").await, app.inside().await);
    let id = format!("user_{}", ada.row().await);
    // The relay rests while its position is locked.
    let rest = inside.database.begin().await.unwrap();
    let position = || event_relay::Entity::find_by_id(1).lock_exclusive().one(&rest);
    position().await.unwrap();
    ada.buys(1000).await;
    position().await.unwrap();
    let many = inside.database.begin().await.unwrap();
    for _ in 0..700 {
        posts(&inside, &many, ada.row().await).await;
    }
    many.commit().await.unwrap();
    position().await.unwrap();
    ada.buys(25).await;
    assert_eq!(receiver.attempts(), 0, "the relay did not rest");
    rest.rollback().await.unwrap();

    receiver.accepts(2).await;
    let events = stream(&admin, &id).await;
    let entries = events.iter().filter(|(kind, _)| kind == "balance.changed").map(|(_, version)| *version);
    assert_eq!(entries.collect::<Vec<_>>(), (1..=702).collect::<Vec<_>>());
    let place = |version: i64| events.iter().position(|event| *event == ("payment.paid".to_owned(), version));
    assert_eq!((place(1), place(702)), (Some(1), Some(events.len() - 1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_is_far_behind_keeps_the_order_of_payments_and_entries() {
    run(Backend::Postgres, keeps_the_order).await;
}

facts! {
    async fn the_rest_of_a_backlog_follows_as_soon_as_its_first_event_is_accepted(app: TestApp) {
        let (admin, receiver) = (app.signs_up_as("admin", Role::Admin).await, Receiver::start().await);
        registers(&admin, &receiver, &["BALANCE_CHANGED"]).await;
        receiver.answers(Answer::Status(503));
        let ada = app.signs_up("ada").await;
        grants(&admin, &ada, 150, "gift").await;
        receiver.is_tried(1).await;
        for run in 0..45 {
            ada.exports(&run.to_string(), &run.to_string()).await;
        }
        // Until they wait for the first one.
        receiver.is_tried(2).await;
        receiver.answers(Answer::Status(204));
        // The pause after the second attempt is ten seconds.
        timeout(Duration::from_secs(25), receiver.accepts(46)).await.expect("the others did not follow");
        assert_eq!(versions(&receiver).into_values().collect::<Vec<_>>(), [(1..=46).collect::<Vec<_>>()]);
    }

    async fn an_event_that_is_never_accepted_holds_up_no_other_account(app: TestApp) {
        let (admin, receiver) = (app.signs_up_as("admin", Role::Admin).await, Receiver::start().await);
        registers(&admin, &receiver, &["BALANCE_CHANGED"]).await;
        let (ada, bob) = (app.signs_up("ada").await, app.signs_up("bob").await);
        receiver.refuses(&format!("user_{}", ada.row().await));
        grants(&admin, &ada, 30, "ada").await;
        grants(&admin, &bob, 30, "bob").await;
        ada.exports("one", "one").await;
        for run in ["one", "two"] {
            bob.exports(run, run).await;
        }
        receiver.accepts(3).await;
        assert_eq!(versions(&receiver).into_values().collect::<Vec<_>>(), [vec![1, 2, 3]]);
    }
}
