//! A caller: one kept-alive connection, with one request at a time.

use std::{net::SocketAddr, sync::LazyLock};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::json;
use tokio::net::TcpStream;

use crate::{Failure, secret::JWT_SECRET};

/// A request to the gateway.
pub(crate) struct Call {
    /// The path of the URL.
    pub(crate) path: &'static str,
    /// An additional header.
    pub(crate) header: (&'static str, String),
    /// The JSON body.
    pub(crate) body: String,
}

pub(crate) struct Caller {
    sender: http1::SendRequest<Full<Bytes>>,
    host: String,
}

impl Caller {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, host: address.to_string() })
    }

    /// Sends a request and reads the whole response.
    pub(crate) async fn send(&mut self, call: Call) -> Result<Bytes, Failure> {
        let request = Request::post(call.path)
            .header(header::HOST, &self.host)
            .header(header::CONTENT_TYPE, "application/json")
            .header(call.header.0, call.header.1)
            .body(Full::new(Bytes::from(call.body)))?;
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        if !status.is_success() {
            return Err(format!("{status}: {}", String::from_utf8_lossy(&body)).into());
        }
        Ok(body)
    }
}

/// The start of this run, in Unix time.
static BEGUN: LazyLock<i64> = LazyLock::new(now);

/// Returns the value of a user's `Authorization` header, which stays the same for the whole run.
pub(crate) fn bearer(user: i64) -> Result<String, Failure> {
    let claims = json!({ "sub": user.to_string(), "iat": *BEGUN, "exp": *BEGUN + 86_400, "aud": "patch-hive" });
    let key = EncodingKey::from_secret(JWT_SECRET.as_bytes());
    Ok(format!("Bearer {}", jsonwebtoken::encode(&Header::default(), &claims, &key)?))
}

/// Returns the current Unix time.
#[expect(clippy::disallowed_methods, reason = "this program has no business time")]
pub(crate) fn now() -> i64 {
    chrono::Utc::now().timestamp()
}
