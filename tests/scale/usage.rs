//! Usage reads the index of exports alone, and only the requested time: a month of a user with a long history is counted
//! in milliseconds.
//!
//! `PATCH_HIVE_TEST_ENTRIES=1000000` sets the number of exports, which are spread over two years, and only reports the time.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use patch_hive::clock::Clock;
use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
use serde_json::json;

use crate::harness::{Backend, TestApp, rng, run};

/// The variable with the number of exports.
const ENTRIES: &str = "PATCH_HIVE_TEST_ENTRIES";

/// The time in which the exports were made.
const DAYS: i64 = 730;

/// Time limit for the usage of a month, with everything that a request takes.
const WITHIN: Duration = Duration::from_millis(50);

const USAGE: &str =
    "query ($from: DateTime!, $to: DateTime!) { usage(from: $from, to: $to, by: DAY) { exports credits } }";

fn entries() -> i64 {
    rng::number(ENTRIES).map_or(20_000, |number| i64::try_from(number).unwrap())
}

/// Gives the first user `entries` exports, which cost nothing, evenly until now.
async fn fill(url: &str, entries: i64, now: DateTime<Utc>) {
    let db = Database::connect(url).await.unwrap();
    let start = now - TimeDelta::days(DAYS);
    let seconds = format!("n * {} / {entries}", DAYS * 24 * 60 * 60);
    let (numbers, time) = match db.get_database_backend() {
        DbBackend::Postgres => (
            format!("generate_series(CAST(1 AS bigint), {entries}) AS numbers (n)"),
            format!("CAST($1 AS timestamptz) + make_interval(secs => {seconds})"),
        ),
        _ => (
            format!(
                "(WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {entries}) \
                 SELECT n FROM numbers)"
            ),
            format!("strftime('%Y-%m-%dT%H:%M:%S+00:00', $1, '+' || ({seconds}) || ' seconds')"),
        ),
    };
    let insert = format!(
        "INSERT INTO credits_ledger (user_id, version, change_type, credits_delta, balance_after, source, reference, \
         created_at) SELECT 1, n, 'Spend', 0, 0, 'export:1:key' || n, 'run' || n, {time} FROM {numbers}"
    );
    db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), insert, [start.into()])).await.unwrap();
    let account = format!("UPDATE credit_accounts SET version = {entries} WHERE user_id = 1");
    db.execute_unprepared(&account).await.unwrap();
    if db.get_database_backend() == DbBackend::Postgres {
        db.execute_unprepared("VACUUM ANALYZE credits_ledger").await.unwrap();
    }
    db.close().await.unwrap();
}

async fn a_month_of_a_long_history_is_counted_in_milliseconds(app: TestApp) {
    let (ada, now, entries) = (app.signs_up("ada").await, Clock::default().wall(), entries());
    // A running gateway would read all these entries for its watchers.
    app.stop().await;
    fill(app.database_url(), entries, now).await;
    app.restarts_stopped().await;
    let month = json!({ "from": (now - TimeDelta::days(30)).to_rfc3339(), "to": now.to_rfc3339() });
    let mut fastest = Duration::MAX;
    for _ in 0..20 {
        let start = Instant::now();
        let usage = ada.gets(USAGE, month.clone()).await;
        fastest = fastest.min(start.elapsed());
        let exports: i64 = usage.as_array().unwrap().iter().map(|day| day["exports"].as_i64().unwrap()).sum();
        let expected = entries * 30 / DAYS;
        assert!((expected - 1..=expected + 1).contains(&exports), "{exports} exports instead of {expected}");
    }
    eprintln!("a month of {entries} exports was counted in {fastest:?}");
    assert!(rng::number(ENTRIES).is_some() || fastest < WITHIN, "{fastest:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_month_of_a_long_history_is_counted_in_milliseconds_on_sqlite() {
    run(Backend::Sqlite, a_month_of_a_long_history_is_counted_in_milliseconds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_month_of_a_long_history_is_counted_in_milliseconds_on_postgres() {
    run(Backend::Postgres, a_month_of_a_long_history_is_counted_in_milliseconds).await;
}
