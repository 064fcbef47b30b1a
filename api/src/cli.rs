//! The command line, one file per command. A command reads its settings, makes one call and prints the result.

mod dev;
mod failure;
mod health;
mod log;
mod migrate;
mod output;
mod reconcile;
mod revoke;
mod sandbox;
mod schema;
mod serve;
mod setup;
mod signals;
mod token;
mod verify;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, error::ErrorKind};

use self::{failure::Failure, output::complain};
use crate::{
    config::{self, LogVariables, Problems},
    telemetry,
};

/// The billing gateway of Patch-Hive: a GraphQL API over Stripe, with live balances.
#[derive(Parser)]
#[command(
    name = "patch-hive",
    version,
    about = "The billing gateway of Patch-Hive: a GraphQL API over Stripe, with live balances",
    long_about = "The billing gateway of Patch-Hive: a GraphQL API over Stripe, with live balances.\n\n\
                  To try it without any settings:\n\n    patch-hive dev\n\n\
                  Every setting is a flag and an environment variable. Variables may also be set in a file .env in the \
                  working folder. Pass secrets as variables, not as flags."
)]
struct Cli {
    #[command(flatten)]
    log: LogVariables,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
#[expect(clippy::large_enum_variant, reason = "one is made in the life of the process")]
enum Command {
    Serve(Box<serve::Serve>),
    Dev(dev::Dev),
    Sandbox(sandbox::Sandbox),
    #[command(subcommand)]
    Migrate(migrate::Migrate),
    Schema(schema::Schema),
    Verify(verify::Verify),
    Token(token::Token),
    Revoke(revoke::Revoke),
    Health(health::Health),
    Reconcile(Box<reconcile::Reconcile>),
    StripeSetup(setup::StripeSetup),
}

/// Default of `LOG`. With it, `dev` logs no requests, so that its banner stays visible; with `debug`, it does.
const DEFAULT_FILTER: &str = "info";

/// Runs the command that the command line names.
#[must_use]
pub fn run() -> ExitCode {
    // Before everything else: no other thread may run while variables are added to the environment.
    let read = config::read_dotenv().map_err(Failure::Settings);
    let outcome = read.and_then(|()| match Cli::read() {
        Ok(cli) => cli.run(),
        Err(error) => match error.kind() {
            ErrorKind::ValueValidation | ErrorKind::InvalidValue => Err(Failure::Settings(first_line(&error))),
            // clap prints help, the version and usage errors itself.
            _ => error.exit(),
        },
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            complain(&failure);
            failure.code()
        }
    }
}

impl Cli {
    fn read() -> Result<Self, clap::Error> {
        let matches = config::without_values(Self::command()).try_get_matches()?;
        Self::from_arg_matches(&matches)
    }

    fn run(self) -> Result<(), Failure> {
        let mut problems = Problems::default();
        let mut log = self.log.take(&mut problems);
        if matches!(self.command, Command::Dev(_)) && log.filter == DEFAULT_FILTER {
            log.filter = format!("{DEFAULT_FILTER},{}=warn", telemetry::ACCESS);
        }
        let spans = log::start(&log)?;
        let outcome = self.command.run(problems);
        if let Some(spans) = spans {
            spans.flush();
        }
        outcome
    }
}

impl Command {
    /// Runs the command unless a setting has a problem. `problems` holds those found before the command's own.
    fn run(self, problems: Problems) -> Result<(), Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::Runtime(format!("cannot start threads: {error}")))?;
        runtime.block_on(async {
            match self {
                Self::Serve(command) => Box::pin(command.run(problems)).await,
                Self::Dev(command) => Box::pin(command.run(problems)).await,
                Self::Sandbox(command) => command.run(problems).await,
                Self::Migrate(command) => command.run(problems).await,
                Self::Schema(command) => command.run(problems),
                Self::Verify(command) => command.run(problems).await,
                Self::Token(command) => command.run(problems).await,
                Self::Revoke(command) => command.run(problems).await,
                Self::Health(command) => command.run(problems).await,
                Self::Reconcile(command) => Box::pin(command.run(problems)).await,
                Self::StripeSetup(command) => Box::pin(command.run(problems)).await,
            }
        })
    }
}

fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
