//! Logs, to standard error: standard output is for what was asked for.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::{EnvFilter, fmt};

use super::failure::Failure;
use crate::config::LogFormat;

/// Starts logging.
///
/// # Errors
/// The filter cannot be read.
pub(super) fn start(format: LogFormat, filter: &str) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(filter).map_err(|_| {
        Failure::Settings("set LOG to a level, or to levels by module, such as info,patch_hive=debug".to_owned())
    })?;
    let log = fmt().with_env_filter(filter).with_writer(stderr);
    match format {
        LogFormat::Json => log.json().flatten_event(true).init(),
        LogFormat::Pretty => log.with_ansi(stderr().is_terminal()).init(),
    }
    // A panic is for the log too, in the log's own form.
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a panic, which is a bug")));
    Ok(())
}
