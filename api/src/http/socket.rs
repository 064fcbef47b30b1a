//! The websocket on `/graphql`: the subprotocol `graphql-transport-ws`, of the library graphql-ws.
//!
//! The protocol is implemented here because async-graphql's own driver closes with other codes than the protocol
//! requires, answers a client's `complete` with another, lets an id in use be taken again, and never sends `error`.

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

use self::{connection::Connection, end::End};
use super::{address::Caller, connections::Meter, gateway::Gateway, origin, refusal::Refusal, viewer::authorization};

/// Bytes that are read from a socket at once. Most sockets are idle and keep this buffer; a longer message grows it to its size.
const BUFFER_BYTES: usize = 256;

const PROTOCOL: &str = "graphql-transport-ws";

/// Answers the upgrade, and serves the socket in a task of its own, which a stop of the gateway waits for.
///
/// # Errors
/// The origin of the page is not allowed, or the address has too many open sockets.
pub(super) fn open(
    gateway: Gateway,
    caller: Caller,
    meter: Meter,
    headers: &HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Refusal> {
    if !origin::allowed(&gateway.app.config, headers, caller.forwarded_host.as_deref()) {
        let message = "Pages of this origin may not open a websocket. Add the origin to CORS_ALLOWED_ORIGINS.";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "FORBIDDEN", message));
    }
    let permit = gateway.open.address_sockets.acquire(caller.address);
    let permit =
        permit.ok_or_else(|| Refusal::too_many("Too many websockets are open from this address. Close some first."))?;
    let limit = gateway.app.config.limits.body_bytes;
    meter.start(gateway.memory.messages.reserve(caller.address), limit);
    // A client without a supported protocol gets a close code, which only an open socket has.
    let spoken = upgrade.requested_protocols().any(|protocol| protocol == PROTOCOL);
    let tasks = gateway.app.tasks.clone();
    let authorization = authorization(headers).map(ToOwned::to_owned);
    let span = Span::current();
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .max_message_size(limit)
        .max_frame_size(limit)
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(0);
    Ok(upgrade.on_upgrade(move |socket| {
        let mut connection = Connection::new(socket, gateway, caller, meter);
        // Boxed: the task would carry the connection once more.
        let served = Box::pin(async move {
            if spoken {
                connection.run(authorization).await;
            } else {
                connection.refuse(End::NO_PROTOCOL).await;
            }
            drop(permit);
        });
        tasks.track_future(served).instrument(span)
    }))
}
