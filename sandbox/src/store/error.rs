//! Errors of the methods of [`crate::Sandbox`].

use std::{io, net::SocketAddr, path::PathBuf};

use crate::store::problem::Problem;

/// An error of a running sandbox, or of its start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is not loopback. The sandbox accepts any test key, so other machines must not reach it.
    #[error("the sandbox binds to loopback addresses only, not to {0}")]
    NotLoopback(SocketAddr),
    /// The address cannot be bound.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The requested address.
        address: SocketAddr,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The client that delivers webhooks cannot be created.
    #[error("cannot create an HTTP client: {0}")]
    Client(#[from] reqwest::Error),
    /// The state file cannot be read.
    #[error("cannot read the state file {path}: {source}", path = path.display())]
    ReadState {
        /// The state file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The state file was not written by this version.
    #[error("the state file {path} was not written by this version: {reason}", path = path.display())]
    ForeignState {
        /// The state file.
        path: PathBuf,
        /// The reason that the file cannot be used.
        reason: String,
    },
    /// There is no such session, or it is not in a state that allows the payment.
    #[error("the checkout session {0} does not exist or is not open")]
    NotOpen(String),
    /// The payment was declined, for this reason.
    #[error("{0}")]
    Declined(String),
    /// The object does not exist, or does not allow the action now, for this reason.
    #[error("{0}")]
    Refused(String),
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Error::Refused(problem.message().to_owned())
    }
}
