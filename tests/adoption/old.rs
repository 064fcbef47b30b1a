//! Builds databases as an application without the gateway leaves them.

use std::time::Duration;

use patch_hive::{
    accounts::{self, TokenRequest},
    database::{Access, Database, Settings},
};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tempfile::TempDir;

use crate::harness::{Actor, TestApp, folder, postgres};

/// Time limit of a database operation.
const PATIENCE: Duration = Duration::from_secs(10);

/// A database, and a folder for it.
pub(crate) struct Old {
    pub(crate) url: String,
    pub(crate) folder: TempDir,
}

/// The usual shape: narrow types, times without a zone, columns and a table of the application's own.
pub(crate) const SHAPE: &str = "
CREATE TABLE users (id {SERIAL}, email VARCHAR(255) NOT NULL, username VARCHAR(20) NOT NULL UNIQUE,
    display_name VARCHAR(100), avatar TEXT, active BOOLEAN NOT NULL DEFAULT TRUE);
CREATE TABLE credits_ledger (id {SERIAL}, user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
    change_type VARCHAR(20), credits_delta INTEGER, notes VARCHAR(200), campaign TEXT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE INDEX entries_of_a_campaign ON credits_ledger (campaign);
CREATE TABLE racks (id {SERIAL}, owner INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE, name TEXT NOT NULL);";

/// Ada's history is not in the order of its ids; Bob was below zero once; Eve has none.
pub(crate) const ROWS: &str = "
INSERT INTO users (id, email, username, display_name, avatar) VALUES
    (1, 'Ada@PatchHive.example', 'ada', 'Ada L.', 'ada.png'), (2, 'bob@patchhive.example', 'bob', NULL, NULL),
    (3, 'eve@patchhive.example', 'eve', NULL, 'eve.png');
INSERT INTO credits_ledger (id, user_id, change_type, credits_delta, notes, campaign, created_at) VALUES
    (1, 1, 'Purchase', 25, 'a pack', 'spring', '2024-01-01 10:00:00'), (2, 1, 'Spend', -3, NULL, NULL, '2024-01-03 10:00:00'),
    (3, 2, 'Grant', 5, 'welcome', NULL, '2024-01-01 00:00:00'), (4, 1, 'Spend', -3, NULL, NULL, '2024-01-02 10:00:00'),
    (5, 2, 'Spend', -9, NULL, NULL, '2024-02-01 12:30:00.5'), (6, 2, 'Refund', 9, 'failed', NULL, '2024-02-01 12:30:00.5'),
    (7, 1, 'Grant', 10, NULL, 'spring', '2024-01-03 10:00:00');
INSERT INTO racks (id, owner, name) VALUES (1, 1, 'Small Case'), (2, 3, 'Large Case');";

/// An empty database of each kind.
pub(crate) async fn empty() -> Vec<Old> {
    let place = folder();
    let file = place.path().join("old.db");
    std::fs::File::create(&file).unwrap();
    let url = format!("sqlite:{}", file.display());
    let mut databases = vec![Old { url, folder: place }];
    if let Some(url) = postgres::empty_database().await {
        databases.push(Old { url, folder: folder() });
    }
    databases
}

/// A database of each kind, in the usual shape and with rows.
pub(crate) async fn databases() -> Vec<Old> {
    let databases = empty().await;
    for old in &databases {
        old.runs(SHAPE).await;
        old.runs(ROWS).await;
    }
    databases
}

impl Old {
    pub(crate) async fn connects(&self) -> Database {
        let settings = Settings {
            url: self.url.clone(),
            max_connections: 2,
            background_connections: 1,
            acquire_timeout: PATIENCE,
            statement_timeout: PATIENCE,
            lock_timeout: PATIENCE,
        };
        Database::connect(&settings, Access::Look).await.unwrap()
    }

    /// Runs statements that must succeed; `{SERIAL}` is each database's word for an old application's key.
    pub(crate) async fn runs(&self, statements: &str) {
        let database = self.connects().await;
        let key = match database.backend() {
            DbBackend::Postgres => "SERIAL PRIMARY KEY",
            _ => "INTEGER PRIMARY KEY",
        };
        database.write().execute_unprepared(&statements.replace("{SERIAL}", key)).await.unwrap();
        database.close().await.unwrap();
    }

    /// Migrates up, or says why not.
    pub(crate) async fn is_adopted(&self) -> Result<(), String> {
        let database = self.connects().await;
        let done = migration::up(database.write()).await.map_err(|error| error.to_string());
        database.close().await.unwrap();
        done
    }

    /// Runs a gateway on it.
    pub(crate) async fn serves(self) -> TestApp {
        TestApp::start(self.folder, self.url, |_| {}).await
    }
}

/// A user of the old application, with a token.
pub(crate) async fn somebody(app: &TestApp, email: &str) -> Actor {
    let inside = app.inside().await;
    let request = TokenRequest { role: entity::user::Role::User, ttl: None, now: inside.clock.wall() };
    app.bearer(&accounts::token(inside.database.write(), &inside.tokens, email, request).await.unwrap())
}

/// The answers of a query with one column of text.
pub(crate) async fn texts(database: &Database, sql: &str) -> Vec<String> {
    let rows = database.read().query_all_raw(Statement::from_string(database.backend(), sql)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

/// Every table with its columns, keys, indexes and triggers, but for the list of migrations and SQLite's own. Types that only became
/// wider count as the same.
pub(crate) async fn shape(database: &Database) -> Vec<String> {
    let questions: &[&str] = match database.backend() {
        DbBackend::Postgres => &[
            "SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || \
             COALESCE(column_default, '') FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1",
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
            "SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint \
             WHERE connamespace = 'public'::regnamespace ORDER BY 1",
            "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
            "SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1",
        ],
        _ => &["SELECT type || ' ' || name || ' ' || COALESCE(sql, '') FROM sqlite_master ORDER BY 1"],
    };
    let mut lines = Vec::new();
    for question in questions {
        lines.extend(texts(database, question).await);
    }
    lines.retain(|line| !line.contains("seaql_migrations") && !line.contains("sqlite_sequence"));
    lines.iter().map(|line| line.replace(" bigint ", " integer ").replace(" character varying ", " text ")).collect()
}

/// All rows of the old tables, in the columns that the old application uses.
pub(crate) async fn contents(database: &Database) -> Vec<String> {
    let json = match database.backend() {
        DbBackend::Postgres => "json_build_array",
        _ => "json_array",
    };
    let mut lines = Vec::new();
    for (table, columns) in [
        ("users", "id, email, username, display_name, avatar, active"),
        ("credits_ledger", "id, user_id, change_type, credits_delta, notes, campaign, created_at"),
        ("racks", "id, owner, name"),
    ] {
        let question = format!("SELECT CAST({json}({columns}) AS TEXT) FROM {table} ORDER BY id");
        lines.extend(texts(database, &question).await);
    }
    lines
}
