//! The database of an existing Patch-Hive is adopted with its rows, used, and restored.

mod back;
mod old;
mod refused;
mod size;

use migration::up;
use patch_hive::{clock::Clock, database::Database, ledger};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use self::old::{SHAPE, contents, databases, empty, shape, somebody, texts};
use crate::harness::program;

/// More steps than exist, to roll everything back.
const EVERY_STEP: u32 = 99;

/// Every entry with what the gateway adds to it.
const ENTRIES: &str = "SELECT id || ' ' || user_id || ' v' || version || ' = ' || balance_after || ' ' || source \
    FROM credits_ledger ORDER BY user_id, version";

const ACCOUNTS: &str =
    "SELECT user_id || ' has ' || balance || ' at v' || version FROM credit_accounts ORDER BY user_id";

async fn accepts(database: &Database, statement: &str) -> bool {
    database.write().execute_unprepared(statement).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_entry_gets_a_version_a_balance_and_a_source() {
    for old in databases().await {
        old.is_adopted().await.unwrap();
        let database = old.connects().await;
        assert_eq!(
            texts(&database, ENTRIES).await,
            [
                "1 1 v1 = 25 legacy:1",
                "4 1 v2 = 22 legacy:4",
                "2 1 v3 = 19 legacy:2",
                "7 1 v4 = 29 legacy:7",
                "3 2 v1 = 5 legacy:3",
                "5 2 v2 = -4 legacy:5",
                "6 2 v3 = 5 legacy:6",
            ]
        );
        assert_eq!(texts(&database, ACCOUNTS).await, ["1 has 29 at v4", "2 has 5 at v3", "3 has 0 at v0"]);
        let report = ledger::verify(&database, Clock::default().wall()).await.unwrap();
        assert!(report.holds(), "{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_user_comes_with_a_token_exports_and_buys() {
    for old in databases().await {
        let app = old.serves().await;
        let ada = somebody(&app, "ada@patchhive.example").await;
        assert_eq!(ada.credits().await, 29);
        assert_eq!(ada.exports("run", "key").await["__typename"], "ExportCharge");
        ada.buys(10).await;
        assert_eq!((ada.credits().await, &ada.balance().await["version"]), (36, &json!(6)));

        let history = ada.gets("{ ledger { nodes { version changeType notes createdAt } } }", json!({})).await;
        let oldest = json!({ "version": 1, "changeType": "PURCHASE", "notes": "a pack", "createdAt": "2024-01-01T10:00:00.000Z" });
        assert_eq!(history["nodes"][5], oldest);

        let eve = somebody(&app, "eve@patchhive.example").await;
        assert_eq!(eve.exports("run", "key").await["__typename"], "InsufficientCredits");
        eve.subscribes("CORE").await;
        assert_eq!(eve.credits().await, 25);
        app.proves_its_books().await;
        app.stop().await;
    }
}

const LOG_IN: &str = "mutation ($input: LogInInput!) { logIn(input: $input) { user { id } } }";

#[tokio::test(flavor = "multi_thread")]
async fn a_user_without_a_password_cannot_log_in() {
    for old in databases().await {
        let app = old.serves().await;
        for password in ["", "null", "ada's password"] {
            let input = json!({ "input": { "email": "ada@patchhive.example", "password": password } });
            assert_eq!(app.visitor().is_refused(LOG_IN, input).await, "WRONG_CREDENTIALS");
        }
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_password_works_if_it_was_hashed_with_bcrypt() {
    let hash = bcrypt::hash("ada's password", 4).unwrap();
    for old in databases().await {
        old.runs("ALTER TABLE users ADD COLUMN password_hash VARCHAR(128)").await;
        old.runs(&format!("UPDATE users SET password_hash = '{hash}' WHERE id = 1")).await;
        old.runs("UPDATE users SET password_hash = '$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA' WHERE id = 2").await;
        let app = old.serves().await;
        let input = |name: &str| {
            let (email, password) = (format!("{name}@patchhive.example"), format!("{name}'s password"));
            json!({ "input": { "email": email, "password": password } })
        };
        assert_eq!(app.visitor().gets(LOG_IN, input("ada")).await["user"]["id"], "user_1");
        assert_eq!(app.visitor().is_refused(LOG_IN, input("bob")).await, "WRONG_CREDENTIALS");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_user_signs_up_beside_the_old_ones() {
    for old in databases().await {
        let app = old.serves().await;
        let document = "mutation ($input: SignUpInput!) { signUp(input: $input) { user { id username } } }";
        let asks = async |email: &str, username: &str| -> Value {
            let input = json!({ "email": email, "username": username, "password": "correct horse" });
            app.visitor().asks_with(document, json!({ "input": input })).await
        };
        let long = "a name that an old application had no room for";
        let answer = asks("gil@patchhive.example", long).await;
        assert_eq!(answer["data"]["signUp"]["user"], json!({ "id": "user_4", "username": long }), "{answer}");

        // Ada's email, in another case than the old application stored it.
        let taken = asks("ada@patchhive.EXAMPLE", "another").await;
        assert_eq!(taken["errors"][0]["extensions"]["code"], "ALREADY_EXISTS", "{taken}");
        assert!(taken["errors"][0]["message"].as_str().unwrap().contains("email"), "{taken}");
        // Her name, which the old application wants to be one user's.
        let taken = asks("another@patchhive.example", "ada").await;
        assert_eq!(taken["errors"][0]["extensions"]["code"], "ALREADY_EXISTS", "{taken}");
        assert!(taken["errors"][0]["message"].as_str().unwrap().contains("username"), "{taken}");
        app.proves_its_books().await;
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adopted_user_is_as_old_as_the_first_entry() {
    for old in databases().await {
        old.is_adopted().await.unwrap();
        let database = old.connects().await;
        let first = texts(&database, "SELECT substr(CAST(created_at AS TEXT), 1, 16) FROM users WHERE id = 1").await;
        assert_eq!(first, ["2024-01-01 10:00"]);
        let none = texts(&database, "SELECT email FROM users WHERE created_at IS NULL OR role <> 'user'").await;
        assert!(none.is_empty(), "{none:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_whom_the_old_application_adds_later_has_an_empty_balance_and_buys() {
    for old in databases().await {
        let app = old.serves().await;
        let database = app.inside().await.database.clone();
        assert!(
            accepts(&database, "INSERT INTO users (email, username) VALUES ('gil@patchhive.example', 'gil')").await
        );
        let gil = somebody(&app, "gil@patchhive.example").await;
        assert_eq!((gil.credits().await, &gil.balance().await["version"]), (0, &json!(0)));
        let viewer = gil.gets("{ viewer { createdAt } }", json!({})).await;
        let came: chrono::DateTime<chrono::Utc> = viewer["createdAt"].as_str().unwrap().parse().unwrap();
        let now = app.inside().await.clock.wall();
        assert!((now - came).num_minutes().abs() < 2, "{came}");
        gil.buys(10).await;
        assert_eq!(gil.credits().await, 10);
        app.proves_its_books().await;
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_of_the_applications_own_keeps_its_name() {
    for old in databases().await {
        old.runs("ALTER TABLE users ADD COLUMN auth_subject TEXT").await;
        old.runs("CREATE UNIQUE INDEX users_auth_subject_key ON users (auth_subject)").await;
        let database = old.connects().await;
        let before = shape(&database).await;
        old.is_adopted().await.unwrap();
        migration::down(database.write(), EVERY_STEP).await.unwrap();
        assert_eq!(shape(&database).await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_writer_fails_loudly() {
    for old in databases().await {
        old.is_adopted().await.unwrap();
        let database = old.connects().await;
        let entry = |columns: &str, values: &str| format!("INSERT INTO credits_ledger ({columns}) VALUES ({values})");
        let whole = "user_id, change_type, credits_delta, created_at, version, balance_after, source";
        for odd in [
            entry("user_id, change_type, credits_delta, notes", "1, 'Purchase', 25, 'a pack'"),
            entry(whole, "NULL, 'Grant', 1, '2026-01-01 00:00:00', 1, 1, 'a'"),
            entry(whole, "1, NULL, 1, '2026-01-01 00:00:00', 5, 30, 'a'"),
            entry(whole, "1, 'Grant', NULL, '2026-01-01 00:00:00', 5, 30, 'a'"),
            entry(whole, "1, 'Grant', 1, NULL, 5, 30, 'a'"),
            entry(whole, "1, 'Grant', 1, '2026-01-01 00:00:00', 5, NULL, 'a'"),
            entry(whole, "1, 'Grant', 1, '2026-01-01 00:00:00', 4, 30, 'a'"),
            entry(whole, "1, 'Grant', 1, '2026-01-01 00:00:00', 5, 30, 'legacy:1'"),
            entry(whole, "99, 'Grant', 1, '2026-01-01 00:00:00', 1, 1, 'a'"),
            "UPDATE credits_ledger SET notes = 'another' WHERE id = 1".to_owned(),
            "DELETE FROM credits_ledger WHERE id = 1".to_owned(),
            "DELETE FROM users WHERE id = 1".to_owned(),
            "UPDATE users SET email = NULL WHERE id = 3".to_owned(),
            "UPDATE users SET email = 'BOB@patchhive.example' WHERE id = 3".to_owned(),
            "INSERT INTO users (email, username, role) VALUES ('gil@patchhive.example', 'gil', NULL)".to_owned(),
        ] {
            assert!(!accepts(&database, &odd).await, "accepted: {odd}");
        }
        assert_eq!(texts(&database, ACCOUNTS).await, ["1 has 29 at v4", "2 has 5 at v3", "3 has 0 at v0"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_tables_and_columns_stay_unchanged() {
    for old in databases().await {
        let database = old.connects().await;
        let (rows, before) = (contents(&database).await, shape(&database).await);
        old.is_adopted().await.unwrap();

        let foreign = |line: &String| ["racks", "avatar", "campaign"].iter().any(|word| line.contains(word));
        if database.backend() == sea_orm::DbBackend::Sqlite {
            assert_eq!(contents(&database).await, rows);
        }
        let after = shape(&database).await;
        for line in before.iter().filter(|line| foreign(line) && !line.starts_with("table ")) {
            assert!(after.contains(line), "lost: {line}");
        }
        assert!(accepts(&database, "UPDATE users SET avatar = 'new.png' WHERE id = 1").await);
        assert!(accepts(&database, "DELETE FROM racks WHERE id = 2").await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn up_again_changes_nothing() {
    for old in databases().await {
        old.is_adopted().await.unwrap();
        let database = old.connects().await;
        let first = (contents(&database).await, shape(&database).await, texts(&database, ENTRIES).await);
        up(database.write()).await.unwrap();
        assert_eq!((contents(&database).await, shape(&database).await, texts(&database, ENTRIES).await), first);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn four_processes_adopt_at_once() {
    for old in databases().await {
        let variables = [("DATABASE_URL", old.url.as_str())];
        let run = || program::runs(old.folder.path(), &["migrate", "up"], &variables);
        let (one, two, three, four) = tokio::join!(run(), run(), run(), run());
        for output in [one, two, three, four] {
            assert!(output.status.success(), "{}", program::complaint(&output));
        }
        assert_eq!(texts(&old.connects().await, ENTRIES).await.len(), 7);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn either_table_may_exist_without_the_other() {
    let statements: Vec<_> = SHAPE.split_inclusive(';').collect();
    for (kept, user) in
        [(statements[0], true), (&statements[1].replace("REFERENCES users (id) ON DELETE CASCADE", ""), false)]
    {
        for old in empty().await {
            old.runs(kept).await;
            if user {
                old.runs("INSERT INTO users (id, email, username) VALUES (1, 'ada@patchhive.example', 'ada')").await;
            }
            let before = shape(&old.connects().await).await;
            old.is_adopted().await.unwrap();
            let database = old.connects().await;
            migration::down(database.write(), EVERY_STEP).await.unwrap();
            assert_eq!(shape(&database).await, before);
            database.close().await.unwrap();

            let app = old.serves().await;
            let who = if user { somebody(&app, "ada@patchhive.example").await } else { app.signs_up("ada").await };
            who.buys(10).await;
            assert_eq!(who.credits().await, 10);
            app.proves_its_books().await;
            app.stop().await;
        }
    }
}
