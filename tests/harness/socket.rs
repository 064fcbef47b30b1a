//! A low-level client of `graphql-transport-ws`.

use std::{net::SocketAddr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        protocol::{
            CloseFrame,
            frame::{
                Frame,
                coding::{Data, OpCode},
            },
        },
    },
};

/// The subprotocol of the gateway.
pub(crate) const PROTOCOL: (&str, &str) = ("Sec-WebSocket-Protocol", "graphql-transport-ws");

/// Time limit of a message.
const PATIENCE: Duration = Duration::from_secs(5);

/// The place of a frame in a message of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    First,
    Middle,
    Last,
}

#[derive(Debug)]
pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Connects without sending a message.
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::connect_with(address, &[PROTOCOL]).await.unwrap()
    }

    /// Connects with these headers. Returns the HTTP status if the handshake is refused.
    pub(crate) async fn connect_with(address: SocketAddr, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let mut request = format!("ws://{address}/graphql").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            // The client gives up: none of its subprotocols was chosen.
            Err(Error::Protocol(_)) => Err(101),
            Err(error) => panic!("no answer: {error}"),
        }
    }

    /// Connects and is acknowledged.
    pub(crate) async fn open(address: SocketAddr, payload: Option<Value>) -> Self {
        let mut socket = Self::connect(address).await;
        socket.initialises(payload).await;
        assert_eq!(socket.next().await["type"], "connection_ack");
        socket
    }

    pub(crate) async fn initialises(&mut self, payload: Option<Value>) {
        let mut message = json!({ "type": "connection_init" });
        if let Some(payload) = payload {
            message["payload"] = payload;
        }
        self.sends(&message).await;
    }

    pub(crate) async fn sends(&mut self, message: &Value) {
        self.sends_text(&message.to_string()).await;
    }

    pub(crate) async fn sends_text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// Sends one frame of a message.
    ///
    /// # Errors
    /// The connection has ended.
    pub(crate) async fn sends_frame(&mut self, part: Part, text: &str) -> Result<(), Error> {
        let code = OpCode::Data(if part == Part::First { Data::Text } else { Data::Continue });
        let frame = Message::Frame(Frame::message(text.as_bytes().to_vec(), code, part == Part::Last));
        if part == Part::Last { self.0.send(frame).await } else { self.0.feed(frame).await }
    }

    pub(crate) async fn subscribes(&mut self, id: &str, document: &str, variables: Value) {
        let payload = json!({ "query": document, "variables": variables });
        self.sends(&json!({ "id": id, "type": "subscribe", "payload": payload })).await;
    }

    /// The next message that is not a ping.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            let message = timeout(PATIENCE, self.0.next()).await.expect("no message came").unwrap().unwrap();
            match message {
                Message::Text(text) => {
                    let message: Value = serde_json::from_str(&text).unwrap();
                    if message["type"] != "ping" && message["type"] != "pong" {
                        return message;
                    }
                }
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("not a message: {other:?}"),
            }
        }
    }

    /// The next pushed value: the one field of a `next` message.
    pub(crate) async fn pushed(&mut self) -> Value {
        let mut message = self.next().await;
        assert_eq!(message["type"], "next", "{message}");
        let payload = &mut message["payload"];
        assert!(payload.get("errors").is_none(), "{payload}");
        payload["data"].as_object_mut().unwrap().values_mut().next().unwrap().take()
    }

    /// Checks that no message arrives for a while.
    pub(crate) async fn stays_silent(&mut self) {
        self.stays_silent_for(Duration::from_millis(300)).await;
    }

    /// Checks that only pings arrive for this time.
    pub(crate) async fn stays_silent_for(&mut self, time: Duration) {
        let read = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    other => return other,
                }
            }
        };
        let message = timeout(time, read).await;
        assert!(message.is_err(), "{message:?}");
    }

    /// The next message, a pong of the protocol's own among them.
    pub(crate) async fn next_of_any_kind(&mut self) -> Value {
        loop {
            let message = timeout(PATIENCE, self.0.next()).await.expect("no message came").unwrap().unwrap();
            if let Message::Text(text) = message {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }

    /// Closes the socket, and waits until that is confirmed.
    pub(crate) async fn leaves(mut self) {
        self.0.close(None).await.unwrap();
        while let Some(Ok(_)) = self.0.next().await {}
    }

    pub(crate) async fn sends_bytes(&mut self, bytes: Vec<u8>) {
        self.0.send(Message::binary(bytes)).await.unwrap();
    }

    /// Reads until the connection breaks off without a close frame.
    pub(crate) async fn breaks_off(&mut self) {
        let read = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Close(frame))) => panic!("a close frame: {frame:?}"),
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return,
                }
            }
        };
        timeout(PATIENCE, read).await.expect("the socket stayed open");
    }

    /// The close frame that ends the socket.
    pub(crate) async fn closes(&mut self) -> CloseFrame {
        self.closes_within(PATIENCE).await
    }

    pub(crate) async fn closes_within(&mut self, patience: Duration) -> CloseFrame {
        timeout(patience, async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Close(Some(frame)))) => return frame,
                    Some(Ok(_)) => {}
                    other => panic!("no close frame: {other:?}"),
                }
            }
        })
        .await
        .expect("the socket stayed open")
    }
}
