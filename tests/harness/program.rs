//! The built program as a command.

use std::{
    path::Path,
    process::{Output, Stdio},
    time::Duration,
};

use tokio::{process::Command, time::timeout};

/// Time limit of a command.
const PATIENCE: Duration = Duration::from_secs(30);

const PROGRAM: &str = env!("CARGO_BIN_EXE_patch-hive");

/// The program, with no variable of the surrounding environment.
pub(crate) fn command(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    prepare(Command::new(PROGRAM), folder, arguments, variables)
}

/// As [`command`], within a limit of the shell's `ulimit`.
pub(crate) fn limited_command(folder: &Path, limit: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &format!("ulimit {limit} && exec \"$0\" \"$@\""), PROGRAM]);
    prepare(shell, folder, arguments, variables)
}

fn prepare(mut command: Command, folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    command.args(arguments).env_clear().envs(variables.iter().copied()).current_dir(folder);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Runs a command to its end.
pub(crate) async fn runs(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let output = command(folder, arguments, variables).output();
    timeout(PATIENCE, output).await.expect("the command did not end").unwrap()
}

/// The error output of a command.
pub(crate) fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
