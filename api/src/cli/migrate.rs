//! `patch-hive migrate up|down|status`

use clap::{Args, Subcommand};

use super::{failure::Failure, output::say};
use crate::{
    config::DatabaseVariables,
    database::{Access, Database},
    server,
};

/// Bring the database to its present form, or back
///
/// Several processes may do so at once: one does the work, the others wait for it.
///
/// Example:
///
///     patch-hive migrate up --database-url postgres://localhost/patch_hive
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub(super) enum Migrate {
    /// Apply every pending step: all of them, or none; the tables of an existing Patch-Hive are adopted
    Up(Where),
    /// Undo the newest steps, and forget what only they can hold; an adopted database gets its old shape back
    Down(Down),
    /// List every step, and whether it is applied
    Status(Where),
}

#[derive(Args)]
pub(super) struct Where {
    #[command(flatten)]
    database: DatabaseVariables,
}

#[derive(Args)]
pub(super) struct Down {
    /// How many steps
    #[arg(long, default_value = "1")]
    steps: u32,
    /// Even when the gateway has booked entries, which lose what they rest on
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    database: DatabaseVariables,
}

impl Migrate {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let variables = match &self {
            Self::Up(at) | Self::Status(at) => &at.database,
            Self::Down(down) => &down.database,
        };
        let settings = variables.clone().check().map_err(Failure::Settings)?;
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
