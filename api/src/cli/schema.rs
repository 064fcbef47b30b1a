//! `patch-hive schema`

use clap::Args;

use super::{failure::Failure, output::say};
use crate::graphql;

/// Print the GraphQL schema
///
/// Prints the schema in GraphQL's own language, for clients that generate types from it. Needs no settings.
///
/// Example:
///
///     patch-hive schema > schema.graphql
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Schema {}

impl Schema {
    #[expect(clippy::unused_self, reason = "every command runs alike")]
    #[expect(clippy::unnecessary_wraps, reason = "every command runs alike")]
    pub(super) fn run(self) -> Result<(), Failure> {
        say(graphql::sdl().trim_end());
        Ok(())
    }
}
