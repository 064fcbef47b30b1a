//! The messages of `graphql-transport-ws`.

use async_graphql::{Response, ServerError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::end::End;
use crate::http::{answer, parameters::Parameters};

/// A message of a client.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ClientMessage {
    /// The first message.
    ConnectionInit {
        /// The payload, which may contain a token.
        #[serde(default)]
        payload: Option<serde_json::Map<String, Value>>,
    },
    /// A ping.
    Ping {
        /// The payload to return.
        #[serde(default)]
        payload: Option<Value>,
    },
    /// The answer to a ping.
    Pong {},
    /// Starts an operation.
    Subscribe {
        /// Chosen by the client, unique among its running operations.
        id: String,
        /// The operation.
        payload: Parameters,
    },
    /// Ends an operation.
    Complete {
        /// The id of the operation.
        id: String,
    },
}

/// A message of the gateway.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ServerMessage {
    /// The connection is acknowledged: operations may start.
    ConnectionAck {},
    /// The answer to a ping.
    Pong {
        /// The payload of the ping.
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<Value>,
    },
    /// One result of an operation.
    Next {
        /// The id of the operation.
        id: String,
        /// The result.
        payload: Response,
    },
    /// An operation was refused before anything ran. Nothing follows.
    Error {
        /// The id of the operation.
        id: String,
        /// The errors.
        payload: Vec<ServerError>,
    },
    /// An operation has ended. Nothing follows.
    Complete {
        /// The id of the operation.
        id: String,
    },
}

/// Bytes of an operation's id, which every message about the operation repeats. Clients choose a number or a UUID.
const MAX_ID_BYTES: usize = 128;

impl ClientMessage {
    /// Reads a message.
    ///
    /// # Errors
    /// [`End::BAD_REQUEST`].
    pub(super) fn read(text: &[u8]) -> Result<Self, End> {
        let message = serde_json::from_slice(text).map_err(|error| {
            // The error's text may quote the message, which may contain a token.
            tracing::debug!(kind = ?error.classify(), column = error.column(), "a message cannot be read");
            End::BAD_REQUEST
        })?;
        match message {
            Self::Subscribe { id, .. } | Self::Complete { id } if !(1..=MAX_ID_BYTES).contains(&id.len()) => {
                Err(End::BAD_REQUEST)
            }
            message => Ok(message),
        }
    }
}

impl ServerMessage {
    /// A result, or a refusal.
    pub(super) fn of(id: String, response: Response) -> Self {
        if answer::refused(&response) {
            Self::Error { id, payload: response.errors }
        } else {
            Self::Next { id, payload: response }
        }
    }
}
