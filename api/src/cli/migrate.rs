//! `patch-hive migrate up|down|status`

use clap::{Args, Subcommand};

use super::{failure::Failure, output::say};
use crate::{
    config::{DatabaseVariables, Problems},
    database::{Access, Database},
    server,
};

/// Apply or roll back database migrations
///
/// Several processes may run it at once: one applies the migrations, the others wait.
///
/// Example:
///
///     patch-hive migrate up --database-url postgres://localhost/patch_hive
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub(super) enum Migrate {
    /// Apply all pending migrations in one transaction; adopts the tables of an existing Patch-Hive
    Up(Where),
    /// Roll back the newest migrations and the data only they can hold; restores the tables of an adopted database
    Down(Down),
    /// List all migrations and their status
    Status(Where),
}

#[derive(Args)]
pub(super) struct Where {
    #[command(flatten)]
    database: DatabaseVariables,
}

#[derive(Args)]
pub(super) struct Down {
    /// Number of migrations to roll back
    #[arg(long, default_value = "1")]
    steps: u32,
    /// Roll back even if ledger entries exist that depend on the migrations
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    database: DatabaseVariables,
}

impl Migrate {
    pub(super) async fn run(self, problems: Problems) -> Result<(), Failure> {
        let variables = match &self {
            Self::Up(at) | Self::Status(at) => &at.database,
            Self::Down(down) => &down.database,
        };
        let settings = variables.clone().check(problems)?;
        let access = if matches!(self, Self::Status(_)) { Access::Look } else { Access::Own };
        let database = Database::connect(&settings, access).await.map_err(server::Error::Open)?;
        let migrated = match self {
            Self::Up(_) => migration::up(database.write()).await,
            Self::Down(Down { steps, force: false, .. }) => migration::down(database.write(), steps).await,
            Self::Down(Down { steps, force: true, .. }) => migration::force_down(database.write(), steps).await,
            Self::Status(_) => Ok(()),
        };
        migrated.map_err(server::Error::Migrate)?;
        for step in migration::status(database.write()).await? {
            say(format_args!("{:8} {}", step.status.to_string().to_lowercase(), step.name));
        }
        database.close().await?;
        Ok(())
    }
}
