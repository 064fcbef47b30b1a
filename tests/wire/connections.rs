//! Connections are limited in number, and in the time they may be silent.

use std::time::Duration;

use patch_hive::{config::Config, throttle::Proxies};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{sleep, timeout},
};

use super::{GRAPHQL_RESPONSE, on_the_wire, with_settings};
use crate::harness::TestApp;

const PATIENCE: Duration = Duration::from_secs(20);

async fn connects(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.address()).await.unwrap()
}

/// Returns all that the gateway sends until it ends the connection.
async fn rest(mut stream: TcpStream) -> String {
    let mut response = Vec::new();
    // The connection may be closed or reset.
    timeout(PATIENCE, stream.read_to_end(&mut response)).await.expect("the connection is held").ok();
    String::from_utf8(response).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_finish_a_header_is_disconnected() {
    with_settings(
        |config: &mut Config| config.limits.header = Duration::from_millis(300),
        async |app| {
            for half in ["", "G", "GET /readyz HTTP/1.1\r\nHost: gateway\r\nX-Slow: "] {
                let mut stream = connects(&app).await;
                stream.write_all(half.as_bytes()).await.unwrap();
                let response = rest(stream).await;
                assert!(!response.contains("200 OK"), "{half:?}: {response}");
            }
            // Single bytes at intervals do not keep it open either.
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
async fn a_response_that_comes_before_the_body_says_that_the_connection_ends() {
    on_the_wire(async |app| {
        let head = "POST /graphql HTTP/1.1\r\nHost: gateway\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n";
        let mut stream = connects(&app).await;
        stream.write_all(head.as_bytes()).await.unwrap();
        let response = rest(stream).await;
        assert!(response.starts_with("HTTP/1.1 415 ") && response.contains("\r\nconnection: close\r\n"), "{response}");
        // A body that was read keeps the connection, whatever the answer.
        let mut stream = connects(&app).await;
        let head = head.replace("text/plain", "application/json");
        for _ in 0..3 {
            stream.write_all(format!("{head}nosql").as_bytes()).await.unwrap();
            let mut response = [0; 4096];
            let length = timeout(PATIENCE, stream.read(&mut response)).await.unwrap().unwrap();
            let response = std::str::from_utf8(&response[..length]).unwrap();
            assert!(response.starts_with("HTTP/1.1 400 ") && !response.contains("connection: close"), "{response}");
        }
    })
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

/// An address of this machine that the harness does not use.
const ELSEWHERE: &str = "127.0.0.2:0";

/// A connection from another address.
async fn connects_from_elsewhere(app: &TestApp) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(ELSEWHERE.parse().unwrap()).unwrap();
    socket.connect(app.address()).await.unwrap()
}

/// The whole response to a GET request on a connection of its own.
async fn gets(stream: TcpStream, path: &str) -> String {
    gets_as(stream, path, "*/*").await
}

/// As [`gets`], in a media type.
async fn gets_as(mut stream: TcpStream, path: &str, media_type: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: gateway\r\nAccept: {media_type}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok();
    rest(stream).await
}

const PLANS: &str = "/graphql?query=%7Bplans%7Btier%7D%7D";

#[tokio::test(flavor = "multi_thread")]
async fn one_address_cannot_take_every_connection() {
    with_settings(
        |config: &mut Config| config.limits.connections = 4,
        async |app| {
            let silent = connects(&app).await;
            // A websocket is a connection as long as it lives.
            let socket = app.visitor().connects().await;
            let refused = gets(connects(&app).await, PLANS).await;
            assert!(refused.starts_with("HTTP/1.1 429"), "{refused}");
            is_protected(&refused);
            assert!(gets(connects_from_elsewhere(&app).await, PLANS).await.starts_with("HTTP/1.1 200"));
            drop((silent, socket));
            until_served(&app).await;
        },
    )
    .await;
}

/// Checks that a response has the headers that every response has.
fn is_protected(response: &str) {
    let response = response.to_lowercase();
    for header in ["x-content-type-options: nosniff", "x-frame-options: deny", "referrer-policy: no-referrer"] {
        assert!(response.contains(header), "{header}: {response}");
    }
    assert!(response.contains("content-security-policy: default-src 'none'; frame-ancestors 'none'"), "{response}");
}

async fn until_served(app: &TestApp) {
    let served = async { while !gets(connects(app).await, PLANS).await.starts_with("HTTP/1.1 200") {} };
    timeout(PATIENCE, served).await.expect("no connection is served any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_server_answers_probes_only() {
    let settings = |config: &mut Config| {
        (config.limits.connections, config.limits.address_connections) = (1, Some(1));
    };
    with_settings(settings, async |app| {
        let socket = app.visitor().connects().await;
        assert!(gets(connects_from_elsewhere(&app).await, "/healthz").await.starts_with("HTTP/1.1 200"));
        assert!(gets(connects_from_elsewhere(&app).await, "/readyz").await.starts_with("HTTP/1.1 200"));
        let refused = gets(connects_from_elsewhere(&app).await, PLANS).await;
        assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
        assert!(refused.contains("retry-after: 5") && refused.contains("UNAVAILABLE"), "{refused}");
        assert!(refused.contains("content-type: application/json\r\n"), "{refused}");
        is_protected(&refused);
        let refused = gets_as(connects_from_elsewhere(&app).await, PLANS, GRAPHQL_RESPONSE).await;
        assert!(refused.contains(&format!("content-type: {GRAPHQL_RESPONSE}\r\n")), "{refused}");
        // Silent clients do not keep the probes out.
        let silent = (connects_from_elsewhere(&app).await, connects_from_elsewhere(&app).await);
        assert!(gets(connects_from_elsewhere(&app).await, "/healthz").await.starts_with("HTTP/1.1 200"));
        drop(silent);
        drop(socket);
        until_served(&app).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_may_have_any_number_of_connections() {
    let settings = |config: &mut Config| {
        (config.limits.connections, config.limits.address_connections) = (10, Some(1));
        config.proxies = Proxies::read(["127.0.0.1"]).unwrap();
    };
    with_settings(settings, async |app| {
        let held = [connects(&app).await, connects(&app).await, connects(&app).await];
        assert!(gets(connects(&app).await, PLANS).await.starts_with("HTTP/1.1 200"));
        drop(held);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_of_more_than_16_kib_is_refused() {
    on_the_wire(async |app| {
        let path = format!("{PLANS}&padding={}", "a".repeat(10_000));
        assert!(gets(connects(&app).await, &path).await.starts_with("HTTP/1.1 200"));
        let path = format!("{PLANS}&padding={}", "a".repeat(40_000));
        assert!(!gets(connects(&app).await, &path).await.contains("200 OK"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_cannot_be_stripes_is_refused_before_its_body() {
    on_the_wire(async |app| {
        for header in ["", "Stripe-Signature: t=1,v1=00\r\n", "Stripe-Signature: nonsense\r\n"] {
            let mut stream = connects(&app).await;
            let head = format!(
                "POST /api/payments/webhook HTTP/1.1\r\nHost: gateway\r\n{header}Content-Length: 1000000\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            let response = rest(stream).await;
            assert!(response.starts_with("HTTP/1.1 400"), "{header:?}: {response}");
        }
    })
    .await;
}

/// Starts a request for a client behind a proxy, without its last byte. `head` has the path and one header.
async fn begins(app: &TestApp, forwarded_for: &str, head: [&str; 2], body: &str) -> TcpStream {
    let mut stream = connects(app).await;
    let [path, header] = head;
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: gateway\r\nX-Forwarded-For: {forwarded_for}\r\n\
         {header}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len() + 1
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // What the gateway refuses it does not read to the end.
    stream.write_all(body.as_bytes()).await.ok();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn unfinished_requests_of_one_address_take_a_bounded_amount_of_memory() {
    let settings = |config: &mut Config| config.proxies = Proxies::read(["127.0.0.1"]).unwrap();
    with_settings(settings, async |app| {
        let mut unfinished = Vec::new();
        let head = ["/graphql", "Content-Type: application/json"];
        let body = format!("{:63999}", r#"{"query": "{ plans { tier } }""#);
        for _ in 0..200 {
            unfinished.push(begins(&app, "198.51.100.1", head, &body).await);
        }
        let mut another = begins(&app, "198.51.100.2", head, &body).await;
        another.write_all(b"}").await.unwrap();
        let response = rest(another).await;
        assert!(response.starts_with("HTTP/1.1 200"), "{response}");
        // Small requests of the same address are served nevertheless.
        let small = r#"{"query": "{ plans { tier } }"}"#;
        let small = super::posts(&app, "application/json", small).header("x-forwarded-for", "198.51.100.1");
        assert_eq!(small.send().await.unwrap().status(), 200);
        let mut refused = 0;
        for mut stream in unfinished {
            stream.write_all(b"}").await.ok();
            refused += usize::from(rest(stream).await.starts_with("HTTP/1.1 503"));
        }
        assert!((40..160).contains(&refused), "{refused} of 200 were refused");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unfinished_webhooks_of_one_address_take_a_bounded_amount_of_memory() {
    let settings = |config: &mut Config| config.proxies = Proxies::read(["127.0.0.1"]).unwrap();
    with_settings(settings, async |app| {
        let signature = format!("Stripe-Signature: t=1,v1={}", "0".repeat(64));
        let head = ["/api/payments/webhook", signature.as_str()];
        let body = " ".repeat(999_999);
        let mut unfinished = Vec::new();
        for _ in 0..20 {
            unfinished.push(begins(&app, "198.51.100.1", head, &body).await);
        }
        // One from another address is read, and so is a small one. Neither has a signature that matches.
        for (from, body) in [("198.51.100.2", body.as_str()), ("198.51.100.1", "{")] {
            let mut another = begins(&app, from, head, body).await;
            another.write_all(b" ").await.unwrap();
            let response = rest(another).await;
            assert!(response.starts_with("HTTP/1.1 400"), "{from}: {response}");
        }
        let mut refused = 0;
        for mut stream in unfinished {
            stream.write_all(b" ").await.ok();
            refused += usize::from(rest(stream).await.starts_with("HTTP/1.1 503"));
        }
        assert!((5..20).contains(&refused), "{refused} of 20 were refused");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_many_tiny_chunks_is_too_large() {
    on_the_wire(async |app| {
        let mut stream = connects(&app).await;
        let head = "POST /graphql HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n\
                    Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let chunks = "1\r\n \r\n".repeat(4000);
        stream.write_all(format!("{chunks}0\r\n\r\n").as_bytes()).await.ok();
        assert!(rest(stream).await.starts_with("HTTP/1.1 413"));
    })
    .await;
}
