//! Statements that the gateway issued, with what the database read for them.

use std::{collections::BTreeMap, fmt};

/// The largest number of rows that a statement may read at a time. The gateway's batches have at most 500.
const MOST: f64 = 600.0;

/// Statements that read more than a batch, each with the reason.
const EXCEPTIONS: [(&str, &str); 2] = [
    ("LOWER(\"email\") LIKE", "an operator searches for a part of a name, which no common index finds"),
    ("MAX(substr(\"password_hash\"", "each process looks up the most expensive hash once, at its first login"),
];

/// Tables that do not grow.
const SMALL: [&str; 7] = [
    "seaql_migrations",
    "sqlite_master",
    "stripe_marks",
    "stripe_look_fence",
    "event_endpoints",
    "event_relay",
    // Emptied several times a second.
    "pending_events",
];

/// One execution of a statement.
#[derive(Clone, Debug, Default)]
pub(super) struct Execution {
    pub(super) sql: String,
    pub(super) milliseconds: f64,
    /// For each access to a table its name, how it was read, and how many rows were read.
    pub(super) accesses: Vec<Access>,
}

#[derive(Clone, Debug)]
pub(super) struct Access {
    pub(super) table: String,
    /// True if no index led to the rows.
    pub(super) scan: bool,
    pub(super) rows: f64,
}

impl Access {
    fn is_too_much(&self) -> bool {
        let grows = !SMALL.contains(&self.table.as_str()) && !self.table.starts_with("pg_");
        grows && (self.scan || self.rows > MOST)
    }
}

/// All executions of one statement.
#[derive(Clone, Debug, Default)]
pub(super) struct Summary {
    pub(super) times: usize,
    pub(super) slowest: f64,
    /// The accesses of the slowest execution.
    pub(super) accesses: Vec<Access>,
    pub(super) fault: Option<String>,
}

/// All statements that were issued, by their text.
#[derive(Clone, Debug, Default)]
pub(super) struct Statements(pub(super) BTreeMap<String, Summary>);

impl Statements {
    pub(super) fn of(executions: impl IntoIterator<Item = Execution>) -> Self {
        let mut statements = BTreeMap::<String, Summary>::new();
        for execution in executions {
            let fault = execution.accesses.iter().find(|access| access.is_too_much());
            let summary = statements.entry(execution.sql).or_default();
            summary.times += 1;
            if execution.milliseconds > summary.slowest {
                summary.slowest = execution.milliseconds;
                summary.accesses.clone_from(&execution.accesses);
            }
            if let Some(Access { table, scan, rows }) = fault {
                let how = if *scan { "scans" } else { "reads too many rows of" };
                summary.fault = Some(format!("{how} {table} ({rows} rows)"));
            }
        }
        Self(statements)
    }

    /// The statements that read too much without a reason, in words.
    pub(super) fn faults(&self) -> Vec<String> {
        let unexcused = self.0.iter().filter(|(sql, _)| !EXCEPTIONS.iter().any(|(part, _)| sql.contains(part)));
        unexcused.filter_map(|(sql, summary)| Some(format!("{}: {sql}", summary.fault.as_ref()?))).collect()
    }

    /// The exceptions that belong to no statement.
    pub(super) fn unused_exceptions(&self) -> Vec<&'static str> {
        let is_used = |part: &str| self.0.keys().any(|sql| sql.contains(part));
        EXCEPTIONS.iter().map(|(part, _)| *part).filter(|part| !is_used(part)).collect()
    }
}

/// The slowest statements.
impl fmt::Display for Statements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut slowest: Vec<_> = self.0.iter().collect();
        slowest.sort_by(|(_, a), (_, b)| b.slowest.total_cmp(&a.slowest));
        writeln!(f, "{} statements; the slowest:", slowest.len())?;
        for (sql, Summary { times, slowest, accesses, .. }) in slowest.into_iter().take(25) {
            writeln!(f, "{slowest:>9.3} ms {times:>6} times  {sql}")?;
            for Access { table, scan, rows } in accesses {
                writeln!(f, "{:>26} {} {rows} rows of {table}", "", if *scan { "scanned" } else { "read" })?;
            }
        }
        Ok(())
    }
}
