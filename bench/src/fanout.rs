//! Measures pushes: the time from a charge to the message on the watcher's websocket.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    net::{TcpSocket, TcpStream},
    sync::mpsc,
    time::{Instant, interval, sleep, timeout},
};
use tokio_tungstenite::{
    client_async_with_config,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue, protocol::WebSocketConfig},
};

use crate::{
    Failure,
    caller::{Caller, bearer},
    gateway::Gateway,
    table::Figures,
    works,
};

/// Charges per second: far below the gateway's capacity, so that the latency does not include queueing.
const PACE: u64 = 200;

/// Maximum number of sockets from one loopback address, below its number of ephemeral ports.
const SOCKETS_PER_ADDRESS: i64 = 20_000;

/// Size of the benchmark's own read buffer for each socket.
const BUFFER_BYTES: usize = 1024;

/// Pause between opening the last socket and measuring the idle gateway.
const REST: Duration = Duration::from_secs(2);

/// Time after which a push counts as lost.
const PATIENCE: Duration = Duration::from_secs(5);

const WATCH: &str = "subscription { balanceChanged { balance { credits version } snapshot } }";

/// Opens one socket for each of `sockets` users and measures the idle gateway, then charges these users and waits for
/// each push.
pub(crate) async fn run(gateway: &Gateway, sockets: usize, time: Duration) -> Result<Figures, Failure> {
    let before = gateway.memory()?;
    let (pushes, mut arrived) = mpsc::unbounded_channel();
    for user in 1..=i64::try_from(sockets)? {
        watch(gateway, user, pushes.clone()).await?;
    }
    sleep(REST).await;
    let memory = (gateway.memory()? - before) / f64::from(u32::try_from(sockets)?);
    let (idle, begun) = (gateway.cpu()?, Instant::now());
    sleep(time).await;
    let idle = 100.0 * (gateway.cpu()? - idle) / begun.elapsed().as_secs_f64();

    let charge =
        works::all(i64::try_from(sockets)?).into_iter().find(|work| work.name == "charge").ok_or("no charge")?;
    let mut caller = Caller::connect(gateway.address).await?;
    let (mut sent, mut times) = (HashMap::<String, Instant>::new(), Vec::new());
    let (cpu, begun) = (gateway.cpu()?, Instant::now());
    let mut pace = interval(Duration::from_millis(1000 / PACE));
    let mut number = 1_000_000_000_u64;
    while begun.elapsed() < time {
        pace.tick().await;
        number += 1;
        let call = (charge.make)(number)?;
        let user = call.header.1.clone();
        sent.insert(user, Instant::now());
        caller.send(call).await?;
        while let Ok((user, at)) = arrived.try_recv() {
            times.extend(sent.remove(&user).map(|sent: Instant| Instant::duration_since(&at, sent)));
        }
    }
    while !sent.is_empty() {
        let (user, at) = timeout(PATIENCE, arrived.recv()).await.map_err(|_| "pushes were lost")?.ok_or("no socket")?;
        times.extend(sent.remove(&user).map(|sent: Instant| Instant::duration_since(&at, sent)));
    }
    let (cpu, elapsed) = (gateway.cpu()? - cpu, begun.elapsed());
    Ok(Figures::of(&mut times, elapsed, cpu).with_sockets(memory, idle))
}

/// Opens a socket, waits for its snapshot, and reports each push after it.
async fn watch(gateway: &Gateway, user: i64, pushes: mpsc::UnboundedSender<(String, Instant)>) -> Result<(), Failure> {
    let token = bearer(user)?;
    let mut request = format!("ws://{}/graphql", gateway.address).into_client_request()?;
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("graphql-transport-ws"));
    let config = WebSocketConfig::default().read_buffer_size(BUFFER_BYTES).write_buffer_size(0);
    let stream = connect(gateway.address, user).await?;
    let (mut socket, _) = client_async_with_config(request, stream, Some(config)).await?;
    let begin = json!({ "type": "connection_init", "payload": { "authorization": token } });
    let subscribe = json!({ "type": "subscribe", "id": "1", "payload": { "query": WATCH } });
    for message in [begin, subscribe] {
        socket.send(Message::text(message.to_string())).await?;
    }
    loop {
        let message = socket.next().await.ok_or("a socket closed")??;
        if is_push(&message, true)? {
            break;
        }
        if message.is_close() {
            return Err(format!("a socket closed: {message}").into());
        }
    }
    tokio::spawn(async move {
        while let Some(Ok(message)) = socket.next().await {
            let is_push = matches!(is_push(&message, false), Ok(true));
            if is_push && pushes.send((token.clone(), Instant::now())).is_err() {
                break;
            }
        }
    });
    Ok(())
}

/// Connects from one of several loopback addresses, which the user's id selects.
async fn connect(address: SocketAddr, user: i64) -> Result<TcpStream, Failure> {
    let number = u8::try_from(2 + user / SOCKETS_PER_ADDRESS)?;
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::new(127, 0, 0, number), 0).into())?;
    Ok(socket.connect(address).await?)
}

fn is_push(message: &Message, snapshot: bool) -> Result<bool, Failure> {
    if !message.is_text() {
        return Ok(false);
    }
    let message: Value = serde_json::from_str(message.to_text()?)?;
    Ok(message["payload"]["data"]["balanceChanged"]["snapshot"] == snapshot)
}
