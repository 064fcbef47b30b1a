//! The database's connections: nobody waits for another's, and none stays on a server that cannot be written.

mod pooler;
mod turns;

use std::time::{Duration, Instant};

use patch_hive::ledger;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, Statement,
    sqlx::{self, AssertSqlSafe},
};
use serde_json::json;

use crate::{
    harness::{
        Backend, TestApp,
        actor::{EXPORT, export},
        run,
    },
    webhook::{
        known_user,
        payloads::{CORE, Plan},
    },
};

async fn executes(database: &DatabaseConnection, sql: &str) {
    database.execute_unprepared(sql).await.unwrap();
}

async fn shows(database: &DatabaseConnection, setting: &str) -> String {
    let question = Statement::from_string(database.get_database_backend(), format!("SHOW {setting}"));
    database.query_one_raw(question).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

async fn is_ready(app: &TestApp) -> u16 {
    // Longer than a result of the check is reused.
    tokio::time::sleep(Duration::from_millis(1200)).await;
    app.http().get(app.url("/readyz")).send().await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_server_is_unavailable_and_no_connection_stays_on_it() {
    run(Backend::Postgres, async |app: TestApp| {
        let (ada, customer) = known_user(&app, "ada").await;
        ada.buys(10).await;
        app.settles().await;
        let created = Plan::new(&customer, CORE).created("active");
        let admin = sea_orm::Database::connect(app.database_url()).await.unwrap();
        let name: String = {
            let question = Statement::from_string(admin.get_database_backend(), "SELECT current_database()");
            admin.query_one_raw(question).await.unwrap().unwrap().try_get_by_index(0).unwrap()
        };
        // New sessions are read-only from now on, and there are only new ones.
        executes(&admin, &format!("ALTER DATABASE {name} SET default_transaction_read_only = on")).await;
        let hang_up = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                       WHERE datname = current_database() AND pid <> pg_backend_pid()";
        executes(&admin, hang_up).await;
        assert_eq!(is_ready(&app).await, 503);
        assert_eq!(ada.is_refused(EXPORT, export("run", "key")).await, "UNAVAILABLE");
        assert_eq!(app.receives(&created).await.0, 503);
        assert_eq!(ada.credits().await, 10, "reads go on");

        // Sessions that were opened meanwhile stay read-only, so each has to be replaced.
        executes(
            &admin,
            &format!("BEGIN READ WRITE; ALTER DATABASE {name} RESET default_transaction_read_only; COMMIT"),
        )
        .await;
        admin.close().await.unwrap();
        assert_eq!(is_ready(&app).await, 200);
        assert_eq!(ada.exports("run", "key").await["__typename"], "ExportCharge");
        assert_eq!(app.receives(&created).await.0, 200);
        assert_eq!(ada.credits().await, 7);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhooks_and_users_do_not_wait_for_each_others_connections() {
    run(Backend::Postgres, async |app: TestApp| {
        let (ada, customer) = known_user(&app, "ada").await;
        app.settles().await;
        let inside = app.inside().await;
        let all = async |database: &patch_hive::database::Database, count: u32| -> Vec<DatabaseTransaction> {
            let mut held = Vec::new();
            for _ in 0..count {
                held.push(database.begin().await.unwrap());
            }
            held
        };

        let users = all(&inside.database, inside.config.database.max_connections).await;
        assert_eq!(app.receives(&Plan::new(&customer, CORE).created("active")).await.0, 200);
        assert_eq!(is_ready(&app).await, 200);
        drop(users);

        let jobs = all(&inside.database.background(), inside.config.database.background_connections).await;
        assert_eq!(ada.gets("{ ledger(first: 1) { nodes { id } } }", json!({})).await, json!({ "nodes": [] }));
        assert_eq!(ada.credits().await, 0);
        drop(jobs);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_locked_by_a_replica_that_froze_is_free_again_after_ten_seconds() {
    run(Backend::Postgres, async |app: TestApp| {
        let ada = app.signs_up("ada").await;
        ada.buys(25).await;
        let inside = app.inside().await;
        let frozen = inside.database.begin().await.unwrap();
        ledger::lock(&frozen, 1).await.unwrap();
        let start = Instant::now();
        while ada.asks_with(EXPORT, export("run", "key")).await["data"].is_null() {
            assert!(start.elapsed() < Duration::from_secs(20), "it stays locked");
        }
        assert!(start.elapsed() > Duration::from_secs(8), "it was never locked");
        assert_eq!(ada.credits().await, 22);
        drop(frozen);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_ends_transactions_that_stall_and_waits_that_last() {
    run(Backend::Postgres, async |app: TestApp| {
        let database = app.inside().await.database.clone();
        for pool in [&*database, &database.background()] {
            assert_eq!(shows(pool.write(), "idle_in_transaction_session_timeout").await, "10s");
            assert_eq!(shows(pool.write(), "lock_timeout").await, "5s");
            assert_eq!(shows(pool.write(), "statement_timeout").await, "15s");
            assert_eq!(shows(pool.write(), "tcp_keepalives_idle").await, "30");
        }
        let mut batches = database.dedicated().unwrap().take().await.unwrap().connection;
        for (setting, value) in [("idle_in_transaction_session_timeout", "10s"), ("lock_timeout", "5s")] {
            let question = AssertSqlSafe(format!("SHOW {setting}"));
            let shown: String = sqlx::query_scalar(question).fetch_one(&mut batches).await.unwrap();
            assert_eq!(shown, value, "{setting}");
        }
    })
    .await;
}
