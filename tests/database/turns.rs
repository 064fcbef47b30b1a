//! Requests about an account whose row stays locked do not take the connections of others.

use std::time::Duration;

use entity::user::Role;
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement, TransactionTrait};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    harness::{Actor, Backend, TestApp, run},
    webhook::{
        known_user,
        payloads::{CORE, Money, Plan},
    },
};

/// Requests at once: more than both pools have connections.
const MANY: usize = 50;

const GRANT: &str = "mutation ($input: GrantCreditsInput!) { grantCredits(input: $input) { version } }";

async fn grants(admin: &Actor, user: i64, key: usize) -> Value {
    let input =
        json!({ "userId": user.to_string(), "credits": 1, "reason": "a test", "idempotencyKey": key.to_string() });
    admin.asks_with(GRANT, json!({ "input": input })).await
}

/// The connections of the gateway that wait for a lock.
async fn waiting(database: &DatabaseConnection) -> i64 {
    let question =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let question = Statement::from_string(database.get_database_backend(), question);
    database.query_one_raw(question).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

async fn somebody_waits(database: &DatabaseConnection, least: i64) {
    for _ in 0..200 {
        if waiting(database).await >= least {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("nobody waits for the lock");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_stays_locked_takes_one_connection_of_each_pool() {
    run(Backend::Postgres, async |app: TestApp| {
        let (ada, hers) = known_user(&app, "ada").await;
        let (bob, his) = known_user(&app, "bob").await;
        let admin = app.signs_up_as("admin", Role::Admin).await;
        app.settles().await;
        let (ada_id, bob_id) = (ada.row().await, bob.row().await);
        // Which payment paid an invoice is reported without the customer.
        let known = Plan::new(&hers, CORE);
        let invoice = known.paid("subscription_create");
        assert_eq!(app.receives(&invoice).await.0, 200);
        app.settles().await;
        let elsewhere = sea_orm::Database::connect(app.database_url()).await.unwrap();
        #[expect(clippy::disallowed_methods, reason = "it is another program's transaction")]
        let lock = elsewhere.begin().await.unwrap();
        let sql = format!("SELECT 1 FROM credit_accounts WHERE user_id = {ada_id} FOR UPDATE");
        lock.execute_unprepared(&sql).await.unwrap();

        let (app, admin) = (&app, &admin);
        let requests = join_all((0..MANY).map(|key| grants(admin, ada_id, key)));
        let plans: Vec<_> = (0..MANY).map(|_| Plan::new(&hers, CORE).paid("subscription_create")).collect();
        let links: Vec<_> = (0..MANY).map(|_| Money::of_invoice(known.version, &hers, &invoice).linked()).collect();
        let webhooks = join_all(plans.iter().chain(&links).map(|event| app.receives(event)));
        let others = async {
            somebody_waits(&elsewhere, 2).await;
            let granted = grants(admin, bob_id, 0).await;
            assert_eq!(granted["data"]["grantCredits"]["version"], 1, "{granted}");
            let theirs = Plan::new(&his, CORE).paid("subscription_create");
            assert_eq!(app.receives(&theirs).await.0, 200);
            assert_eq!(bob.credits().await, 26);
            let waiting = waiting(&elsewhere).await;
            lock.rollback().await.unwrap();
            // One for requests, and one each for webhooks that name the customer and those that do not.
            assert!(waiting <= 3, "{waiting} connections wait");
        };
        let (granted, received, ()) = tokio::join!(requests, webhooks, others);
        // Those that waited for too long are repeated by their callers.
        let refused = granted.iter().filter_map(|answer| answer["errors"][0]["extensions"]["code"].as_str());
        assert!(refused.clone().all(|code| code == "UNAVAILABLE"), "{:?}", refused.collect::<Vec<_>>());
        assert!(received.iter().all(|(status, _)| [200, 503].contains(status)), "{received:?}");
    })
    .await;
}
