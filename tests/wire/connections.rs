//! Connections: how many may be open, and how long they may say nothing.

use std::time::Duration;

use patch_hive::config::Config;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use super::{on_the_wire, with_settings};
use crate::harness::TestApp;

const PATIENCE: Duration = Duration::from_secs(20);

/// Long enough for a request that is not held back.
const A_WHILE: Duration = Duration::from_millis(500);

async fn connects(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.address()).await.unwrap()
}

/// What the gateway says until it ends the connection.
async fn rest(mut stream: TcpStream) -> String {
    let mut said = Vec::new();
    // Whether it is ended or reset, it is over.
    timeout(PATIENCE, stream.read_to_end(&mut said)).await.expect("the connection is held").ok();
    String::from_utf8(said).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_end_a_header_is_cut_off() {
    with_settings(
        |config: &mut Config| config.limits.header = Duration::from_millis(300),
        async |app| {
            for half in ["", "G", "GET /readyz HTTP/1.1\r\nHost: gateway\r\nX-Slow: "] {
                let mut stream = connects(&app).await;
                stream.write_all(half.as_bytes()).await.unwrap();
                let said = rest(stream).await;
                assert!(!said.contains("200 OK"), "{half:?}: {said}");
            }
            // Nor does a byte now and then keep it open.
            let (read, mut write) = connects(&app).await.into_split();
            let drips = tokio::spawn(async move {
                while write.write_all(b"G").await.is_ok() {
                    sleep(Duration::from_millis(50)).await;
                }
            });
            timeout(PATIENCE, drips).await.expect("the connection is held").unwrap();
            drop(read);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_may_be_silent_for_longer_than_a_header() {
    with_settings(
        |config: &mut Config| config.limits.header = Duration::from_millis(200),
        async |app| {
            let mut socket = app.signs_up("ada").await.watches_balance(None).await;
            assert_eq!(socket.pushed().await["version"], 0);
            sleep(Duration::from_millis(800)).await;
            socket.subscribes("after", "{ plans { tier } }", serde_json::json!({})).await;
            assert_eq!(socket.next().await["type"], "next");
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_serves_one_request_after_the_other() {
    on_the_wire(async |app| {
        let mut stream = connects(&app).await;
        let request = b"GET /healthz HTTP/1.1\r\nHost: gateway\r\n\r\n";
        for _ in 0..3 {
            stream.write_all(request).await.unwrap();
            let mut head = [0; 15];
            timeout(PATIENCE, stream.read_exact(&mut head)).await.unwrap().unwrap();
            assert_eq!(&head, b"HTTP/1.1 200 OK");
            sleep(Duration::from_millis(50)).await;
            let mut more = [0; 4096];
            assert!(stream.read(&mut more).await.unwrap() > 0);
        }
    })
    .await;
}

/// Whether a new connection is served, and not just taken by the system.
async fn is_served(app: &TestApp) -> bool {
    let request = app.http().get(app.url("/healthz")).header("Connection", "close");
    matches!(timeout(A_WHILE, request.send()).await, Ok(Ok(response)) if response.status() == 200)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_too_many_waits_for_another_to_end() {
    with_settings(
        |config: &mut Config| config.limits.connections = 2,
        async |app| {
            let silent = connects(&app).await;
            // A websocket is a connection as long as it lives.
            let socket = app.visitor().connects().await;
            assert!(!is_served(&app).await);
            drop(socket);
            until_served(&app).await;
            let socket = app.visitor().connects().await;
            assert!(!is_served(&app).await);
            drop(silent);
            until_served(&app).await;
            drop(socket);
        },
    )
    .await;
}

async fn until_served(app: &TestApp) {
    let served = async { while !is_served(app).await {} };
    timeout(PATIENCE, served).await.expect("nobody is served again");
}
