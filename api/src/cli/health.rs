//! `patch-hive health`

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use clap::Args;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{failure::Failure, output::say};
use crate::config::{AddressVariables, Problems};

/// Time limit of the answer.
const TIME: Duration = Duration::from_secs(3);

/// Check the health of a gateway on this machine
///
/// For the health check of a container without a shell. The exit code is 1 if there is no answer, or one other than 200. It
/// reads BIND and PORT like serve.
///
/// Example, which also checks the database:
///
///     patch-hive health --ready
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Health {
    #[command(flatten)]
    address: AddressVariables,
    /// Check readiness too: whether the database answers and is migrated
    #[arg(long)]
    ready: bool,
}

impl Health {
    pub(super) async fn run(self, problems: Problems) -> Result<(), Failure> {
        let address = reachable(self.address.check(problems)?);
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

/// Turns an unspecified address, which stands for all addresses, into loopback. Those of IPv6 stand for IPv4 as well, whose
/// loopback exists on more machines.
fn reachable(bind: SocketAddr) -> SocketAddr {
    let ip = if bind.ip().is_unspecified() { Ipv4Addr::LOCALHOST.into() } else { bind.ip() };
    SocketAddr::new(ip, bind.port())
}

/// Returns the whole response. The server closes the connection after it.
async fn ask(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
