//! The only writer to standard output, and of the sentence that a failed command ends with.

use std::{
    fmt::Display,
    io::{Write, stderr, stdout},
};

use super::failure::Failure;

/// Writes a line. A reader that has gone, as `head` has after its ten lines, is no failure.
pub(super) fn say(text: impl Display) {
    writeln!(stdout().lock(), "{text}").ok();
}

/// Says why a command came to nothing, on one line.
pub(super) fn complain(failure: &Failure) {
    let sentence = failure.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    writeln!(stderr().lock(), "patch-hive: {sentence}").ok();
}
