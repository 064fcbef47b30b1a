//! Rolling the migrations back restores the adopted tables.

use migration::{down, force_down};
use patch_hive::{clock::Clock, ledger};
use sea_orm::{ConnectionTrait, DbBackend};

use super::{
    ENTRIES, EVERY_STEP,
    old::{Old, contents, databases, empty, shape, somebody, texts},
};
use crate::harness::{folder, program};

/// A wider shape, with kinds of columns that only PostgreSQL has.
const WIDE: &str = "
CREATE TYPE kind AS ENUM ('Purchase', 'Spend', 'Grant', 'Refund');
CREATE TABLE users (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email TEXT NOT NULL UNIQUE, username TEXT NOT NULL,
    display_name TEXT NOT NULL, avatar TEXT, active BOOLEAN NOT NULL DEFAULT TRUE, password_hash TEXT NOT NULL,
    role TEXT NOT NULL DEFAULT 'user', created_at TIMESTAMP(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'));
CREATE TABLE credits_ledger (id BIGSERIAL PRIMARY KEY, user_id BIGINT NOT NULL REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
    change_type kind NOT NULL DEFAULT 'Grant', credits_delta BIGINT NOT NULL, notes TEXT, campaign TEXT,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now());
CREATE TABLE racks (id SERIAL PRIMARY KEY, owner INTEGER NOT NULL REFERENCES users (id), name TEXT NOT NULL);
INSERT INTO users (email, username, display_name, password_hash, created_at) VALUES
    ('ada@patchhive.example', 'ada', 'Ada L.', 'none', '2023-05-05 05:05:05');
INSERT INTO credits_ledger (user_id, credits_delta) VALUES (1, 12);";

#[tokio::test(flavor = "multi_thread")]
async fn rolling_back_restores_the_old_tables_and_their_rows() {
    for old in databases().await {
        let database = old.connects().await;
        let before = (shape(&database).await, contents(&database).await);
        old.is_adopted().await.unwrap();
        down(database.write(), EVERY_STEP).await.unwrap();
        assert_eq!((shape(&database).await, contents(&database).await), before);

        old.is_adopted().await.unwrap();
        assert_eq!(texts(&database, ENTRIES).await.len(), 7);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rolling_back_refuses_to_lose_posted_entries_unless_forced() {
    for old in databases().await {
        let before = shape(&old.connects().await).await;
        let same = Old { url: old.url.clone(), folder: folder() };
        let app = old.serves().await;
        somebody(&app, "ada@patchhive.example").await.exports("run", "key").await;
        app.proves_its_books().await;
        app.stop().await;

        let (here, database) = (same.folder.path(), same.connects().await);
        let variables = [("DATABASE_URL", same.url.as_str())];
        for steps in ["1", "3"] {
            let output = program::runs(here, &["migrate", "down", "--steps", steps], &variables).await;
            assert_eq!(output.status.code(), Some(1));
            let complaint = program::complaint(&output);
            assert!(complaint.contains("has posted entries") && complaint.contains("--force"), "{complaint}");
        }
        let output = program::runs(here, &["migrate", "down", "--steps", "99", "--force"], &variables).await;
        assert!(output.status.success(), "{}", program::complaint(&output));
        assert_eq!(shape(&database).await, before);
        let entries =
            texts(&database, "SELECT id || ': ' || credits_delta FROM credits_ledger WHERE user_id = 1 ORDER BY id")
                .await;
        assert_eq!(entries, ["1: 25", "2: -3", "4: -3", "7: 10", "8: -3"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_were_not_adopted_are_dropped_and_only_by_force_once_they_hold_entries() {
    for fresh in empty().await {
        let app = fresh.serves().await;
        app.signs_up("ada").await.subscribes("CORE").await;
        let database = app.inside().await.database.clone();
        for steps in 1..=3 {
            let refusal = down(database.write(), steps).await.unwrap_err().to_string();
            assert!(refusal.contains("(1)"), "{refusal}");
        }
        app.proves_its_books().await;
        force_down(database.write(), EVERY_STEP).await.unwrap();
        assert_eq!(shape(&database).await, [""; 0]);
        app.stop().await;
    }
}

/// The wide shape, where PostgreSQL is installed.
async fn wide() -> Option<Old> {
    let mut databases = empty().await;
    let old = databases.pop().filter(|old| old.url.starts_with("postgres"))?;
    old.runs(WIDE).await;
    Some(old)
}

#[tokio::test(flavor = "multi_thread")]
async fn enumerations_and_times_without_a_zone_come_back_with_their_defaults() {
    let Some(old) = wide().await else { return };
    let database = old.connects().await;
    let before = (shape(&database).await, contents(&database).await);
    old.is_adopted().await.unwrap();
    let report = ledger::verify(&database, Clock::default().wall()).await.unwrap();
    assert!(report.holds() && report.entries == 1, "{report}");
    let times = "SELECT CAST(created_at AT TIME ZONE 'UTC' AS TEXT) FROM users";
    assert_eq!(texts(&database, times).await, ["2023-05-05 05:05:05"]);

    down(database.write(), EVERY_STEP).await.unwrap();
    assert_eq!((shape(&database).await, contents(&database).await), before);
    assert_eq!(database.backend(), DbBackend::Postgres);
    // The old application writes again, by its defaults.
    let entry = "INSERT INTO credits_ledger (user_id, credits_delta) VALUES (1, 1)";
    database.write().execute_unprepared(entry).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_default_of_old_still_means_the_same_moment() {
    let Some(old) = wide().await else { return };
    old.is_adopted().await.unwrap();
    let database = old.connects().await;
    let user = "SET LOCAL TimeZone = 'Asia/Tokyo'; INSERT INTO users (email, username) VALUES ('gil@patchhive.example', 'gil')";
    database.write().execute_unprepared(&format!("BEGIN; {user}; COMMIT")).await.unwrap();
    let recent =
        "SELECT email FROM users WHERE created_at BETWEEN now() - interval '1 minute' AND now() + interval '1 minute'";
    assert_eq!(texts(&database, recent).await, ["gil@patchhive.example"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_runs_on_the_wide_shape() {
    let Some(old) = wide().await else { return };
    let app = old.serves().await;
    somebody(&app, "ada@patchhive.example").await.exports("run", "key").await;
    app.signs_up("gil").await.buys(10).await;
    app.proves_its_books().await;
    app.stop().await;
}
