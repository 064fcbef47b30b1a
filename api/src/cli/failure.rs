//! Why a command came to nothing.

use std::process::ExitCode;

use sea_orm::DbErr;

use crate::{database::OpenError, error::Error, server, stripe};

/// One sentence, and whose fault it is.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Something is set wrongly; trying again would not help. Exit code 2.
    #[error("{0}")]
    Settings(String),
    /// Not all that was asked for could be done. Exit code 2, where 1 has a meaning of its own.
    #[error("{0}")]
    Unfinished(String),
    /// Everything else. Exit code 1.
    #[error("{0}")]
    Runtime(String),
}

impl Failure {
    /// For the shell.
    pub(super) fn code(&self) -> ExitCode {
        match self {
            Self::Settings(_) | Self::Unfinished(_) => ExitCode::from(2),
            Self::Runtime(_) => ExitCode::FAILURE,
        }
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
            // Who runs a command may read what Stripe says of it.
            stripe::Failure::Refused(refusal) if !refusal.message.is_empty() => {
                Self::Runtime(format!("{refusal}: {}", refusal.message))
            }
            other => Self::Runtime(other.to_string()),
        }
    }
}

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Self {
        Self::Runtime(format!("the database refused: {error}"))
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
