//! A listener on loopback that replies from a script.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::{Stripe, client};

/// The reaction of the listener to one request.
pub(super) enum Reply {
    Json(u16, Value),
    Page(u16),
    /// 429, with the wait in seconds.
    Busy(u64),
    Silence,
    HangUp,
}

/// A request to the listener.
#[derive(Debug)]
pub(super) struct Request {
    /// Method and path.
    pub(super) line: String,
    /// Header lines in lower case.
    head: String,
    /// The form, decoded and sorted.
    pub(super) form: Vec<(String, String)>,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

async fn read(stream: &mut TcpStream) -> io::Result<Request> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let (line, head) = head.split_once("\r\n").unwrap();
            let head = head.to_lowercase();
            let mut request = Request { line: line.to_owned(), head, form: Vec::new() };
            let length: usize = request.header("content-length").unwrap_or("0").parse().unwrap();
            if body.len() >= length {
                request.form = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
                request.form.sort();
                return Ok(request);
            }
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// A listener that answers one request after another as scripted, and records the requests.
pub(super) struct Listener {
    pub(super) address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    /// The task, which returns the connections that it did not answer, so that they stay open.
    serving: JoinHandle<io::Result<Vec<TcpStream>>>,
}

impl Listener {
    pub(super) async fn with(script: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        let serving = tokio::spawn(async move {
            let mut silent = Vec::new();
            for reply in script {
                let (mut stream, _) = listener.accept().await?;
                let request = read(&mut stream).await?;
                log.lock().unwrap().push(request);
                let mut retry_after = String::new();
                let (status, body) = match reply {
                    Reply::Json(status, body) => (status, body.to_string()),
                    Reply::Busy(seconds) => {
                        retry_after = format!("retry-after: {seconds}\r\n");
                        (429, r#"{"error": {"type": "invalid_request_error", "code": "rate_limit"}}"#.to_owned())
                    }
                    Reply::Page(status) => (status, "<html>Bad Gateway</html>".to_owned()),
                    Reply::Silence => {
                        silent.push(stream);
                        continue;
                    }
                    Reply::HangUp => continue,
                };
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 {status} Status\r\nconnection: close\r\n{retry_after}content-length: {length}\r\n\r\n"
                );
                stream.write_all((head + &body).as_bytes()).await?;
            }
            Ok(silent)
        });
        Self { address, requests, serving }
    }

    /// A client that gives each call two attempts.
    pub(super) fn client(&self) -> Stripe {
        client(self.address)
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
