//! Entries whose transactions end late. Their numbers are lower than those of entries that were sent before.

use std::time::Duration;

use entity::{event_relay, ledger_entry::ChangeType, user::Role};
use futures_util::future::join_all;
use patch_hive::{
    app::App,
    clock,
    ledger::{self, PostOutcome, Posting, Unlimited},
};
use sea_orm::{DatabaseTransaction, EntityTrait, sea_query::Expr};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::{CREATE, EVENTS, grants, receiver::Receiver, registers, versions};
use crate::harness::{Actor, Backend, TestApp, app::run};

/// Posts a grant of a credit, and returns the number of its entry. It is committed with the transaction.
pub(super) async fn posts(inside: &App, tx: &DatabaseTransaction, user_id: i64) -> i64 {
    let posting = Posting {
        user_id,
        change_type: ChangeType::Grant,
        delta: 1,
        unlimited: Unlimited::Keep,
        source: format!("manual:{user_id}:{}", clock::random_id()),
        reference: None,
        notes: Some("late".to_owned()),
        now: inside.clock.now(),
    };
    match ledger::post(tx, posting).await.unwrap() {
        PostOutcome::Applied(entry) => entry.id,
        other => panic!("{other:?}"),
    }
}

async fn position(inside: &App) -> event_relay::Model {
    event_relay::Entity::find_by_id(1).one(inside.database.read()).await.unwrap().unwrap()
}

async fn a_late_commit_is_sent(app: TestApp) {
    let (admin, receiver) = (app.signs_up_as("admin", Role::Admin).await, Receiver::start().await);
    let (ada, bob) = (app.signs_up("ada").await, app.signs_up("bob").await);
    registers(&admin, &receiver, &["BALANCE_CHANGED"]).await;
    grants(&admin, &bob, 30, "gift").await;
    receiver.accepts(1).await;
    let inside = app.inside().await;
    // As after a restore from another server, whose transactions had higher numbers.
    let update = event_relay::Entity::update_many().col_expr(event_relay::Column::CheckXid, Expr::value(1_i64 << 60));
    update.exec(inside.database.write()).await.unwrap();

    let late = inside.database.begin().await.unwrap();
    let number = posts(&inside, &late, ada.row().await).await;
    bob.exports("one", "one").await;
    bob.exports("two", "two").await;
    receiver.accepts(3).await;
    // Several passes of the relay.
    sleep(Duration::from_secs(1)).await;
    let relay = position(&inside).await;
    assert!(relay.safe < number && number < relay.seen, "{number} {relay:?}");
    let read = admin.gets(EVENTS, json!({ "first": 100 })).await["pageInfo"]["endCursor"].clone();

    late.commit().await.unwrap();
    let accepted = receiver.accepts(4).await;
    assert_eq!((accepted[3].user(), accepted[3].version()), (format!("user_{}", ada.row().await), 1));
    let next = admin.gets(EVENTS, json!({ "after": read })).await;
    assert_eq!(next["nodes"][0]["id"], accepted[3].id.as_str());
    assert_eq!(next["nodes"].as_array().unwrap().len(), 1);
    let has_caught_up = async {
        while position(&inside).await.safe < number {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(10), has_caught_up).await.expect("the relay goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_that_is_committed_after_later_ones_is_not_skipped() {
    run(Backend::Postgres, a_late_commit_is_sent).await;
}

/// Posts to an account, each entry in a transaction of its own that goes on for a while.
async fn posts_slowly(app: &TestApp, user: &Actor, count: u64) {
    let (inside, user_id) = (app.inside().await, user.row().await);
    for place in 0..count {
        let tx = inside.database.begin().await.unwrap();
        posts(&inside, &tx, user_id).await;
        sleep(Duration::from_millis((user_id.unsigned_abs() * 31 + place * 17) % 60)).await;
        tx.commit().await.unwrap();
    }
}

/// Reads the changes of balances with the cursor of the last event, until so many were read. Returns their ids.
async fn pulls(admin: &Actor, count: usize) -> Vec<String> {
    let (mut ids, mut after) = (Vec::new(), Value::Null);
    while ids.len() < count {
        let page = admin.gets(EVENTS, json!({ "first": 7, "after": after, "types": ["BALANCE_CHANGED"] })).await;
        let nodes = page["nodes"].as_array().unwrap();
        ids.extend(nodes.iter().map(|event| event["id"].as_str().unwrap().to_owned()));
        if nodes.is_empty() {
            sleep(Duration::from_millis(20)).await;
        } else {
            after = page["pageInfo"]["endCursor"].clone();
        }
    }
    ids
}

async fn all_late_commits_are_sent_and_read(app: TestApp) {
    let (admin, receiver) = (app.signs_up_as("admin", Role::Admin).await, Receiver::start().await);
    registers(&admin, &receiver, &["BALANCE_CHANGED"]).await;
    let mut users = Vec::new();
    for name in ["ada", "bob", "eve", "fay", "gus"] {
        users.push(app.signs_up(name).await);
    }
    let quick = app.signs_up("quick").await;
    grants(&admin, &quick, 100, "gift").await;
    let exports = async {
        for key in 0..30 {
            quick.exports(&key.to_string(), &key.to_string()).await;
        }
    };
    let total = 5 * 12 + 31;
    let slow = join_all(users.iter().map(|user| posts_slowly(&app, user, 12)));
    let reading = timeout(Duration::from_mins(1), pulls(&admin, total));
    let (_, (), read) = tokio::join!(slow, exports, reading);
    let accepted = receiver.accepts(total).await;
    let mut lengths: Vec<_> = versions(&receiver)
        .into_values()
        .map(|versions| {
            assert_eq!(versions, (1..=i64::try_from(versions.len()).unwrap()).collect::<Vec<_>>());
            versions.len()
        })
        .collect();
    lengths.sort_unstable();
    assert_eq!(lengths, [12, 12, 12, 12, 12, 31]);
    let mut sent: Vec<_> = accepted.into_iter().map(|event| event.id).collect();
    let mut read = read.expect("a reader with a cursor misses no event");
    sent.sort();
    sent.dedup();
    read.sort();
    assert_eq!(read, sent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_late_commits_none_is_skipped_by_the_stream_or_by_a_reader() {
    run(Backend::Postgres, all_late_commits_are_sent_and_read).await;
}

async fn the_first_endpoint_waits(app: TestApp) {
    let (admin, receiver) = (app.signs_up_as("admin", Role::Admin).await, Receiver::start().await);
    let (ada, inside) = (app.signs_up("ada").await, app.inside().await);
    let early = inside.database.begin().await.unwrap();
    posts(&inside, &early, ada.row().await).await;
    let input = json!({ "input": { "url": receiver.url(), "types": ["BALANCE_CHANGED"] } });
    assert_eq!(admin.is_refused(CREATE, input).await, "UNAVAILABLE", "a second is over");
    let (endpoint, ()) = tokio::join!(registers(&admin, &receiver, &["BALANCE_CHANGED"]), async {
        sleep(Duration::from_millis(300)).await;
        early.commit().await.unwrap();
    });
    assert!(endpoint.is_string());
    // The balance that a service reads now has the entry, so no event is needed for it.
    assert_eq!(ada.balance().await["version"], 1);
    grants(&admin, &ada, 5, "gift").await;
    assert_eq!(receiver.accepts(1).await[0].version(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_endpoint_is_registered_after_the_entries_in_progress() {
    run(Backend::Postgres, the_first_endpoint_waits).await;
}
