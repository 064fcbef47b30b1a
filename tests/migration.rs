//! Migrations create and remove the schema, and its constraints reject invalid rows.

use entity::user::Role;
use migration::{MigrationStatus, down, pending, status, up};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use serde_json::json;
use tempfile::TempDir;

use crate::harness::{TestApp, facts, folder, postgres, program};

/// An empty database, and the folder that it is in.
struct Empty {
    url: String,
    folder: TempDir,
}

impl Empty {
    async fn connect(&self) -> DatabaseConnection {
        let create = if self.url.starts_with("sqlite:") { "?mode=rwc" } else { "" };
        let mut options = ConnectOptions::new(format!("{}{create}", self.url));
        // sqlx's task that ends old connections can loop forever if others are taken and returned while it starts.
        options.idle_timeout(None).max_lifetime(None);
        Database::connect(options).await.unwrap()
    }
}

/// An empty database of each kind.
async fn empty_databases() -> Vec<Empty> {
    let place = folder();
    let url = format!("sqlite:{}", place.path().join("gateway.db").display());
    let mut databases = vec![Empty { url, folder: place }];
    if let Some(url) = postgres::empty_database().await {
        databases.push(Empty { url, folder: folder() });
    }
    databases
}

async fn rows(database: &DatabaseConnection, sql: &str) -> Vec<String> {
    let rows = database.query_all_raw(Statement::from_string(database.get_database_backend(), sql)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

/// Describes all that the database contains besides rows: tables, columns, keys, indexes, triggers, functions.
async fn schema(database: &DatabaseConnection) -> Vec<String> {
    let questions: &[&str] = match database.get_database_backend() {
        DbBackend::Postgres => &[
            "SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || \
             COALESCE(column_default, '') FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1",
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
            "SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint \
             WHERE connamespace = 'public'::regnamespace ORDER BY 1",
            "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
            "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1",
        ],
        _ => &["SELECT type || ' ' || name || ' ' || COALESCE(sql, '') FROM sqlite_master \
             WHERE name <> 'sqlite_sequence' ORDER BY 1"],
    };
    let mut lines = Vec::new();
    for question in questions {
        lines.extend(rows(database, question).await);
    }
    lines
}

async fn applied(database: &DatabaseConnection) -> Vec<bool> {
    let steps = status(database).await.unwrap();
    steps.iter().map(|step| step.status == MigrationStatus::Applied).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn up_and_down_and_up_again_leads_to_the_same_schema() {
    for empty in empty_databases().await {
        let database = empty.connect().await;
        up(&database).await.unwrap();
        let first = schema(&database).await;
        let steps = u32::try_from(applied(&database).await.len()).unwrap();

        down(&database, steps).await.unwrap();
        let bare = schema(&database).await;
        assert!(bare.iter().all(|line| line.contains("seaql_migrations")), "left behind: {bare:#?}");

        up(&database).await.unwrap();
        assert_eq!(schema(&database).await, first);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn up_twice_changes_nothing() {
    for empty in empty_databases().await {
        let database = empty.connect().await;
        up(&database).await.unwrap();
        let first = schema(&database).await;
        up(&database).await.unwrap();
        assert_eq!(schema(&database).await, first);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn down_undoes_one_step() {
    for empty in empty_databases().await {
        let database = empty.connect().await;
        up(&database).await.unwrap();
        let count = applied(&database).await.len();

        down(&database, 1).await.unwrap();

        let expected: Vec<_> = (0..count).map(|step| step + 1 < count).collect();
        assert_eq!(applied(&database).await, expected);
        up(&database).await.unwrap();
        assert_eq!(applied(&database).await, vec![true; count]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invoices_of_a_period_that_came_after_another_become_changes_of_plan() {
    for empty in empty_databases().await {
        let database = empty.connect().await;
        up(&database).await.unwrap();
        let names: Vec<_> = status(&database).await.unwrap().into_iter().map(|step| step.name).collect();
        let before = names.iter().position(|name| name == "m0013_reversals").unwrap();
        down(&database, u32::try_from(names.len() - before).unwrap()).await.unwrap();
        database.execute_unprepared(TWO_INVOICES).await.unwrap();
        up(&database).await.unwrap();
        let changes = "SELECT CAST(invoice_id AS TEXT) FROM stripe_invoice_periods WHERE prorated";
        assert_eq!(rows(&database, changes).await, ["2"]);
    }
}

/// A period with two invoices, and another one with one.
const TWO_INVOICES: &str = "
    INSERT INTO users (id, email, username, created_at) VALUES (1, 'a@b.example', 'ada', '2026-01-01 00:00:00+00:00');
    INSERT INTO stripe_periods (id, user_id, stripe_subscription_id, period_end, reference, tier, paid, returned,
        credits_granted, credits_reversed, created_at) VALUES
        (1, 1, 'sub_1', '2026-02-01 00:00:00+00:00', 'sub_1:1', 'PRO', 1499, 0, 100, 0, '2026-01-01 00:00:00+00:00'),
        (2, 1, 'sub_1', '2026-03-01 00:00:00+00:00', 'sub_1:2', 'PRO', 1499, 0, 100, 0, '2026-02-01 00:00:00+00:00');
    INSERT INTO stripe_invoices (id, user_id, stripe_invoice_id, amount_paid, amount_credited, fence, created_at) VALUES
        (1, 1, 'in_1', 499, 0, 0, '2026-01-01 00:00:00+00:00'),
        (2, 1, 'in_2', 1000, 0, 0, '2026-01-02 00:00:00+00:00'),
        (3, 1, 'in_3', 1499, 0, 0, '2026-02-01 00:00:00+00:00');
    INSERT INTO stripe_invoice_periods (id, invoice_id, period_id, tier, credits, paid) VALUES
        (1, 1, 1, 'CORE', 25, 499), (2, 2, 1, 'PRO', 75, 1000), (3, 3, 2, 'PRO', 100, 1499);
";

#[tokio::test(flavor = "multi_thread")]
async fn the_status_lists_the_oldest_step_first() {
    for empty in empty_databases().await {
        let database = empty.connect().await;
        let names = async || status(&database).await.unwrap().into_iter().map(|step| step.name).collect::<Vec<_>>();
        let pending = names().await;
        assert!(pending.is_sorted(), "{pending:?}");
        up(&database).await.unwrap();
        assert_eq!(names().await, pending);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_was_passed_by_is_caught_up_on() {
    for empty in empty_databases().await {
        let database = empty.connect().await;
        up(&database).await.unwrap();
        let first = schema(&database).await;
        let steps = applied(&database).await;
        // As a program leaves it that does not know the step yet: the later ones are applied.
        database.execute_unprepared(WITHOUT_MANUAL_ENTRIES).await.unwrap();
        assert_eq!(pending(&database).await.unwrap(), 1);

        up(&database).await.unwrap();
        assert_eq!(applied(&database).await, steps);
        let (mut caught_up, mut first) = (schema(&database).await, first);
        caught_up.sort();
        first.sort();
        assert_eq!(caught_up, first);
        down(&database, u32::try_from(steps.len()).unwrap()).await.unwrap();
        assert!(applied(&database).await.into_iter().all(|applied| !applied));
    }
}

/// Rolls back only the fourth step, on which no later one builds.
const WITHOUT_MANUAL_ENTRIES: &str = "
    DROP TABLE manual_entries;
    DELETE FROM seaql_migrations WHERE version = 'm0004_manual_entries';
";

#[tokio::test(flavor = "multi_thread")]
async fn looking_at_the_status_changes_nothing() {
    for empty in empty_databases().await {
        let database = empty.connect().await;
        assert!(applied(&database).await.into_iter().all(|applied| !applied));
        assert!(schema(&database).await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn four_that_migrate_at_once_all_succeed() {
    for empty in empty_databases().await {
        let mut tasks = Vec::new();
        for _ in 0..4 {
            let database = empty.connect().await;
            tasks.push(tokio::spawn(async move { up(&database).await }));
        }
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        assert!(applied(&empty.connect().await).await.into_iter().all(|applied| applied));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn four_processes_that_migrate_at_once_all_succeed() {
    for empty in empty_databases().await {
        let variables = [("DATABASE_URL", empty.url.as_str())];
        let run = || program::runs(empty.folder.path(), &["migrate", "up"], &variables);
        let (one, two, three, four) = tokio::join!(run(), run(), run(), run());
        for output in [one, two, three, four] {
            assert!(output.status.success(), "{}", program::complaint(&output));
        }
        assert!(applied(&empty.connect().await).await.into_iter().all(|applied| applied));
    }
}

facts! {
    async fn a_replica_stays_ready_when_a_newer_one_has_migrated(app: TestApp) {
        app.inside().await.database.write().execute_unprepared(NEWER_STEP).await.unwrap();
        let ready = app.http().get(app.url("/readyz")).send().await.unwrap();
        assert_eq!((ready.status().as_u16(), ready.text().await.unwrap().as_str()), (200, "ready"));
    }

    async fn a_replica_is_not_ready_while_a_step_of_its_own_is_pending(app: TestApp) {
        let database = app.inside().await.database.clone();
        let newest = "DELETE FROM seaql_migrations WHERE version = (SELECT MAX(version) FROM seaql_migrations)";
        database.write().execute_unprepared(newest).await.unwrap();
        assert_eq!(app.http().get(app.url("/readyz")).send().await.unwrap().status(), 503);
    }

    async fn a_user_with_an_account_cannot_be_deleted(app: TestApp) {
        app.signs_up("ada").await;
        refuses(&app, "DELETE FROM users").await;
    }

    async fn a_customer_with_a_subscription_cannot_be_deleted(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        refuses(&app, "DELETE FROM stripe_customers").await;
    }

    async fn an_entry_can_be_neither_changed_nor_deleted(app: TestApp) {
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let input = json!({ "userId": "1", "credits": 10, "reason": "welcome", "idempotencyKey": "welcome" });
        let document = "mutation ($input: GrantCreditsInput!) { grantCredits(input: $input) { id } }";
        admin.gets(document, json!({ "input": input })).await;

        for statement in [
            "UPDATE credits_ledger SET notes = 'another'",
            "UPDATE credits_ledger SET credits_delta = credits_delta + 1 WHERE version = 1",
            "DELETE FROM credits_ledger",
            "DELETE FROM credits_ledger WHERE id = 1",
        ] {
            refuses(&app, statement).await;
        }
        assert_eq!(admin.credits().await, 10);
    }

    async fn a_source_and_a_version_are_unique(app: TestApp) {
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let document = r#"mutation { grantCredits(input: { userId: 1, credits: 10, reason: "hello",
            idempotencyKey: "k" }) { id } }"#;
        admin.gets(document, json!({})).await;
        for (version, source) in [(1, "another"), (2, "manual:1:k")] {
            let columns = "user_id, version, change_type, credits_delta, balance_after, source, created_at";
            let values = format!("1, {version}, 'Grant', 0, 10, '{source}', '2026-01-01 00:00:00+00:00'");
            refuses(&app, &format!("INSERT INTO credits_ledger ({columns}) VALUES ({values})")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_steps_of_this_program_are_pending() {
    for empty in empty_databases().await {
        let database = empty.connect().await;
        let count = pending(&database).await.unwrap();
        assert!(count > 0 && schema(&database).await.is_empty());
        up(&database).await.unwrap();
        assert_eq!(pending(&database).await.unwrap(), 0);
        down(&database, 1).await.unwrap();
        assert_eq!(pending(&database).await.unwrap(), 1);
        database.execute_unprepared(NEWER_STEP).await.unwrap();
        assert_eq!(pending(&database).await.unwrap(), 1);
    }
}

/// The state after a newer version has migrated the database.
const NEWER_STEP: &str = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_of_tomorrow', 0)";

async fn refuses(app: &TestApp, statement: &str) {
    let inside = app.inside().await;
    let done = inside.database.write().execute_unprepared(statement).await;
    assert!(done.is_err(), "accepted: {statement}");
}
