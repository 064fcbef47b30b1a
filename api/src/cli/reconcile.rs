//! `patch-hive reconcile`

use chrono::TimeDelta;
use clap::Args;

use super::{failure::Failure, output::say};
use crate::{
    clock::Clock,
    config::{Problems, Variables},
    server, sync,
};

/// Reconcile with Stripe
///
/// Lists the events that Stripe could not deliver, and subscriptions, paid checkouts, paid invoices, refunds and disputes;
/// applies what is missing, as webhooks would; and prints a report. The gateway does the same at its start and every
/// `RECONCILE_INTERVAL_MINUTES`. It reads the settings of `serve`. On PostgreSQL it can run while `serve` does; a SQLite
/// file belongs to the process that serves it.
///
/// Exit codes: 0 if nothing was missing; 1 if something was missing and has been applied; 2 if something could not be read
/// or applied, or a setting is wrong.
///
/// Example, after the endpoint was disabled for two weeks:
///
///     patch-hive reconcile --since 15
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Reconcile {
    /// Days to look back, 1 to 3650; Stripe keeps events for 30
    #[arg(long, default_value = "35", value_name = "DAYS", value_parser = clap::value_parser!(i64).range(1..=3650))]
    since: i64,
    #[command(flatten)]
    variables: Variables,
}

impl Reconcile {
    pub(super) async fn run(self, problems: Problems) -> Result<(), Failure> {
        let config = self.variables.check(problems)?;
        // Exit code 1 means that something was missing, so other failures have code 2.
        let unfinished = |failure: Failure| Failure::Unfinished(failure.to_string());
        let app = server::open(config, Clock::default()).await.map_err(|error| unfinished(error.into()))?;
        let report = sync::reconcile(&app, TimeDelta::days(self.since)).await;
        server::close(&app).await;
        let report = report.map_err(|error| unfinished(error.into()))?;
        say(report.to_string().trim_end());
        if !report.whole() {
            return Err(Failure::Unfinished("reconciliation is incomplete: see the log".to_owned()));
        }
        if report.clean() {
            Ok(())
        } else {
            Err(Failure::Runtime("something was missing and has been applied".to_owned()))
        }
    }
}
