//! The plans that PostgreSQL really used: its module `auto_explain` logs each with the rows that were read.

use std::fs;

use sea_orm::{ConnectOptions, ConnectionTrait, Database};
use serde_json::Value;

use super::plan::{Access, Execution};
use crate::harness::postgres::log;

/// Lets new connections to a database log the plan of each statement.
pub(super) async fn explain(url: &str, is_large: bool) {
    let name = name(url);
    // On one connection, which was made before the settings.
    let mut options = ConnectOptions::new(url);
    options.max_connections(1);
    let db = Database::connect(options).await.unwrap();
    if !is_large {
        db.execute_unprepared(&INDEXES_COUNT.replace("{name}", name)).await.unwrap();
    }
    for (setting, value) in [
        ("session_preload_libraries", "auto_explain"),
        ("auto_explain.log_min_duration", "0"),
        ("auto_explain.log_analyze", "on"),
        ("auto_explain.log_timing", "off"),
        ("auto_explain.log_format", "json"),
        ("auto_explain.log_nested_statements", "on"),
        // Short statements are not worth compiling, and their plans are the same.
        ("jit", "off"),
    ] {
        db.execute_unprepared(&format!("ALTER DATABASE {name} SET {setting} = '{value}'")).await.unwrap();
    }
    db.close().await.unwrap();
}

/// A small table is read faster as a whole, and nearly all of its rows may be the wanted ones. Whether an index leads to each
/// row is what counts. Statistics stay as they were when the tables were filled, or plans would change in the middle.
const INDEXES_COUNT: &str = "
ALTER DATABASE {name} SET enable_seqscan = off;
ALTER DATABASE {name} SET enable_bitmapscan = off;
DO $$ DECLARE grown text; BEGIN
    FOR grown IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('ALTER TABLE %I SET (autovacuum_enabled = off)', grown);
    END LOOP;
END $$";

/// Lets new connections plan and log as usual.
pub(super) async fn reset(url: &str) {
    let db = Database::connect(url).await.unwrap();
    db.execute_unprepared(&format!("ALTER DATABASE {} RESET ALL", name(url))).await.unwrap();
    db.close().await.unwrap();
}

/// The statements of a database that were logged so far.
pub(super) fn executions(url: &str) -> Vec<Execution> {
    let log = fs::read(log()).unwrap();
    let log = String::from_utf8_lossy(&log);
    let start = format!("{} LOG:  duration: ", name(url));
    let mut executions = Vec::new();
    let mut lines = log.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(duration) = line.strip_prefix(&start).and_then(|rest| rest.strip_suffix(" ms  plan:")) else {
            continue;
        };
        let mut plan = String::new();
        while let Some(line) = lines.next_if(|line| line.starts_with('\t')) {
            plan.push_str(line);
        }
        let plan: Value = serde_json::from_str(&plan).unwrap_or_else(|error| panic!("{error}: {plan}"));
        let mut execution = Execution {
            sql: plan["Query Text"].as_str().unwrap().to_owned(),
            milliseconds: duration.parse().unwrap(),
            accesses: Vec::new(),
        };
        collect(&plan["Plan"], &mut execution.accesses);
        executions.push(execution);
    }
    executions
}

fn collect(node: &Value, accesses: &mut Vec<Access>) {
    let number = |field: &str| node[field].as_f64().unwrap_or_default();
    let kind = node["Node Type"].as_str().unwrap();
    let rows = number("Actual Rows") + number("Rows Removed by Filter") + number("Rows Removed by Index Recheck");
    let rows = rows * number("Actual Loops");
    // The scan of an index for a bitmap names no table.
    let table = node.get("Relation Name").or_else(|| node.get("Index Name"));
    if let Some(table) = table.and_then(Value::as_str).filter(|_| kind.ends_with("Scan")) {
        accesses.push(Access { table: table.to_owned(), scan: kind == "Seq Scan", rows });
    }
    for child in node["Plans"].as_array().into_iter().flatten() {
        collect(child, accesses);
    }
}

fn name(url: &str) -> &str {
    url.rsplit_once('/').unwrap().1
}
