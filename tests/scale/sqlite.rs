//! The statements that SQLite is given, and its plans for them.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use super::plan::{Access, Execution};

/// Records the statements that the gateway traces.
#[derive(Clone, Default)]
pub(super) struct Recorder(Arc<Mutex<Vec<Execution>>>);

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "patch_hive::database" && *metadata.level() == Level::TRACE
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut execution = Execution::default();
        event.record(&mut execution);
        self.0.lock().unwrap().push(execution);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

impl Visit for Execution {
    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "sql" {
            value.clone_into(&mut self.sql);
        }
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        if field.name() == "microseconds" {
            self.milliseconds = f64::from(u32::try_from(value).unwrap()) / 1000.0;
        }
    }
}

impl Recorder {
    /// The recorded statements, with the plans that SQLite makes for them.
    pub(super) async fn executions(&self, url: &str) -> Vec<Execution> {
        let mut executions = self.0.lock().unwrap().clone();
        let db = Database::connect(url).await.unwrap();
        for execution in &mut executions {
            let is_planned = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"];
            if is_planned.iter().any(|word| execution.sql.trim_start().starts_with(word)) {
                let explain = format!("EXPLAIN QUERY PLAN {}", execution.sql);
                let plan = db.query_all_raw(Statement::from_string(DbBackend::Sqlite, explain)).await.unwrap();
                let details = plan.iter().map(|row| row.try_get::<String>("", "detail").unwrap());
                execution.accesses = details.filter_map(|detail| access(&execution.sql, &detail)).collect();
            }
        }
        db.close().await.unwrap();
        executions
    }
}

/// The access that a step of a plan makes. A walk along an index that stops after a number of rows is no scan.
fn access(sql: &str, detail: &str) -> Option<Access> {
    let table = detail.strip_prefix("SCAN ")?.split(' ').next()?;
    let is_subquery =
        table.starts_with('(') || [") AS ", "WITH "].iter().any(|start| sql.contains(&format!("{start}{table}")));
    // `9-ROW VALUES CLAUSE` and `9 CONSTANT ROWS` are rows of the statement itself.
    let is_of_statement = table.starts_with(|first: char| first.is_ascii_digit());
    let is_row_source = is_subquery || is_of_statement || ["CONSTANT", "json_each", "due"].contains(&table);
    let walks = sql.contains(" LIMIT ") && !sql.contains(" WHERE ");
    (!is_row_source && !walks).then(|| Access { table: table.to_owned(), scan: true, rows: 0.0 })
}
