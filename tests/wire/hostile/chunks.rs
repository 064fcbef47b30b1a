//! A body in small chunks is read, and a flood of chunks is refused before its end.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    harness::{
        TestApp,
        rng::{Seed, lasting},
    },
    wire::on_the_wire,
};

const BODY: &str = r#"{"query": "{ plans { tier } }"}"#;

/// Sends a body in chunks of so many bytes; the answer's first line.
async fn in_chunks(app: &TestApp, body: &str, bytes: usize) -> String {
    send(app, &format!("{}0\r\n\r\n", chunks(body, bytes, ""))).await
}

/// A body in chunks of so many bytes, each with an extension, without the last chunk.
fn chunks(body: &str, bytes: usize, extension: &str) -> String {
    let mut text = String::new();
    for chunk in body.as_bytes().chunks(bytes) {
        write!(text, "{:x}{extension}\r\n{}\r\n", chunk.len(), str::from_utf8(chunk).unwrap()).unwrap();
    }
    text
}

/// Sends the chunks of a body; the answer's first line.
async fn send(app: &TestApp, chunks: &str) -> String {
    let mut stream = TcpStream::connect(app.address()).await.unwrap();
    let head = "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                transfer-encoding: chunked\r\nconnection: close\r\n\r\n";
    let is_whole = chunks.ends_with("0\r\n\r\n");
    // An early refusal may close the connection while the client still sends.
    let (mut read, mut write) = stream.split();
    let mut answer = Vec::new();
    let sent = async {
        write.write_all(format!("{head}{chunks}").as_bytes()).await.ok();
        if !is_whole {
            write.shutdown().await.ok();
        }
    };
    let received = timeout(Duration::from_secs(20), read.read_to_end(&mut answer));
    let ((), received) = tokio::join!(sent, received);
    received.unwrap().ok();
    String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_in_small_chunks_is_read_and_one_in_a_flood_of_them_is_refused() {
    on_the_wire(async |app| {
        for bytes in [1, 7, 100] {
            assert_eq!(in_chunks(&app, BODY, bytes).await, "HTTP/1.1 200 OK", "{bytes}");
        }
        let flood = format!("{BODY}{}", " ".repeat(3000));
        assert_eq!(in_chunks(&app, &flood, 1).await, "HTTP/1.1 413 Payload Too Large");
        assert_eq!(in_chunks(&app, &flood, 100).await, "HTTP/1.1 200 OK");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_in_any_chunks_is_answered_or_refused_soon() {
    on_the_wire(async |app| {
        let (start, mut rng) = (Instant::now(), Seed::of("chunks").rng(0));
        let long = ";x".repeat(200);
        while start.elapsed() < lasting(2) {
            let (bytes, spaces) = (1 + rng.place(200), rng.place(70_000));
            let extension = ["", ";a", ";a=b", ";a=\"b c\"", &long][rng.place(5)];
            let mut text = chunks(&format!("{BODY}{}", " ".repeat(spaces)), bytes, extension);
            let is_cut = rng.rolls(20);
            if is_cut {
                text.truncate(rng.place(text.len()));
            } else {
                text.push_str("0\r\n\r\n");
            }
            let first = send(&app, &text).await;
            let status = first.split(' ').nth(1).unwrap_or_default();
            let is_short = extension.len() < 10 && spaces <= 20_000 && spaces / bytes < 100;
            let expected: &[_] = match (is_cut, is_short) {
                (false, true) => &["200"],
                // A connection that is closed while the client still sends may lose the answer.
                (false, false) => &["", "200", "400", "413"],
                (true, _) => &["", "400", "408", "413"],
            };
            assert!(expected.contains(&status), "{bytes} {spaces} {extension:?} {is_cut} {first}");
        }
        assert_eq!(in_chunks(&app, BODY, 7).await, "HTTP/1.1 200 OK");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_chunks_is_not_read_to_its_end() {
    on_the_wire(async |app| {
        let endless = " ".repeat(500_000);
        let first = in_chunks(&app, &endless, 1).await;
        assert!(first.is_empty() || first == "HTTP/1.1 413 Payload Too Large", "{first}");
    })
    .await;
}
