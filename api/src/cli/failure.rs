//! The failures of commands, and their exit codes.

use std::process::ExitCode;

use sea_orm::DbErr;

use crate::{config::Problems, database::OpenError, error::Error, server, stripe};

/// A failed command: a sentence, and the kind of failure that decides the exit code.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Settings are wrong, one line for each; a retry would not help. Exit code 2.
    #[error("{0}")]
    Settings(String),
    /// The command could not finish. Exit code 2, for commands whose exit code 1 has a meaning of its own.
    #[error("{0}")]
    Unfinished(String),
    /// Any other failure. Exit code 1.
    #[error("{0}")]
    Runtime(String),
}

impl Failure {
    /// The exit code.
    pub(super) fn code(&self) -> ExitCode {
        match self {
            Self::Settings(_) | Self::Unfinished(_) => ExitCode::from(2),
            Self::Runtime(_) => ExitCode::FAILURE,
        }
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::Settings(problems.to_string())
    }
}

impl From<server::Error> for Failure {
    fn from(error: server::Error) -> Self {
        match error {
            server::Error::Settings(sentence) => Self::Settings(sentence),
            other => Self::Runtime(other.to_string()),
        }
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::Runtime(error.to_string())
    }
}

impl From<stripe::Failure> for Failure {
    fn from(failure: stripe::Failure) -> Self {
        match failure {
            stripe::Failure::Settings(sentence) => Self::Settings(sentence),
            // Operators may read Stripe's own message, unlike clients.
            stripe::Failure::Refused(refusal) if !refusal.message.is_empty() => {
                Self::Runtime(format!("{refusal}: {}", refusal.message))
            }
            other => Self::Runtime(other.to_string()),
        }
    }
}

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Self {
        Self::Runtime(format!("database error: {error}"))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::BadInput(input) => Self::Settings(input.to_string()),
            Error::Unavailable(cause) => cause.into(),
            other => Self::Runtime(other.to_string()),
        }
    }
}
