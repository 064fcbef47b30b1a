//! `patch-hive verify`

use clap::Args;

use super::{failure::Failure, output::say};
use crate::{
    clock::Clock,
    config::{DatabaseVariables, Problems},
    ledger, server,
};

/// Verify the ledger
///
/// Checks that every balance is the sum of its ledger entries, that nothing was posted twice, and all other invariants. It
/// reads one snapshot and writes nothing. The exit code is 1 if the verification fails.
///
/// Example:
///
///     patch-hive verify --database-url sqlite:patch-hive.db
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Verify {
    #[command(flatten)]
    database: DatabaseVariables,
}

impl Verify {
    pub(super) async fn run(self, problems: Problems) -> Result<(), Failure> {
        let settings = self.database.check(problems)?;
        let database = server::look(&settings).await?;
        let report = ledger::verify(&database, Clock::default().wall()).await?;
        database.close().await?;
        say(report.to_string().trim_end());
        if report.holds() { Ok(()) } else { Err(Failure::Runtime("ledger verification failed".to_owned())) }
    }
}
