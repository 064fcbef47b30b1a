//! `patch-hive health`

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use clap::Args;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{failure::Failure, output::say};

/// How long the answer may take.
const TIME: Duration = Duration::from_secs(3);

/// Ask a gateway on this machine whether it is alive
///
/// For a container's health check, where nothing else can ask. Ends with exit code 1 when there is no answer, or another than
/// 200. It reads the same BIND as serve.
///
/// Example, which waits for the database too:
///
///     patch-hive health --ready
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Health {
    /// Address that the gateway listens on
    #[arg(long, env = "BIND", hide_env_values = true, default_value = "127.0.0.1:8000")]
    bind: SocketAddr,
    /// Ask whether it may be sent requests, too
    #[arg(long)]
    ready: bool,
}

impl Health {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let address = reachable(self.bind);
        let path = if self.ready { "/readyz" } else { "/healthz" };
        let failed = |why: String| Failure::Runtime(format!("http://{address}{path}: {why}"));
        let answer = timeout(TIME, ask(address, path)).await.map_err(|_| failed("no answer in time".to_owned()))?;
        let answer = answer.map_err(|error| failed(error.to_string()))?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        if head.starts_with("HTTP/1.1 200 ") {
            say(body.trim());
            Ok(())
        } else {
            Err(failed(body.to_owned()))
        }
    }
}

/// An address that means "all of them" is asked on loopback.
fn reachable(bind: SocketAddr) -> SocketAddr {
    let ip = match bind.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, bind.port())
}

/// The whole answer. The server ends the connection, so its end is the answer's.
async fn ask(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
