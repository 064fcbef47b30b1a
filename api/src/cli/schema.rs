//! `patch-hive schema`

use clap::Args;

use super::{failure::Failure, output::say};
use crate::{config::Problems, graphql};

/// Print the GraphQL schema
///
/// Prints the schema in GraphQL's schema definition language. Clients generate types from it. Needs no settings.
///
/// Example:
///
///     patch-hive schema > schema.graphql
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Schema {}

impl Schema {
    #[expect(clippy::unused_self, reason = "all commands have the same signature")]
    pub(super) fn run(self, problems: Problems) -> Result<(), Failure> {
        problems.none_or(())?;
        say(graphql::sdl().trim_end());
        Ok(())
    }
}
