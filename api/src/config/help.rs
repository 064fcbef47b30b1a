//! The help of the command line: which variable each flag has, but never the variable's value.

use std::ffi::OsStr;

use clap::Command;

/// Hides the values of the environment from `--help` and from errors, and hides empty defaults.
#[must_use]
pub fn without_values(command: Command) -> Command {
    let command = command.mut_args(|arg| {
        let defaults = arg.get_default_values();
        let is_empty = !defaults.is_empty() && defaults.iter().all(|default| default.as_os_str() == OsStr::new(""));
        let arg = arg.hide_env_values(true);
        // clap allows this for arguments that take a value only; a flag has no default here.
        if is_empty { arg.hide_default_value(true) } else { arg }
    });
    command.mut_subcommands(without_values)
}

#[cfg(test)]
mod tests {
    use clap::{Arg, ArgAction, Command};

    use super::without_values;

    #[test]
    fn flags_and_values_make_a_valid_command() {
        let flag = Arg::new("fresh").long("fresh").action(ArgAction::SetTrue);
        let empty = Arg::new("url").long("url").default_value("");
        let command = Command::new("patch-hive").subcommand(Command::new("dev").arg(flag).arg(empty));
        without_values(command).debug_assert();
    }
}
