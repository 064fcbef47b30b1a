//! How a socket ends. Clients go by the code: graphql-ws connects again after some, and gives up after others.

use axum::extract::ws::{CloseFrame, Utf8Bytes};

use crate::error::Error;

/// Why a socket ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The client has gone, or does not answer: there is nobody to tell.
    Gone,
    /// The client has said goodbye: there is nothing left to tell.
    Left,
    /// To be told with a code and a reason of at most 123 bytes.
    Close(u16, &'static str),
}

impl End {
    /// The gateway stops. Clients connect again.
    pub(super) const RESTART: Self = Self::Close(1012, "Service restart");
    /// A message is larger than is allowed.
    pub(super) const TOO_LARGE: Self = Self::Close(1009, "Message too large");
    /// What came is no websocket.
    pub(super) const PROTOCOL: Self = Self::Close(1002, "Protocol error");
    /// The database cannot be reached. Clients connect again.
    pub(super) const BUSY: Self = Self::Close(1013, "Try again later");
    /// What came is no message of the protocol.
    pub(super) const BAD_REQUEST: Self = Self::Close(4400, "Invalid message");
    /// An operation came before the connection was acknowledged.
    pub(super) const UNAUTHORIZED: Self = Self::Close(4401, "Unauthorized");
    /// The token is not valid. Clients connect again, and should bring a fresh one.
    pub(super) const FORBIDDEN: Self = Self::Close(4403, "Forbidden");
    /// The token has ended. Clients connect again, and should bring a fresh one.
    pub(super) const EXPIRED: Self = Self::Close(4403, "Forbidden: the token has expired");
    /// The token was revoked. Clients connect again, and should bring a fresh one.
    pub(super) const REVOKED: Self = Self::Close(4403, "Forbidden: the token was revoked");
    /// The client offered no subprotocol that is spoken here.
    pub(super) const NO_PROTOCOL: Self = Self::Close(4406, "Subprotocol not acceptable");
    /// The user has as many sockets as there may be. Clients connect again.
    pub(super) const TOO_MANY: Self = Self::Close(1013, "Too many sockets: close some first");
    /// The first message did not come.
    pub(super) const INIT_TIMEOUT: Self = Self::Close(4408, "Connection initialisation timeout");
    /// The id of a running operation was used for another.
    pub(super) const DUPLICATE: Self = Self::Close(4409, "Subscriber for this id already exists");
    /// The first message came twice.
    pub(super) const TOO_MANY_INITS: Self = Self::Close(4429, "Too many initialisation requests");
    /// A fault of ours.
    pub(super) const INTERNAL: Self = Self::Close(4500, "Internal server error");

    /// The code by which it is counted. 1006 is nobody's to send: it says that a connection broke off (RFC 6455, section
    /// 7.4.1).
    pub(super) const fn code(self) -> u16 {
        match self {
            Self::Left => 1000,
            Self::Gone => 1006,
            Self::Close(code, _) => code,
        }
    }

    /// What to tell the client, if there is one.
    pub(super) fn frame(self) -> Option<CloseFrame> {
        match self {
            Self::Left | Self::Gone => None,
            Self::Close(code, reason) => Some(CloseFrame { code, reason: Utf8Bytes::from_static(reason) }),
        }
    }
}

/// Why there is no viewer.
impl From<Error> for End {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable(cause) => {
                tracing::error!(%cause, "a socket was refused");
                Self::BUSY
            }
            Error::Internal(cause) => {
                tracing::error!(cause, "a socket was refused");
                Self::INTERNAL
            }
            _ => Self::FORBIDDEN,
        }
    }
}

/// Why nothing can be read.
impl From<axum::Error> for End {
    fn from(error: axum::Error) -> Self {
        let text = error.to_string();
        tracing::debug!(text, "a socket cannot be read");
        // The error's type belongs to the websocket library that axum hides; its capacity errors begin like this.
        if text.starts_with("Space limit exceeded") { Self::TOO_LARGE } else { Self::PROTOCOL }
    }
}
