//! Several replicas follow the same ledgers, and alert of each crossing once; a watcher of any of them receives every alert, also
//! while it reconnects to another.

use std::{sync::Arc, time::Duration};

use entity::user::Role;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::{ADJUST, SET, WATCH_ALERTS, below};
use crate::harness::{
    Backend, Socket,
    replicas::{Member, Replicas},
};

/// Crossings of each account.
const CROSSINGS: i64 = 30;

/// Time limit for all alerts to arrive.
const PATIENCE: Duration = Duration::from_mins(1);

/// Receives the alerts after the first entry, and reconnects to the next replica after every few of them.
async fn receives(replicas: Arc<Replicas>, user: Member) -> Vec<i64> {
    let (mut versions, mut last) = (Vec::new(), json!("alert_0"));
    for replica in 0.. {
        let address = replicas.address(replica % replicas.count());
        let authorization = format!("Bearer {}", user.token);
        let mut socket = Socket::open(address, Some(json!({ "authorization": authorization }))).await;
        socket.subscribes("alerts", WATCH_ALERTS, json!({ "after": last })).await;
        for _ in 0..4 {
            let alert = socket.pushed().await;
            versions.push(alert["balanceVersion"].as_i64().unwrap());
            last = alert["id"].clone();
            if versions.len() == usize::try_from(CROSSINGS).unwrap() {
                socket.stays_silent().await;
                return versions;
            }
        }
    }
    versions
}

/// Crosses the threshold so often, by changes at different replicas.
async fn crosses(replicas: Arc<Replicas>, user: Member, admin: Member) {
    for change in 0..2 * CROSSINGS {
        let credits = if change % 2 == 0 { -1 } else { 1 };
        let replica = usize::try_from(change).unwrap() % replicas.count();
        let input = json!({ "userId": user.id.to_string(), "credits": credits, "reason": "a test",
            "idempotencyKey": change.to_string() });
        replicas.asks(replica, &admin, ADJUST, json!({ "input": input })).await;
        sleep(Duration::from_millis(20)).await;
    }
}

async fn alert_once(backend: Backend) {
    let Some(replicas) = Replicas::start(backend).await else { return };
    let replicas = Arc::new(replicas);
    let admin = replicas.signs_up("admin", Role::Admin).await;
    let mut tasks = Vec::new();
    for name in ["ada", "bob", "eve"] {
        let user = replicas.signs_up(name, Role::User).await;
        let input =
            json!({ "userId": user.id.to_string(), "credits": 10, "reason": "a gift", "idempotencyKey": "gift" });
        replicas.asks(0, &admin, ADJUST, json!({ "input": input })).await;
        replicas.asks(replicas.count() - 1, &user, SET, below(10)).await;
        for _ in 0..2 {
            tasks.push(tokio::spawn(receives(replicas.clone(), user.clone())));
        }
        tokio::spawn(crosses(replicas.clone(), user, admin.clone()));
    }
    let expected: Vec<_> = (1..=CROSSINGS).map(|crossing| 2 * crossing).collect();
    for task in tasks {
        assert_eq!(timeout(PATIENCE, task).await.expect("an alert did not come").unwrap(), expected);
    }
    let alerts: Value = replicas.asks(0, &admin, "{ alerts { nodes { id } } }", json!({})).await;
    assert_eq!(alerts["nodes"], json!([]), "the admin has no threshold");
    // Those who change the accounts have ended by now.
    let replicas = timeout(PATIENCE, async {
        let mut replicas = replicas;
        loop {
            match Arc::try_unwrap(replicas) {
                Ok(alone) => return alone,
                Err(shared) => replicas = shared,
            }
            sleep(Duration::from_millis(20)).await;
        }
    });
    replicas.await.expect("the replicas are still in use").prove_their_books_and_stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_replicas_alert_of_each_crossing_once() {
    alert_once(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_sqlite_file_alerts_of_each_crossing_once() {
    alert_once(Backend::Sqlite).await;
}
