//! Nothing that the gateway does reads more rows the longer it runs: neither requests and webhooks nor jobs.
//!
//! The database is filled as if many subscribers had used the gateway for months, and then a story is played that makes the
//! gateway issue every statement it has. No list of statements is kept: PostgreSQL logs the plan of each statement that it
//! ran, with the rows it read, and for SQLite the gateway's own trace of statements is explained. `verify` is left out, as
//! it proves the whole ledger.
//!
//! `PATCH_HIVE_TEST_SUBSCRIBERS=100000` fills in so many subscribers with two years of history, and reports the slowest
//! statements and how long `verify` takes.

pub(crate) mod fill;
mod plan;
mod postgres;
mod sqlite;
mod story;
mod usage;

use std::time::{Duration, Instant};

use patch_hive::{
    config::{Config, Mail},
    ledger,
};
use sea_orm::{ConnectionTrait, Statement};
use tracing::Dispatch;

use self::{
    fill::{Size, fill},
    plan::{Execution, Statements},
};
use crate::{
    account::mail::MailServer,
    harness::{TestApp, folder, rng},
};

/// The variable with the number of subscribers.
pub(crate) const SUBSCRIBERS: &str = "PATCH_HIVE_TEST_SUBSCRIBERS";

/// A statement that no index helps: what it does must be noticed.
const CONTROL: &str = "SELECT id FROM users WHERE username = 'filled1'";

/// Statements without which the story was not played.
const LEAST: usize = 150;

/// Far less than a proof needs that compares each row with each other one.
const VERIFIED_WITHIN: Duration = Duration::from_mins(1);

fn is_large() -> bool {
    rng::number(SUBSCRIBERS).is_some()
}

fn size() -> Size {
    match rng::number(SUBSCRIBERS) {
        Some(users) => Size { users: i64::try_from(users).unwrap(), months: 24, current: 31 },
        None => Size { users: 20_150, months: 2, current: 201 },
    }
}

/// Plays the story on a filled database.
async fn plays(folder: tempfile::TempDir, url: String) -> TestApp {
    let mail = MailServer::start().await;
    let settings = |config: &mut Config| {
        config.mail = Mail::Smtp { url: mail.url.clone().into(), from: "no-reply@pages.example".to_owned() };
        "https://pages.example/".clone_into(&mut config.public_url);
        // Most webhooks are older, so there is much to delete.
        config.webhook_retention = Duration::from_hours(30 * 24);
    };
    let app = TestApp::start(folder, url, settings).await;
    story::plays(&app, mail).await;
    let inside = app.inside().await;
    let control = Statement::from_string(inside.database.backend(), CONTROL);
    inside.database.read().query_all_raw(control).await.unwrap();
    app
}

async fn proves(app: TestApp, executions: Vec<Execution>) {
    let statements = Statements::of(executions);
    eprintln!("{statements}");
    assert!(statements.0.len() >= LEAST, "{} statements", statements.0.len());
    let mut faults = statements.faults();
    let control = faults.iter().position(|fault| fault.ends_with(CONTROL)).expect("a scan was not noticed");
    faults.remove(control);
    assert!(faults.is_empty(), "{} statements read too much:\n{}", faults.len(), faults.join("\n"));
    assert_eq!(statements.unused_exceptions(), [""; 0]);
    let inside = app.inside().await;
    let start = Instant::now();
    let report = ledger::verify(&inside.database, inside.clock.wall()).await.unwrap();
    assert!(report.holds(), "{report}");
    let elapsed = start.elapsed();
    eprintln!("verified {} entries in {elapsed:?}", report.entries);
    assert!(is_large() || elapsed < VERIFIED_WITHIN, "{elapsed:?} for {} entries", report.entries);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_statement_scans_a_table_that_grows_on_postgres() {
    let Some(url) = crate::harness::postgres::database().await else { return };
    fill(&url, size()).await;
    postgres::explain(&url, is_large()).await;
    let app = plays(folder(), url.clone()).await;
    let executions = postgres::executions(&url);
    postgres::reset(&url).await;
    app.restarts().await;
    proves(app, executions).await;
}

/// On one thread, for which the statements are recorded.
#[tokio::test]
async fn no_statement_scans_a_table_that_grows_on_sqlite() {
    let folder = folder();
    let url = crate::harness::sqlite::database(folder.path()).await;
    fill(&url, size()).await;
    let recorder = sqlite::Recorder::default();
    let recording = Dispatch::new(recorder.clone());
    let _recording = tracing::dispatcher::set_default(&recording);
    // While there is only one, a statement that another test's thread runs first is disabled for all threads.
    let _second = Dispatch::new(recorder.clone());
    let app = plays(folder, url.clone()).await;
    let executions = recorder.executions(&url).await;
    proves(app, executions).await;
}
