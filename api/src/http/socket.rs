//! The websocket on `/graphql`: the subprotocol `graphql-transport-ws`, of the library graphql-ws.
//!
//! The protocol is spoken here rather than by async-graphql's own driver, which closes with other codes than the protocol
//! asks for, answers a client's `complete` with another, lets an id in use be taken again, and never sends `error`.

mod connection;
mod end;
mod message;
mod operations;

use axum::{
    extract::WebSocketUpgrade,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use tracing::{Instrument, Span};

use self::connection::Connection;
use super::{Gateway, origin, refusal::Refusal, viewer::authorization};
use crate::graphql::RequestId;

const PROTOCOL: &str = "graphql-transport-ws";

/// Answers the upgrade, and serves the socket in a task of its own, which a stop of the gateway waits for.
///
/// # Errors
/// The page may not call, or the client speaks no protocol that is spoken here.
pub(super) fn open(
    gateway: Gateway,
    id: RequestId,
    headers: &HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Refusal> {
    if !origin::allowed(&gateway.app.config, headers) {
        let message = "pages of this origin may not call: add it to CORS_ALLOWED_ORIGINS";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "FORBIDDEN", message));
    }
    if !upgrade.requested_protocols().any(|protocol| protocol == PROTOCOL) {
        return Err(Refusal::bad_request("offer the websocket subprotocol graphql-transport-ws"));
    }
    let limit = gateway.app.config.limits.body_bytes;
    let tasks = gateway.app.tasks.clone();
    let authorization = authorization(headers).map(ToOwned::to_owned);
    let span = Span::current();
    let upgrade = upgrade.protocols([PROTOCOL]).max_message_size(limit).max_frame_size(limit);
    Ok(upgrade.on_upgrade(move |socket| {
        let connection = Connection::new(socket, gateway, id);
        tasks.track_future(connection.run(authorization)).instrument(span)
    }))
}
