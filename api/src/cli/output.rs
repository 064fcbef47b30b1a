//! The only writer to standard output, and of the error that a failed command ends with.

use std::{
    fmt::Display,
    io::{Write, stderr, stdout},
};

use super::failure::Failure;

/// Writes a line. A reader that has closed its end, as `head` does after ten lines, is not an error.
pub(super) fn say(text: impl Display) {
    writeln!(stdout().lock(), "{text}").ok();
}

/// Reports why a command failed: one line, or one for each wrong setting.
pub(super) fn complain(failure: &Failure) {
    let text = failure.to_string();
    let sentences = if matches!(failure, Failure::Settings(_)) { text.lines().collect() } else { vec![&*text] };
    let mut stderr = stderr().lock();
    for sentence in sentences {
        let sentence = sentence.split_whitespace().collect::<Vec<_>>().join(" ");
        writeln!(stderr, "patch-hive: {sentence}").ok();
    }
}
