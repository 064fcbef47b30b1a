//! A PostgreSQL server that writes durably, and can be killed.

use std::{
    fs,
    net::TcpListener,
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use tokio::{
    io::AsyncWriteExt,
    process::{Child, ChildStdin},
};

use super::{UNPRIVILEGED, binaries, is_root, unprivileged};
use crate::harness::left_out;

/// Interval of checks whether a server has started.
const ATTEMPTS: u32 = 600;

/// Runs the server beside a shell that reads from this process: one word crashes it, and the end of input, however this
/// process ends, stops it and removes its folder.
const WATCH: &str = r#""$1/postgres" -D "$2/data" -p "$3" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
    -c fsync=on -c synchronous_commit=on -c full_page_writes=on -c max_connections=60 -c shared_buffers=16MB \
    -c checkpoint_timeout=30s >>"$2/log" 2>&1 &
    server=$!; read -r word; if [ "$word" = crash ]; then kill -QUIT $server; wait $server; exit; fi
    kill -INT $server; wait $server; rm -rf "$2""#;

/// A server, or what a crash left of it.
pub(crate) struct Durable {
    binaries: PathBuf,
    folder: PathBuf,
    port: u16,
    shell: Option<(Child, ChildStdin)>,
}

impl Durable {
    /// Starts a server with an empty database; `None` where PostgreSQL is not installed.
    pub(crate) async fn start() -> Option<Self> {
        let Some(binaries) = binaries() else {
            left_out("PostgreSQL's initdb and postgres are not to be found: install them, or put them on PATH");
            return None;
        };
        let folder = tempfile::Builder::new().prefix("patch-hive-durable-").tempdir().unwrap().keep();
        if is_root() {
            chown(&folder, Some(UNPRIVILEGED), Some(UNPRIVILEGED)).unwrap();
        }
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        initialise(&binaries, &folder);
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Self { binaries, folder, port, shell: None };
        server.starts_again().await;
        Some(server)
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Starts a server that has crashed, which first recovers what it had promised.
    pub(crate) async fn starts_again(&mut self) {
        let mut shell = Command::new("sh");
        shell.args(["-c", WATCH, "sh"]).arg(&self.binaries).arg(&self.folder).arg(self.port.to_string());
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        unprivileged(shell.current_dir(&self.folder), is_root());
        let mut child = tokio::process::Command::from(shell).spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        self.shell = Some((child, stdin));
        for _ in 0..ATTEMPTS {
            if let Ok(admin) = Database::connect(self.url()).await {
                admin.close().await.unwrap();
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("PostgreSQL did not start");
    }

    /// Ends every process of the server at once: none of them writes anything more.
    pub(crate) async fn crashes(&mut self) {
        let (mut child, mut stdin) = self.shell.take().unwrap();
        stdin.write_all(b"crash\n").await.unwrap();
        child.wait().await.unwrap();
    }

    /// Kills one process of the server that serves a client. The server then ends all the others, and recovers.
    pub(crate) async fn loses_a_process(&self) {
        let Ok(admin) = Database::connect(self.url()).await else { return };
        if let Some(process) = client(&admin).await {
            let killed = Command::new("kill").args(["-KILL", &process.to_string()]).status().unwrap();
            assert!(killed.success(), "process {process} could not be killed");
        }
        admin.close().await.ok();
    }
}

async fn client(admin: &DatabaseConnection) -> Option<i32> {
    let sql = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() \
        ORDER BY state, random() LIMIT 1";
    let row = admin.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.ok()??;
    row.try_get_by_index(0).ok()
}

fn initialise(binaries: &Path, folder: &Path) {
    let mut initdb = Command::new(binaries.join("initdb"));
    initdb.args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--pgdata"]).arg(folder.join("data"));
    let done = unprivileged(&mut initdb, is_root()).current_dir(folder).output().unwrap();
    assert!(done.status.success(), "initdb: {}", String::from_utf8_lossy(&done.stderr));
}
