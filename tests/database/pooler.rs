//! A gateway works behind `PgBouncer` in session mode, if that is installed, and refuses transaction mode.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    os::unix::fs::{PermissionsExt, chown},
    process::{Child, Command, Stdio},
    time::Duration,
};

use futures_util::future::join_all;
use patch_hive::{
    accounts::{self, SignUp},
    clock::Clock,
    config::Config,
    server,
    throttle::Address,
};
use tempfile::TempDir;
use url::Url;

use crate::harness::{
    left_out,
    postgres::{self, UNPRIVILEGED, is_root, unprivileged},
};

/// A pooler in front of the tests' PostgreSQL, stopped when it is dropped.
struct Pooler {
    child: Child,
    _folder: TempDir,
    url: String,
}

impl Pooler {
    /// `None` where PostgreSQL or `PgBouncer` is not installed.
    async fn start(mode: &str) -> Option<Self> {
        let server = Url::parse(&postgres::empty_database().await?).unwrap();
        let found = |name: &&str| Command::new(name).arg("--version").stdout(Stdio::null()).status().is_ok();
        let Some(program) = ["pgbouncer", "/usr/sbin/pgbouncer"].into_iter().find(found) else {
            left_out("pgbouncer is not to be found: install it");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let file = folder.path().join("pgbouncer.ini");
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={} user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nauth_type = any\nunix_socket_dir =\npool_mode = {mode}\ndefault_pool_size = 30\n",
            server.port().unwrap(),
        );
        fs::write(&file, settings).unwrap();
        let root = is_root();
        if root {
            chown(folder.path(), Some(UNPRIVILEGED), Some(UNPRIVILEGED)).unwrap();
        }
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = Command::new(program);
        command.arg(&file).current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = unprivileged(&mut command, root).spawn().unwrap();
        for _ in 0..100 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let url = format!("postgres://postgres@127.0.0.1:{port}{}", server.path());
        Some(Self { child, _folder: folder, url })
    }

    fn config(&self) -> Config {
        let nowhere = "http://127.0.0.1:9/".to_owned();
        let mut config = Config::development("127.0.0.1:0".parse().unwrap(), self.url.clone(), nowhere).unwrap();
        config.password_cost = 4;
        config
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_in_session_mode_works() {
    let Some(pooler) = Pooler::start("session").await else { return };
    let running = server::start(pooler.config(), Clock::default()).await.unwrap();
    let sign_ups = (0..24).map(|number: u8| {
        let new = SignUp {
            email: format!("user{number}@patchhive.example"),
            username: format!("user{number}"),
            display_name: None,
            password: "a password of sixteen".to_owned(),
            address: Address::default(),
        };
        accounts::sign_up(running.app(), new)
    });
    for signed_up in join_all(sign_ups).await {
        signed_up.unwrap();
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_in_transaction_mode_is_refused_in_a_sentence_that_names_it() {
    let Some(pooler) = Pooler::start("transaction").await else { return };
    let refusal = server::start(pooler.config(), Clock::default()).await.err().unwrap().to_string();
    assert!(refusal.contains("pooler in transaction mode") && refusal.contains("PgBouncer"), "{refusal}");
}
