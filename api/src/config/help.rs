//! The help of the command line: which variable each flag has, but never the variable's value.

use std::ffi::OsStr;

use clap::Command;

/// Hides the values of the environment from `--help` and from errors, and hides empty defaults.
#[must_use]
pub fn without_values(command: Command) -> Command {
    let command = command.mut_args(|arg| {
        let unset = arg.get_default_values().iter().all(|default| default.as_os_str() == OsStr::new(""));
        arg.hide_env_values(true).hide_default_value(unset)
    });
    command.mut_subcommands(without_values)
}
