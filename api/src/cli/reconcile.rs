//! `patch-hive reconcile`

use chrono::TimeDelta;
use clap::Args;

use super::{failure::Failure, output::say};
use crate::{clock::Clock, config::Variables, server, settle};

/// Compare with Stripe, and mend what is missing
///
/// Asks Stripe for the events that it could not deliver, and for subscriptions, paid checkouts, paid invoices, refunds and
/// disputes; brings what is missing here through the door by which webhooks come; and prints what was found. The gateway
/// does the same when it starts and every `RECONCILE_INTERVAL_MINUTES`. It reads the settings of `serve`, and may run beside it
/// on PostgreSQL; a SQLite file is looked after by the process that serves it.
///
/// Exit code 0: nothing was missing. 1: something was, and is mended. 2: something could not be asked for or settled, or a
/// setting is wrong.
///
/// Example, after an endpoint was disabled for two weeks:
///
///     patch-hive reconcile --since 15
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Reconcile {
    /// How many days to look back, 1 to 3650; Stripe keeps events for 30
    #[arg(long, default_value = "35", value_name = "DAYS", value_parser = clap::value_parser!(i64).range(1..=3650))]
    since: i64,
    #[command(flatten)]
    variables: Variables,
}

impl Reconcile {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let config = self.variables.check().map_err(Failure::Settings)?;
        // Whatever keeps it from looking is told by the code for that.
        let unfinished = |failure: Failure| Failure::Unfinished(failure.to_string());
        let app = server::open(config, Clock::default()).await.map_err(|error| unfinished(error.into()))?;
        let report = settle::reconcile(&app, TimeDelta::days(self.since)).await;
        server::close(&app).await;
        let report = report.map_err(|error| unfinished(error.into()))?;
        say(report.to_string().trim_end());
        if !report.whole() {
            return Err(Failure::Unfinished("not everything could be looked at and mended: see the log".to_owned()));
        }
        if report.clean() { Ok(()) } else { Err(Failure::Runtime("something was missing, and is mended".to_owned())) }
    }
}
