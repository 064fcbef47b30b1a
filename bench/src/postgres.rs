//! Starts a PostgreSQL server for this run, with durable commits, on a free loopback port.

use std::{fs, net::TcpListener, os::unix::fs::chown, path::PathBuf, process::Stdio, time::Duration};

use sea_orm::Database;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::Failure;

/// The id of the user "nobody", who runs the server if this program runs as root: PostgreSQL refuses to run as root.
const UNPRIVILEGED: u32 = 65_534;

/// A running server. Dropping it kills the process and removes its folder.
pub(crate) struct Postgres {
    _server: Child,
    _folder: TempDir,
    url: String,
}

impl Postgres {
    /// Starts a server; `None` if PostgreSQL is not installed.
    pub(crate) async fn start() -> Result<Option<Self>, Failure> {
        let Some(binaries) = binaries() else { return Ok(None) };
        let folder = tempfile::Builder::new().prefix("patch-hive-bench-").tempdir()?;
        let root = std::os::unix::fs::MetadataExt::uid(&fs::metadata(folder.path())?) == 0;
        if root {
            chown(folder.path(), Some(UNPRIVILEGED), Some(UNPRIVILEGED))?;
        }
        let command = |name: &str| {
            let mut command = Command::new(binaries.join(name));
            if root {
                command.uid(UNPRIVILEGED).gid(UNPRIVILEGED);
            }
            command.current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        let data = folder.path().join("data");
        let initdb = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--pgdata"];
        if !command("initdb").args(initdb).arg(&data).status().await?.success() {
            return Err("initdb failed".into());
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port().to_string();
        let server = command("postgres")
            .arg("-D")
            .arg(&data)
            .args(["-p", &port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="])
            .kill_on_drop(true)
            .spawn()?;
        let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
        for _ in 0..100 {
            if let Ok(connection) = Database::connect(&url).await {
                connection.close().await?;
                return Ok(Some(Self { _server: server, _folder: folder, url }));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err("PostgreSQL did not start within ten seconds".into())
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

fn binaries() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders.into_iter().rev().find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
}
