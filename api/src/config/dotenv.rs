//! The file `.env`.

use std::{fs, io::ErrorKind};

/// The file, in the working folder only.
const DOTENV: &str = ".env";

/// Reads `.env` from the working folder, if it exists. A variable that the environment sets keeps its value. Call this
/// before the first thread starts.
///
/// # Errors
/// A sentence that names the first line that cannot be read; the lines after it would be lost silently. It never
/// contains the line itself, which may hold a secret.
pub fn read_dotenv() -> Result<(), String> {
    match dotenvy::from_path(DOTENV) {
        Err(dotenvy::Error::LineParse(unreadable, _)) => {
            let text = fs::read_to_string(DOTENV).unwrap_or_default();
            let number = text.lines().position(|line| line.trim() == unreadable.trim()).map_or(0, |index| index + 1);
            Err(format!("line {number} of {DOTENV} is not NAME=value, or has a quote that does not end"))
        }
        Err(dotenvy::Error::Io(error)) if error.kind() != ErrorKind::NotFound => {
            Err(format!("cannot read {DOTENV}: {error}"))
        }
        _ => Ok(()),
    }
}
