//! Renders the table of results, and reads and writes stored runs.

use std::{fmt::Write, fs, path::Path, time::Duration};

use serde::{Deserialize, Serialize};

use crate::Failure;

/// The figures of one workload.
#[derive(Deserialize, Serialize)]
pub(crate) struct Figures {
    /// Requests per second.
    rate: f64,
    /// Median latency in milliseconds.
    p50: f64,
    /// 99th percentile of the latency, in milliseconds.
    p99: f64,
    /// CPU seconds of the gateway per 1,000 requests.
    cpu: f64,
    /// Memory of each idle socket, in KiB.
    memory: Option<f64>,
    /// CPU of the gateway while all sockets are idle, in percent of a core.
    idle: Option<f64>,
}

/// The figures of one workload on one database.
#[derive(Deserialize, Serialize)]
pub(crate) struct Row {
    database: String,
    work: String,
    #[serde(flatten)]
    figures: Figures,
}

impl Figures {
    /// Computes the figures from the duration of each request, the elapsed time, and the gateway's CPU seconds.
    pub(crate) fn of(times: &mut [Duration], elapsed: Duration, cpu: f64) -> Self {
        times.sort_unstable();
        let count = f64::from(u32::try_from(times.len()).unwrap_or(u32::MAX));
        let at = |percent: usize| times.get(times.len().saturating_sub(1) * percent / 100).map_or(0.0, milliseconds);
        let (p50, p99) = (at(50), at(99));
        let (rate, cpu) = (count / elapsed.as_secs_f64(), cpu * 1000.0 / count.max(1.0));
        Self { rate, p50, p99, cpu, memory: None, idle: None }
    }

    /// Adds the cost of the idle sockets: KiB per socket, and the gateway's CPU in percent of a core.
    pub(crate) fn with_sockets(self, memory: f64, idle: f64) -> Self {
        Self { memory: Some(memory), idle: Some(idle), ..self }
    }

    pub(crate) fn named(self, database: &str, work: &str) -> Row {
        Row { database: database.to_owned(), work: work.to_owned(), figures: self }
    }
}

fn milliseconds(time: &Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Reads a stored run.
pub(crate) fn read(path: &Path) -> Result<Vec<Row>, Failure> {
    Ok(serde_json::from_str(&fs::read_to_string(path)?)?)
}

/// Stores a run.
pub(crate) fn write(path: &Path, rows: &[Row]) -> Result<(), Failure> {
    Ok(fs::write(path, serde_json::to_string_pretty(rows)?)?)
}

/// Renders a Markdown table below a line that describes the machine.
pub(crate) fn render(machine: &str, rows: &[Row], against: Option<&[Row]>) -> String {
    let mut table = format!(
        "{machine}\n\n\
         | database | workload | per second | p50 ms | p99 ms | gateway CPU s/1,000 | KiB per socket | idle, % of a core |{}\n\
         |---|---|---:|---:|---:|---:|---:|---:|{}\n",
        if against.is_some() { " rate / stored run | CPU / stored run |" } else { "" },
        if against.is_some() { "---:|---:|" } else { "" },
    );
    for row in rows {
        let of_sockets = |figure: Option<f64>| figure.map(|figure| format!("{figure:.1}")).unwrap_or_default();
        let compared = against.map(|stored| compare(row, stored)).unwrap_or_default();
        let Row { database, work, figures: Figures { rate, p50, p99, cpu, memory, idle } } = row;
        let (memory, idle) = (of_sockets(*memory), of_sockets(*idle));
        // Writing to a string cannot fail.
        let _ = writeln!(
            table,
            "| {database} | {work} | {rate:.0} | {p50:.2} | {p99:.2} | {cpu:.3} | {memory} | {idle} |{compared}"
        );
    }
    table
}

fn compare(row: &Row, stored: &[Row]) -> String {
    match stored.iter().find(|stored| stored.database == row.database && stored.work == row.work) {
        Some(Row { figures: stored, .. }) => {
            format!(" {:.2} x | {:.2} x |", row.figures.rate / stored.rate, row.figures.cpu / stored.cpu)
        }
        None => " | |".to_owned(),
    }
}
