//! The ends of sockets. Clients go by the code: graphql-ws connects again after some, and gives up after others.

use axum::extract::ws::{CloseFrame, Utf8Bytes};

use crate::error::Error;

/// The reason for the end of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The client has gone, or does not respond.
    Gone,
    /// The client has closed the socket. Nothing is sent.
    Left,
    /// Closed with a code and a reason of at most 123 bytes.
    Close(u16, &'static str),
}

impl End {
    /// The gateway stops. Clients connect again.
    pub(super) const RESTART: Self = Self::Close(1012, "Service restart");
    /// A message is larger than is allowed.
    pub(super) const TOO_LARGE: Self = Self::Close(1009, "Message too large");
    /// The client violated the websocket protocol.
    pub(super) const PROTOCOL: Self = Self::Close(1002, "Protocol error");
    /// The database cannot be reached. Clients connect again.
    pub(super) const BUSY: Self = Self::Close(1013, "Try again later");
    /// The message is not one of the protocol.
    pub(super) const BAD_REQUEST: Self = Self::Close(4400, "Invalid message");
    /// An operation came before the connection was acknowledged.
    pub(super) const UNAUTHORIZED: Self = Self::Close(4401, "Unauthorized");
    /// The token is not valid. Clients connect again, and should bring a fresh one.
    pub(super) const FORBIDDEN: Self = Self::Close(4403, "Forbidden");
    /// The token has ended. Clients connect again, and should bring a fresh one.
    pub(super) const EXPIRED: Self = Self::Close(4403, "Forbidden: the token has expired");
    /// The token was revoked. Clients connect again, and should bring a fresh one.
    pub(super) const REVOKED: Self = Self::Close(4403, "Forbidden: the token was revoked");
    /// The client offered no supported subprotocol.
    pub(super) const NO_PROTOCOL: Self = Self::Close(4406, "Subprotocol not acceptable");
    /// The user has opened as many sockets as is allowed. Clients connect again.
    pub(super) const TOO_MANY: Self = Self::Close(1013, "Too many sockets: close some first");
    /// The address sends more messages than is allowed. Clients connect again.
    pub(super) const TOO_MANY_MESSAGES: Self = Self::Close(1013, "Too many messages: try again later");
    /// The first message did not arrive in time.
    pub(super) const INIT_TIMEOUT: Self = Self::Close(4408, "Connection initialisation timeout");
    /// The id of a running operation was used for another.
    pub(super) const DUPLICATE: Self = Self::Close(4409, "Subscriber for this id already exists");
    /// The first message came twice.
    pub(super) const TOO_MANY_INITS: Self = Self::Close(4429, "Too many initialisation requests");
    /// An internal error.
    pub(super) const INTERNAL: Self = Self::Close(4500, "Internal server error");

    /// The code for the metrics. 1006 is never sent: it stands for a connection that broke (RFC 6455, section 7.4.1).
    pub(super) const fn code(self) -> u16 {
        match self {
            Self::Left => 1000,
            Self::Gone => 1006,
            Self::Close(code, _) => code,
        }
    }

    /// The close frame, if the client gets one.
    pub(super) fn frame(self) -> Option<CloseFrame> {
        match self {
            Self::Left | Self::Gone => None,
            Self::Close(code, reason) => Some(CloseFrame { code, reason: Utf8Bytes::from_static(reason) }),
        }
    }
}

/// Converts the reason for a missing viewer.
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

/// Converts a failed read.
impl From<axum::Error> for End {
    fn from(error: axum::Error) -> Self {
        let text = error.to_string();
        tracing::debug!(text, "a socket cannot be read");
        // The error's type belongs to the websocket library that axum hides; its capacity errors begin like this.
        if text.starts_with("Space limit exceeded") { Self::TOO_LARGE } else { Self::PROTOCOL }
    }
}
