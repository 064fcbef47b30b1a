//! A stalled reader costs no memory: its backlog stays in the database.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use sea_orm::Database;
use serde_json::{Value, json};
use tokio::{
    net::{TcpSocket, TcpStream},
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use super::silence;
use crate::harness::{Actor, TestApp, facts};

/// Number of repetitions in each message, so that the messages of entries posted at once exceed all buffers on the way.
const REPETITIONS: usize = 45;

/// Bytes of a note, of which each message carries as many.
const NOTE: usize = 500;

/// Number of entries posted at once: fewer than would make a snapshot due.
const BATCH: usize = 200;

/// Bytes of the reader's receive buffer.
const BUFFER: u32 = 16 * 1024;

/// Longer than the backstop's interval.
const A_WHILE: Duration = Duration::from_millis(1300);

/// Statements that a gateway may run in [`A_WHILE`] in the background.
const IDLE: u64 = 40;

const PATIENCE: Duration = Duration::from_secs(10);

/// A socket with a small receive buffer.
struct Narrow(WebSocketStream<TcpStream>);

impl Narrow {
    async fn watches(app: &TestApp, who: &Actor) -> Self {
        let tcp = TcpSocket::new_v4().unwrap();
        tcp.set_recv_buffer_size(BUFFER).unwrap();
        let tcp = tcp.connect(app.address()).await.unwrap();
        let mut request = format!("ws://{}/graphql", app.address()).into_client_request().unwrap();
        request.headers_mut().insert("Sec-WebSocket-Protocol", "graphql-transport-ws".parse().unwrap());
        let mut socket = Self(client_async(request, tcp).await.unwrap().0);
        let authorization = format!("Bearer {}", who.token());
        socket.sends(&json!({ "type": "connection_init", "payload": { "authorization": authorization } })).await;
        assert_eq!(socket.next().await["type"], "connection_ack");
        let notes: Vec<_> = (0..REPETITIONS).map(|number| format!("n{number}: entry {{ notes }}")).collect();
        let notes = notes.join(" ");
        let query = format!("subscription {{ balanceChanged(afterVersion: 0) {{ version snapshot {notes} }} }}");
        socket.sends(&json!({ "id": "1", "type": "subscribe", "payload": { "query": query } })).await;
        socket
    }

    async fn sends(&mut self, message: &Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    async fn next(&mut self) -> Value {
        loop {
            let message = timeout(PATIENCE, self.0.next()).await.expect("no message came").unwrap().unwrap();
            if let Message::Text(text) = message {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }

    async fn pushed(&mut self) -> (i64, bool) {
        let message = self.next().await;
        let change = &message["payload"]["data"]["balanceChanged"];
        let version = change["version"].as_i64().unwrap_or_else(|| panic!("not a change: {message}"));
        (version, change["snapshot"].as_bool().unwrap())
    }
}

facts! {
    async fn the_backlog_of_a_stalled_reader_stays_in_the_database(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let database = Database::connect(&app.inside().await.config.database.url).await.unwrap();
        let note = "n".repeat(NOTE);
        let mut reader = Narrow::watches(&app, &ada).await;
        silence::posts(&database, 1, BATCH, &note).await;
        sleep(A_WHILE).await;

        // The buffers to the reader are full by now: further entries are not even read.
        for _ in 0..2 {
            silence::posts(&database, 1, BATCH, &note).await;
            let before = app.inside().await.database.statements();
            sleep(A_WHILE).await;
            let statements = app.inside().await.database.statements() - before;
            assert!(statements <= IDLE, "{statements} statements were run for a reader that does not read");
        }
        assert_eq!(ada.balance().await["version"], 600, "everybody else is served as usual");

        // The entries in the buffers arrive version by version; those in the database are too many and become a snapshot.
        for version in 1..=200 {
            assert_eq!(reader.pushed().await, (version, false));
        }
        assert_eq!(reader.pushed().await, (600, true));
        silence::posts(&database, 1, 1, &note).await;
        assert_eq!(reader.pushed().await, (601, false));
    }
}
