//! The command line, a file a command. A command reads its settings, makes one call and says what came of it.

mod dev;
mod failure;
mod health;
mod log;
mod migrate;
mod output;
mod reconcile;
mod sandbox;
mod schema;
mod serve;
mod setup;
mod signals;
mod token;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand, error::ErrorKind};

use self::{failure::Failure, output::complain};
use crate::config::{self, LogFormat};

/// The billing gateway of Patch-Hive: a GraphQL API over Stripe, with live balances.
#[derive(Parser)]
#[command(
    name = "patch-hive",
    version,
    about = "The billing gateway of Patch-Hive: a GraphQL API over Stripe, with live balances",
    long_about = "The billing gateway of Patch-Hive: a GraphQL API over Stripe, with live balances.\n\n\
                  To try it, with nothing to set up:\n\n    patch-hive dev\n\n\
                  Everything that can be set is a flag and a variable of the environment, which may stand in a file .env \
                  in the working folder. Secrets are best given as variables."
)]
struct Cli {
    /// How logs are written, to standard error
    #[arg(
        long,
        env = "LOG_FORMAT",
        hide_env_values = true,
        global = true,
        help_heading = "Logs",
        default_value = "pretty"
    )]
    log_format: LogFormat,
    /// What is logged: a level, or levels by module, such as `info,patch_hive=debug`
    #[arg(long, env = "LOG", hide_env_values = true, global = true, help_heading = "Logs", default_value = "info")]
    log: String,
    /// Where spans are exported to by OTLP, such as `http://127.0.0.1:4318`; unset: nowhere
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", hide_env_values = true, global = true, help_heading = "Logs")]
    otel_exporter_otlp_endpoint: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve(Box<serve::Serve>),
    Dev(dev::Dev),
    Sandbox(sandbox::Sandbox),
    #[command(subcommand)]
    Migrate(migrate::Migrate),
    Schema(schema::Schema),
    Verify(verify::Verify),
    Token(token::Token),
    Health(health::Health),
    Reconcile(Box<reconcile::Reconcile>),
    StripeSetup(setup::StripeSetup),
}

/// Does what the command line says.
#[must_use]
pub fn run() -> ExitCode {
    // First of all: no thread may run while the environment is written to.
    let read = config::read_dotenv().map_err(Failure::Settings);
    let outcome = read.and_then(|()| match Cli::try_parse() {
        Ok(cli) => cli.run(),
        Err(error) => match error.kind() {
            ErrorKind::ValueValidation | ErrorKind::InvalidValue => Err(Failure::Settings(first_line(&error))),
            // Help, the version, and how the command line is used: clap has a form for each.
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
    fn run(self) -> Result<(), Failure> {
        let spans = log::start(self.log_format, &self.log, self.otel_exporter_otlp_endpoint.as_deref())?;
        let outcome = self.command.run();
        if let Some(spans) = spans {
            spans.flush();
        }
        outcome
    }
}

impl Command {
    fn run(self) -> Result<(), Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::Runtime(format!("cannot start threads: {error}")))?;
        runtime.block_on(async {
            match self {
                Self::Serve(command) => command.run().await,
                Self::Dev(command) => command.run().await,
                Self::Sandbox(command) => command.run().await,
                Self::Migrate(command) => command.run().await,
                Self::Schema(command) => command.run(),
                Self::Verify(command) => command.run().await,
                Self::Token(command) => command.run().await,
                Self::Health(command) => command.run().await,
                Self::Reconcile(command) => command.run().await,
                Self::StripeSetup(command) => command.run().await,
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
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
