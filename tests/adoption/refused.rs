//! A database that cannot be adopted is refused with a reason, and stays unchanged.

use super::old::{Old, ROWS, SHAPE, contents, databases, empty, shape};
use crate::harness::program;

/// Refuses, with these words, and leaves everything as it was.
async fn refuses(old: &Old, words: &[&str]) {
    let database = old.connects().await;
    let before = shape(&database).await;
    let sentence = old.is_adopted().await.expect_err("it was adopted");
    for word in words {
        assert!(sentence.contains(word), "no {word} in: {sentence}");
    }
    assert!(!sentence.contains('\n') && !sentence.contains("Error"), "not a sentence: {sentence}");
    assert_eq!(shape(&database).await, before);
    database.close().await.unwrap();
}

/// Rows that are refused: how they come about, and the words of the sentence.
const ODD_ROWS: [(&str, &[&str]); 10] = [
    (
        "INSERT INTO users (id, email, username) VALUES (4, 'ADA@patchhive.example', 'ada2')",
        &["Ada@PatchHive.example", "ADA@patchhive.example", "case"],
    ),
    ("UPDATE credits_ledger SET change_type = 'PURCHASE' WHERE id IN (1, 7)", &["change_type", "Purchase", "id 1, 7"]),
    ("UPDATE credits_ledger SET change_type = NULL WHERE id = 2", &["change_type", "id 2"]),
    ("UPDATE credits_ledger SET user_id = NULL WHERE id = 3", &["no user_id", "id 3"]),
    ("UPDATE credits_ledger SET credits_delta = NULL", &["credits_delta", "id 1, 2, 3, 4, 5 and more"]),
    ("UPDATE credits_ledger SET created_at = NULL WHERE id = 4", &["created_at", "id 4"]),
    ("UPDATE credits_ledger SET credits_delta = 2147483647 WHERE id = 1", &["balance beyond 2,147,483,647", "id 7"]),
    (
        "UPDATE credits_ledger SET credits_delta = -2147483647 - 1 WHERE id = 1",
        &["credits_delta beyond 2,147,483,647", "id 1"],
    ),
    (
        "ALTER TABLE users ADD COLUMN role TEXT; UPDATE users SET role = 'owner' WHERE id = 2",
        &["role", "service", "id 1, 2, 3"],
    ),
    ("{UNCHECKED}UPDATE credits_ledger SET user_id = 99 WHERE id IN (2, 6)", &["of no user", "id 2, 6"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_nobody_could_account_for_are_named() {
    for (odd, words) in ODD_ROWS {
        for old in databases().await {
            // Old keys were not always there, or not always checked.
            let unchecked = if old.url.starts_with("postgres") {
                "ALTER TABLE credits_ledger DROP CONSTRAINT credits_ledger_user_id_fkey; "
            } else {
                "PRAGMA foreign_keys = OFF; "
            };
            old.runs(&odd.replace("{UNCHECKED}", unchecked)).await;
            refuses(&old, words).await;
        }
    }
}

/// Columns that are refused: what the old shape says, what it says instead, and the words of the sentence.
const ODD_COLUMNS: [(&str, &str, &[&str]); 8] = [
    ("avatar TEXT", "badge TEXT NOT NULL", &["users.badge", "default"]),
    ("notes VARCHAR(200)", "rating INTEGER NOT NULL", &["credits_ledger.rating", "default"]),
    ("notes VARCHAR(200)", "version INTEGER", &["credits_ledger.version", "rename"]),
    ("notes VARCHAR(200)", "source TEXT", &["credits_ledger.source", "rename"]),
    ("email VARCHAR(255) NOT NULL", "mail VARCHAR(255) NOT NULL", &["users", "no column email"]),
    ("credits_delta INTEGER", "delta INTEGER", &["credits_ledger", "no column credits_delta"]),
    ("credits_delta INTEGER", "credits_delta NUMERIC", &["credits_ledger.credits_delta", "integer"]),
    ("users (id {SERIAL}", "users (id BIGINT NOT NULL PRIMARY KEY", &["users.id", "number new rows automatically"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn columns_that_the_gateway_could_not_write_to_are_named() {
    for (usual, odd, words) in ODD_COLUMNS {
        assert!(SHAPE.contains(usual), "{usual}");
        for old in empty().await {
            old.runs(&SHAPE.replacen(usual, odd, 1)).await;
            refuses(&old, words).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_the_gateways_name_is_refused() {
    for old in databases().await {
        old.runs("CREATE TABLE credit_accounts (id INTEGER)").await;
        refuses(&old, &["credit_accounts", "rename"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_prints_the_reason_and_exits_with_one() {
    for old in databases().await {
        old.runs("UPDATE credits_ledger SET change_type = 'Gift' WHERE id = 3").await;
        let output = program::runs(old.folder.path(), &["migrate", "up"], &[("DATABASE_URL", &old.url)]).await;
        assert_eq!(output.status.code(), Some(1));
        let complaint = program::complaint(&output);
        let sentence = "cannot migrate the database: rows of credits_ledger have a change_type that is not Purchase, Spend, \
            Grant or Refund, and have to be corrected first: id 3";
        assert!(complaint.trim_end().ends_with(sentence), "{complaint}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlites_odd_times_and_amounts_are_refused() {
    for (column, odd) in [
        ("created_at", "'yesterday'"),
        ("created_at", "'2024-01-01'"),
        ("created_at", "'2024-13-01 10:00:00'"),
        ("credits_delta", "'many'"),
        ("credits_delta", "2.5"),
    ] {
        let old = empty().await.swap_remove(0);
        old.runs(SHAPE).await;
        old.runs(ROWS).await;
        old.runs(&format!("UPDATE credits_ledger SET {column} = {odd} WHERE id = 2")).await;
        refuses(&old, &[column, "id 2"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_reports_that_it_cannot_make_a_column_nullable() {
    let old = empty().await.swap_remove(0);
    old.runs(&SHAPE.replace("display_name VARCHAR(100)", "display_name VARCHAR(100) NOT NULL")).await;
    refuses(&old, &["users.display_name", "let it be NULL"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_in_the_way_is_named() {
    for old in databases().await {
        old.runs("CREATE VIEW rich AS SELECT user_id FROM credits_ledger WHERE credits_delta > 10").await;
        if old.url.starts_with("postgres") {
            refuses(&old, &["view rich", "credits_ledger.user_id"]).await;
        } else {
            let before = contents(&old.connects().await).await;
            old.is_adopted().await.unwrap();
            assert_eq!(contents(&old.connects().await).await, before);
        }
    }
}
