//! One socket, from its first message to its end.

use std::{convert::Infallible, pin::pin, time::Duration};

use async_graphql::ServerError;
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use serde_json::{Map, Value};
use tokio::time::{Instant, interval_at, timeout};
use tracing::{Span, field::Empty};

use super::{
    end::End,
    message::{ClientMessage, ServerMessage},
    operations::{OperationMessage, Operations, or_masked},
};
use crate::{
    auth::Viewer,
    http::{
        address::Caller,
        connections::Meter,
        gateway::Gateway,
        parameters::Parameters,
        refusal,
        results::Results,
        token_end::{TokenEnd, token_ended},
        viewer::{is_empty, viewer},
    },
    telemetry,
};

/// Time limit for the first message.
const INIT_TIME: Duration = Duration::from_secs(3);

/// Number of unanswered pings after which a client counts as gone.
const MAX_OPEN_PINGS: u32 = 2;

/// Time limit for sending one message.
const SEND_TIME: Duration = Duration::from_secs(20);

/// Time limit for the client's confirmation of the close.
const CLOSE_TIME: Duration = Duration::from_secs(1);

/// A socket.
pub(super) struct Connection {
    socket: WebSocket,
    gateway: Gateway,
    caller: Caller,
    meter: Meter,
    open_pings: u32,
}

impl Connection {
    /// A socket that was just opened.
    pub(super) fn new(socket: WebSocket, gateway: Gateway, caller: Caller, meter: Meter) -> Self {
        Self { socket, gateway, caller, meter, open_pings: 0 }
    }

    /// Serves the socket to its end. `header` is the authorization that came with the upgrade.
    pub(super) async fn run(&mut self, header: Option<String>) {
        let stop = self.gateway.stop.clone();
        let _open = telemetry::socket_opened();
        let end = tokio::select! {
            () = stop.cancelled() => End::RESTART,
            Err(end) = self.serve_client(header) => end,
        };
        self.end(end).await;
    }

    /// Closes the socket without serving it.
    pub(super) async fn refuse(&mut self, end: End) {
        let _open = telemetry::socket_opened();
        self.end(end).await;
    }

    async fn end(&mut self, end: End) {
        tracing::debug!(?end, "a socket ends");
        telemetry::socket_closed(end.code());
        if let Some(frame) = end.frame() {
            timeout(CLOSE_TIME, self.close(frame)).await.ok();
        }
    }

    /// Sends the reason, and waits until the client has read it: a connection that is dropped with unread data is reset,
    /// and the reason lost.
    async fn close(&mut self, frame: CloseFrame) {
        if self.socket.send(Message::Close(Some(frame))).await.is_ok() {
            while let Some(Ok(_)) = self.socket.recv().await {}
        }
    }

    async fn serve_client(&mut self, header: Option<String>) -> Result<Infallible, End> {
        // Boxed: the socket would carry the state of the log-in for as long as it is open, some 12 kB.
        let viewer = Box::pin(self.log_in(header)).await?;
        let permit = viewer.map(|viewer| self.gateway.open.user_sockets.acquire(viewer.user_id));
        if let Some(None) = permit {
            return Err(End::TOO_MANY);
        }
        self.send_message(&ServerMessage::ConnectionAck {}).await?;
        self.serve(viewer.as_ref()).await
    }

    /// Waits for the first message, and finds the viewer by its authorization or by the upgrade's.
    async fn log_in(&mut self, header: Option<String>) -> Result<Option<Viewer>, End> {
        let payload = timeout(INIT_TIME, self.first_message()).await.map_err(|_| End::INIT_TIMEOUT)??;
        let authorization = authorization(&payload)?.or(header.as_deref());
        Ok(viewer(&self.gateway.app, authorization).await?)
    }

    async fn first_message(&mut self) -> Result<Map<String, Value>, End> {
        loop {
            let message = self.receive().await?;
            self.count(&message)?;
            match message {
                ClientMessage::ConnectionInit { payload } => return Ok(payload.unwrap_or_default()),
                ClientMessage::Ping { payload } => self.send_message(&ServerMessage::Pong { payload }).await?,
                ClientMessage::Subscribe { .. } => return Err(End::UNAUTHORIZED),
                ClientMessage::Pong {} | ClientMessage::Complete { .. } => {}
            }
        }
    }

    /// Handles what comes in and goes out, until the socket ends. What is done in between is boxed: the socket would carry its
    /// state for as long as it is open.
    async fn serve(&mut self, viewer: Option<&Viewer>) -> Result<Infallible, End> {
        let mut operations = Operations::new(self.gateway.app.config.limits.socket_operations);
        let every = self.gateway.app.config.limits.keep_alive;
        let mut pings = interval_at(Instant::now() + every, every);
        let mut ended = pin!(token_ended(self.gateway.app.clone(), viewer.copied()));
        loop {
            tokio::select! {
                ended = &mut ended => return Err(match ended {
                    TokenEnd::Expired => End::EXPIRED,
                    TokenEnd::Revoked => End::REVOKED,
                }),
                _ = pings.tick() => Box::pin(self.ping()).await?,
                message = self.receive() => Box::pin(self.handle(message?, viewer.copied(), &mut operations)).await?,
                Some(message) = operations.next() => Box::pin(self.deliver(message)).await?,
            }
        }
    }

    async fn handle(
        &mut self,
        message: ClientMessage,
        viewer: Option<Viewer>,
        operations: &mut Operations,
    ) -> Result<(), End> {
        self.count(&message)?;
        match message {
            ClientMessage::ConnectionInit { .. } => Err(End::TOO_MANY_INITS),
            ClientMessage::Ping { payload } => self.send_message(&ServerMessage::Pong { payload }).await,
            ClientMessage::Pong {} => Ok(()),
            ClientMessage::Complete { id } => {
                operations.stop(&id);
                Ok(())
            }
            ClientMessage::Subscribe { id, payload } => {
                let span = self.span(viewer);
                let results = span.in_scope(|| match self.admit(operations, viewer) {
                    Ok(()) => self.results(payload, viewer),
                    Err(error) => Results::refused(error),
                });
                operations.start(id, self.caller.id.clone(), results.in_span(span))
            }
        }
    }

    /// Counts a message for its address. The first message is counted with its connection, and operations are counted where
    /// they are admitted.
    fn count(&self, message: &ClientMessage) -> Result<(), End> {
        if matches!(message, ClientMessage::ConnectionInit { .. } | ClientMessage::Subscribe { .. }) {
            return Ok(());
        }
        self.gateway.app.throttle.address(self.caller.address).map_err(|_| End::TOO_MANY_MESSAGES)
    }

    /// The span of one operation, with the same fields as that of a request over HTTP.
    fn span(&self, viewer: Option<Viewer>) -> Span {
        tracing::info_span!(
            "operation",
            request_id = &*self.caller.id.0,
            user_id = viewer.map(|viewer| viewer.user_id),
            operation_type = Empty,
            operation_name = Empty,
            error_code = Empty
        )
    }

    /// Checks whether one more operation may begin.
    fn admit(&self, operations: &Operations, viewer: Option<Viewer>) -> Result<(), ServerError> {
        if operations.full() {
            telemetry::rejected("socket_operations");
            return Err(refusal::coded("RATE_LIMITED", "Too many operations run on this socket. End some first."));
        }
        self.gateway.count(viewer, Some(self.caller.address)).map_err(|error| refusal::graphql_error(&error))
    }

    fn results(&self, parameters: Parameters, viewer: Option<Viewer>) -> Results {
        let request = parameters.request(viewer, self.caller.id.clone()).data(self.caller.address);
        or_masked(&self.caller.id, || self.gateway.results(self.gateway.admit(request), viewer))
    }

    /// Sends a message of an operation, and counts results of subscriptions once they are written.
    async fn deliver(&mut self, OperationMessage { message, push }: OperationMessage) -> Result<(), End> {
        self.send_message(&message).await?;
        if let Some(posted_at) = push {
            self.gateway.pushed(&posted_at);
        }
        Ok(())
    }

    async fn ping(&mut self) -> Result<(), End> {
        if self.open_pings >= MAX_OPEN_PINGS {
            return Err(End::Gone);
        }
        self.open_pings += 1;
        self.send(Message::Ping(Vec::new().into())).await
    }

    /// Waits for the next message. Any message shows that the client is there.
    async fn receive(&mut self) -> Result<ClientMessage, End> {
        loop {
            let frame = self.socket.recv().await.ok_or(End::Gone)??;
            self.open_pings = 0;
            match &frame {
                Message::Ping(payload) | Message::Pong(payload) => self.meter.control_frame_received(payload.len()),
                _ => self.meter.message_received(),
            }
            match frame {
                Message::Text(text) => return ClientMessage::read(text.as_bytes()),
                Message::Binary(bytes) => return ClientMessage::read(&bytes),
                // The next read answers it.
                Message::Ping(_) | Message::Pong(_) => {}
                Message::Close(_) => return Err(Box::pin(self.confirm_close()).await),
            }
        }
    }

    /// Waits for the confirmation of the close, which the next read sends.
    async fn confirm_close(&mut self) -> End {
        timeout(CLOSE_TIME, self.socket.recv()).await.ok();
        End::Left
    }

    async fn send_message(&mut self, message: &ServerMessage) -> Result<(), End> {
        let text = serde_json::to_string(message).map_err(|error| {
            tracing::error!(%error, "a message cannot be written");
            End::INTERNAL
        })?;
        self.send(Message::Text(text.into())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        match timeout(SEND_TIME, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }
}

/// The authorization in the first message's payload, whatever the case of its name. An empty one counts as none.
///
/// # Errors
/// [`End::FORBIDDEN`] when it is there and no text.
fn authorization(payload: &Map<String, Value>) -> Result<Option<&str>, End> {
    let entry = payload.iter().find(|(name, value)| name.eq_ignore_ascii_case("authorization") && !value.is_null());
    let text = entry.map(|(_, value)| value.as_str().ok_or(End::FORBIDDEN)).transpose()?;
    Ok(text.filter(|text| !is_empty(text)))
}
