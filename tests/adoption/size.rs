//! A large database is adopted as well as a small one.

use std::time::{Duration, Instant};

use patch_hive::{clock::Clock, ledger};
use sea_orm::DbBackend;

use super::{
    EVERY_STEP,
    old::{Old, SHAPE, empty, texts},
};

/// Users, and entries of each. With `PATCH_HIVE_TEST_LONG=1` as many as a large Patch-Hive has.
#[expect(clippy::disallowed_methods, reason = "the tests' own switch, which is none of the gateway's settings")]
fn size() -> (u32, u32) {
    if std::env::var("PATCH_HIVE_TEST_LONG").is_ok_and(|value| value == "1") { (100_000, 20) } else { (500, 20) }
}

/// Entries of all users in turn, their times in another order than their ids.
async fn fill(old: &Old, backend: DbBackend) {
    let (users, each) = size();
    let entries = users * each;
    let (series, time) = match backend {
        DbBackend::Postgres => {
            ("generate_series(1, {N}) AS n (i)", "timestamp '2024-01-01' + make_interval(secs => i * 1009 % 1000003)")
        }
        _ => (
            "(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {N}) SELECT i FROM n)",
            "datetime('2024-01-01', (i * 1009 % 1000003) || ' seconds')",
        ),
    };
    let series = |count: u32| series.replace("{N}", &count.to_string());
    old.runs(&format!(
        "INSERT INTO users (email, username) SELECT 'user' || i || '@patchhive.example', 'user' || i FROM {};
         INSERT INTO credits_ledger (user_id, change_type, credits_delta, notes, created_at)
         SELECT 1 + i % {users}, CASE WHEN i / {users} % 4 = 0 THEN 'Purchase' ELSE 'Spend' END,
                CASE WHEN i / {users} % 4 = 0 THEN 25 ELSE -3 END, 'an entry of the old application', {time} FROM {}",
        series(users),
        series(entries),
    ))
    .await;
}

/// A setting of PostgreSQL's for every new connection to the database.
fn timeout(setting: &str) -> String {
    format!("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I {setting}', current_database()); END $$")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_database_is_adopted_in_minutes() {
    let (users, each) = size();
    for old in empty().await {
        let database = old.connects().await;
        old.runs(SHAPE).await;
        fill(&old, database.backend()).await;
        if database.backend() == DbBackend::Postgres {
            // The operator's timeouts are for requests.
            old.runs(&timeout("SET statement_timeout = ''2s''")).await;
        }
        let start = Instant::now();
        old.is_adopted().await.unwrap();
        let took = start.elapsed();
        if database.backend() == DbBackend::Postgres {
            old.runs(&timeout("RESET statement_timeout")).await;
        }
        let start = Instant::now();
        let report = ledger::verify(&database, Clock::default().wall()).await.unwrap();
        eprintln!(
            "{:?}: {users} users and {} entries adopted in {took:.1?}, verified in {:.1?}",
            database.backend(),
            users * each,
            start.elapsed(),
        );
        assert!(report.holds(), "{report}");
        assert_eq!((report.entries, report.accounts), (i64::from(users * each), i64::from(users)));
        assert!(took < Duration::from_mins(10), "too slow: {took:?}");

        let start = Instant::now();
        migration::down(database.write(), EVERY_STEP).await.unwrap();
        eprintln!("{:?}: rolled back in {:.1?}", database.backend(), start.elapsed());
        assert_eq!(
            texts(&database, "SELECT CAST(COUNT(*) AS TEXT) FROM credits_ledger").await,
            [(users * each).to_string()]
        );
    }
}
