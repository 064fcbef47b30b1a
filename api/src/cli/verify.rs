//! `patch-hive verify`

use clap::Args;

use super::{failure::Failure, output::say};
use crate::{config::DatabaseVariables, ledger, server};

/// Prove the books
///
/// Proves from the rows that every balance is the sum of its ledger, that nothing was booked twice, and the rest of what
/// must hold, in one snapshot and without writing. Ends with exit code 1 when something does not hold.
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
    pub(super) async fn run(self) -> Result<(), Failure> {
        let settings = self.database.check().map_err(Failure::Settings)?;
        let database = server::look(&settings).await?;
        let report = ledger::verify(&database).await?;
        database.close().await?;
        say(report.to_string().trim_end());
        if report.holds() { Ok(()) } else { Err(Failure::Runtime("the books do not hold".to_owned())) }
    }
}
