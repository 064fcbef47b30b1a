//! Measures a release build of the gateway on PostgreSQL and on SQLite, for some seconds per workload.
//!
//! ```sh
//! cargo build --release && cargo run --release -p patch-hive-bench -- --save run.json
//! cargo run --release -p patch-hive-bench -- --against run.json
//! ```
//!
//! The gateway, the database and this program share the machine, so compare only runs on the same machine. CPU seconds
//! per 1,000 requests vary less than rates. Every response is checked, and at the end `patch-hive verify` verifies the
//! ledger.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program whose output is a table")]

mod caller;
mod fanout;
mod gateway;
mod load;
mod machine;
mod postgres;
mod secret;
mod seed;
mod table;
mod works;

use std::{
    error::Error,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Parser;

use crate::{
    gateway::Gateway,
    postgres::Postgres,
    table::{Figures, Row},
};

/// Any error of this program. Its message is printed to the terminal.
type Failure = Box<dyn Error + Send + Sync>;

/// Measures a release build of the gateway.
#[derive(Parser)]
struct Options {
    /// Path of the gateway's binary; defaults to patch-hive beside this program
    #[arg(long)]
    gateway: Option<PathBuf>,
    /// Seconds per workload
    #[arg(long, default_value = "5")]
    seconds: u64,
    /// Number of concurrent callers
    #[arg(long, default_value = "64")]
    callers: usize,
    /// Number of users; raised to the number of sockets if it is lower
    #[arg(long, default_value = "5000")]
    users: i64,
    /// Number of websockets that watch balances
    #[arg(long, default_value = "500")]
    sockets: usize,
    /// Measure only this database: sqlite or postgres
    #[arg(long)]
    database: Option<String>,
    /// File of a stored run to compare with
    #[arg(long)]
    against: Option<PathBuf>,
    /// File to store this run in
    #[arg(long)]
    save: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let options = Options::parse();
    rlimit::increase_nofile_limit(rlimit::INFINITY)?;
    let program = match &options.gateway {
        Some(path) => path.clone(),
        None => std::env::current_exe()?.with_file_name("patch-hive"),
    };
    if !program.exists() {
        return Err(format!("{} does not exist: run cargo build --release first", program.display()).into());
    }
    let mut rows = Vec::new();
    if options.database.as_deref() != Some("sqlite") {
        match Postgres::start().await? {
            Some(server) => rows.extend(measure("postgres", server.url(), &program, &options).await?),
            None => eprintln!("PostgreSQL is not installed; only SQLite is measured"),
        }
    }
    if options.database.as_deref() != Some("postgres") {
        let folder = tempfile::tempdir()?;
        let url = format!("sqlite:{}", folder.path().join("bench.db").display());
        rows.extend(measure("sqlite", &url, &program, &options).await?);
    }
    let against = options.against.as_deref().map(table::read).transpose()?;
    println!("{}", table::render(&machine::describe(), &rows, against.as_deref()));
    if let Some(path) = &options.save {
        table::write(path, &rows)?;
    }
    Ok(())
}

async fn measure(database: &str, url: &str, program: &Path, options: &Options) -> Result<Vec<Row>, Failure> {
    let users = options.users.max(i64::try_from(options.sockets)?);
    gateway::migrate(program, url).await?;
    seed::fill(url, users).await?;
    let gateway = Gateway::start(program, url).await?;
    let time = Duration::from_secs(options.seconds);
    let mut rows = Vec::new();
    for work in works::all(users) {
        eprintln!("{database}: {}", work.name);
        let callers = if work.alone { 1 } else { options.callers };
        rows.push(load::run(&gateway, &work, callers, time).await?.named(database, work.name));
    }
    // A fresh process: memory that earlier workloads left behind would be attributed to the sockets, or hide their memory.
    gateway.stop().await?;
    let gateway = Gateway::start(program, url).await?;
    rows.push(
        Figures::of(&mut [gateway.start], gateway.start, gateway.cpu()?).named(database, "start, to the first answer"),
    );
    eprintln!("{database}: push");
    rows.push(fanout::run(&gateway, options.sockets, time).await?.named(database, "push"));
    gateway.stop().await?;
    gateway::verify(program, url).await?;
    Ok(rows)
}
