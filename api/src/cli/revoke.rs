//! `patch-hive revoke`

use clap::Args;

use super::{failure::Failure, output::say};
use crate::{
    accounts,
    clock::Clock,
    config::{DatabaseVariables, Problems},
    server,
};

/// Revoke all tokens of a user
///
/// Revokes every token of the user, and the roles service and admin. Open websockets and event streams are closed.
/// Running gateways notice within a second or two. The user can log in again.
///
/// Example:
///
///     patch-hive revoke --email ops@patchhive.example
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Revoke {
    /// Email of the user
    #[arg(long)]
    email: String,
    #[command(flatten)]
    database: DatabaseVariables,
}

impl Revoke {
    pub(super) async fn run(self, problems: Problems) -> Result<(), Failure> {
        let settings = self.database.check(problems)?;
        let database = server::look(&settings).await?;
        accounts::revoke(database.write(), &self.email, Clock::default().wall()).await?;
        database.close().await?;
        say(format_args!("All tokens of {} were revoked.", self.email));
        Ok(())
    }
}
