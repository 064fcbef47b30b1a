//! A PostgreSQL server for the tests: started once, on a free port of loopback, and removed with the process.

pub(crate) mod durable;

use std::{
    fs,
    net::TcpListener,
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use migration::up;
use sea_orm::{
    ConnectionTrait, Database, DatabaseConnection, Statement,
    sqlx::{AssertSqlSafe, Connection, Executor, PgConnection},
};
use tokio::sync::OnceCell;

use super::{folder, left_out};

/// The user "nobody", who runs the server if the tests run as root, which PostgreSQL refuses.
pub(crate) const UNPRIVILEGED: u32 = 65_534;

static SERVER: OnceCell<Option<Server>> = OnceCell::const_new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// The server of all tests.
struct Server {
    url: String,
    /// The clause that makes a database from a migrated one.
    migrated: &'static str,
    log: PathBuf,
}

/// The URL of a new database with the gateway's schema, or `None` where PostgreSQL is not installed.
pub(crate) async fn database() -> Option<String> {
    let server = SERVER.get_or_init(start).await.as_ref()?;
    Some(create(&server.url, server.migrated).await)
}

/// The URL of a new, empty database, or `None` where PostgreSQL is not installed.
pub(crate) async fn empty_database() -> Option<String> {
    let server = SERVER.get_or_init(start).await.as_ref()?;
    Some(create(&server.url, "").await)
}

/// The server's log. Each message begins with the name of its database; its further lines begin with a tab.
pub(crate) fn log() -> &'static Path {
    &SERVER.get().and_then(Option::as_ref).expect("the server runs").log
}

/// Removes a database. Connections that a test has left open end.
pub(crate) async fn remove(url: &str) {
    let (server, name) = url.rsplit_once('/').unwrap();
    administer(server, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
}

async fn create(server: &str, options: &str) -> String {
    let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    administer(server, &format!("CREATE DATABASE {name} {options}")).await;
    format!("{server}/{name}")
}

async fn administer(server: &str, sql: &str) {
    let mut admin = PgConnection::connect(&format!("{server}/postgres")).await.unwrap();
    admin.execute(AssertSqlSafe(sql)).await.unwrap();
    admin.close().await.unwrap();
}

async fn start() -> Option<Server> {
    let Some(binaries) = binaries() else {
        left_out("PostgreSQL's initdb and postgres are not to be found: install them, or put them on PATH");
        return None;
    };
    let folder = folder::named("patch-hive-postgres-").keep();
    let root = is_root();
    if root {
        chown(&folder, Some(UNPRIVILEGED), Some(UNPRIVILEGED)).unwrap();
    }
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    let data = folder.join("data");
    let mut initdb = Command::new(binaries.join("initdb"));
    initdb.args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync", "--pgdata"]).arg(&data);
    let done = unprivileged(&mut initdb, root).current_dir(&folder).output().unwrap();
    assert!(done.status.success(), "initdb: {}", String::from_utf8_lossy(&done.stderr));
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    watch_over(&binaries, &folder, port, root);
    let url = format!("postgres://postgres@127.0.0.1:{port}");
    let migrated = prepare(&url).await;
    Some(Server { url, migrated, log: folder.join("log") })
}

/// Runs the server beside a shell that reads from this process. However this process ends, the shell's input does too, and
/// then it stops the server and removes its folder.
#[expect(clippy::zombie_processes, reason = "the shell outlives this process, to clean up after it")]
fn watch_over(binaries: &Path, folder: &Path, port: u16, root: bool) {
    let script = r#""$1/postgres" -D "$2/data" -p "$3" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
        -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=400 \
        -c autovacuum=off -c jit=off -c log_line_prefix='%d ' >"$2/log" 2>&1 &
        server=$!; cat; kill -INT $server; wait $server; rm -rf "$2""#;
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]).arg(binaries).arg(folder).arg(port.to_string());
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0).current_dir(folder);
    let mut child = unprivileged(&mut shell, root).spawn().unwrap();
    std::mem::forget(child.stdin.take());
}

/// Migrates a database, and returns the clause that copies it.
async fn prepare(server: &str) -> &'static str {
    let url = format!("{server}/postgres");
    for _ in 0..200 {
        if let Ok(admin) = Database::connect(&url).await {
            admin.execute_unprepared("CREATE DATABASE template_gateway").await.unwrap();
            let clause = copying(&admin).await;
            admin.close().await.unwrap();
            let template = Database::connect(format!("{server}/template_gateway")).await.unwrap();
            up(&template).await.unwrap();
            template.close().await.unwrap();
            return clause;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("PostgreSQL did not start within ten seconds");
}

/// The clause that copies the migrated database by its files, as all versions before 15 do.
async fn copying(admin: &DatabaseConnection) -> &'static str {
    let question = Statement::from_string(admin.get_database_backend(), "SHOW server_version_num");
    let version: String = admin.query_one_raw(question).await.unwrap().unwrap().try_get_by_index(0).unwrap();
    match version.parse::<u32>().unwrap() {
        ..150_000 => "TEMPLATE template_gateway",
        150_000.. => "TEMPLATE template_gateway STRATEGY file_copy",
    }
}

fn binaries() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let mut folders: Vec<_> = debian.collect();
    folders.sort();
    folders.reverse();
    folders.extend(std::env::split_paths(&path));
    folders.into_iter().find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
}

pub(crate) fn unprivileged(command: &mut Command, root: bool) -> &mut Command {
    if root { command.uid(UNPRIVILEGED).gid(UNPRIVILEGED) } else { command }
}

pub(crate) fn is_root() -> bool {
    let own = tempfile::NamedTempFile::new().unwrap();
    std::os::unix::fs::MetadataExt::uid(&fs::metadata(own.path()).unwrap()) == 0
}
