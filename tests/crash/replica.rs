//! Gateways in their own processes, which are killed and restarted.

use std::{
    net::{SocketAddr, TcpListener},
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};

use entity::{alert, alert_setting, credit_account, ledger_entry};
use reqwest::Client;
use sea_orm::{Database, DatabaseConnection, EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{process::Child, time::timeout};

use crate::harness::{
    actor::row,
    program::{self, complaint},
};

/// Time limit of a start.
const PATIENCE: Duration = Duration::from_secs(30);

/// Time limit for the gateways to find every crossing of a threshold.
const FOLLOWED_WITHIN: Duration = Duration::from_secs(30);

const SET_ALERT: &str = "mutation { setAlert(input: { kind: LOW_BALANCE, below: 20 }) { enabled } }";

const SIGN_UP: &str = "mutation ($input: SignUpInput!) { signUp(input: $input) { token user { id } } }";

/// The address on which a gateway listens; each start takes another port.
pub(super) type Address = Arc<Mutex<SocketAddr>>;

/// Gateways on one database.
pub(super) struct Fleet {
    folder: TempDir,
    url: String,
    replicas: Vec<Replica>,
    http: Client,
}

struct Replica {
    address: Address,
    process: Child,
}

/// A user with a token.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) id: i64,
    pub(super) token: String,
}

impl Fleet {
    pub(super) async fn start(url: &str, count: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let http = Client::builder().no_proxy().build().unwrap();
        let mut fleet = Self { folder, url: url.to_owned(), replicas: Vec::new(), http };
        for number in 0..count {
            let (address, process) = fleet.spawns();
            fleet.replicas.push(Replica { address: Arc::new(Mutex::new(address)), process });
            fleet.is_up(number).await;
        }
        fleet
    }

    pub(super) fn count(&self) -> usize {
        self.replicas.len()
    }

    pub(super) fn addresses(&self) -> Vec<Address> {
        self.replicas.iter().map(|replica| replica.address.clone()).collect()
    }

    /// Waits until a gateway serves. A gateway that ended because it found no database is restarted.
    pub(super) async fn is_up(&mut self, number: usize) {
        let waiting = async {
            loop {
                self.restarts_if_ended(number);
                let url = format!("http://{}/healthz", *self.replicas[number].address.lock().unwrap());
                if self.http.get(url).timeout(Duration::from_secs(1)).send().await.is_ok() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, waiting).await.expect("a gateway did not start");
    }

    /// Restarts a gateway if it has ended.
    pub(super) fn restarts_if_ended(&mut self, number: usize) {
        if self.replicas[number].process.try_wait().unwrap().is_some() {
            self.starts_again(number);
        }
    }

    /// Kills a gateway with SIGKILL and restarts it.
    pub(super) async fn loses(&mut self, number: usize) {
        self.replicas[number].process.kill().await.unwrap();
        self.starts_again(number);
    }

    /// Kills all gateways with SIGKILL.
    pub(super) async fn ends(&mut self) {
        for replica in &mut self.replicas {
            replica.process.kill().await.unwrap();
        }
    }

    fn starts_again(&mut self, number: usize) {
        let (address, process) = self.spawns();
        let replica = &mut self.replicas[number];
        *replica.address.lock().unwrap() = address;
        replica.process = process;
    }

    fn spawns(&self) -> (SocketAddr, Child) {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command =
            program::command(self.folder.path(), &["serve", "--bind", &address.to_string()], &self.variables());
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        (address, process)
    }

    fn variables(&self) -> [(&str, &str); 7] {
        [
            ("DATABASE_URL", &self.url),
            ("DATABASE_MAX_CONNECTIONS", "5"),
            ("JWT_SECRET", "0123456789abcdef0123456789abcdef"),
            ("JWT_TTL", "30d"),
            ("STRIPE_ENABLED", "false"),
            ("BCRYPT_COST", "10"),
            ("RATE_LIMIT", "off"),
        ]
    }

    /// Signs up a user. With a role, the token comes from the command `token`.
    pub(super) async fn signs_up(&self, name: &str, role: Option<&str>) -> Member {
        let url = format!("http://{}/graphql", *self.replicas[0].address.lock().unwrap());
        let email = format!("{name}@patchhive.example");
        let input = json!({ "email": email, "username": name, "password": "correct horse" });
        let body = json!({ "query": SIGN_UP, "variables": { "input": input } });
        let answer: Value = self.http.post(url).json(&body).send().await.unwrap().json().await.unwrap();
        let session = &answer["data"]["signUp"];
        let id = row(&session["user"]["id"]);
        let token = match role {
            None => {
                let token = session["token"].as_str().unwrap().to_owned();
                self.sets_an_alert(&token).await;
                token
            }
            Some(role) => self.runs(&["token", "--email", &email, "--role", role, "--ttl", "12h"]).await,
        };
        Member { id, token: token.trim().to_owned() }
    }

    async fn sets_an_alert(&self, token: &str) {
        let url = format!("http://{}/graphql", *self.replicas[0].address.lock().unwrap());
        let request = self.http.post(url).bearer_auth(token).json(&json!({ "query": SET_ALERT }));
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["data"]["setAlert"]["enabled"], true, "{answer}");
    }

    /// Waits until each ledger was followed to its end, and returns the number of alerts. The proof of the books says whether
    /// they are those of the ledgers.
    pub(super) async fn follows_its_ledgers(&self) -> u64 {
        let database = self.connects().await;
        let followed = async {
            loop {
                let settings = alert_setting::Entity::find().all(&database).await.unwrap();
                let accounts = credit_account::Entity::find().all(&database).await.unwrap();
                let is_followed = |setting: &alert_setting::Model| {
                    let account = accounts.iter().find(|account| account.user_id == setting.user_id);
                    account.is_some_and(|account| account.version == setting.seen_version)
                };
                if settings.iter().all(is_followed) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        timeout(FOLLOWED_WITHIN, followed).await.expect("a crossing was not looked for");
        alert::Entity::find().count(&database).await.unwrap()
    }

    pub(super) async fn proves_its_books(&self) {
        self.runs(&["verify"]).await;
    }

    /// Runs a command on the database, which must succeed, and returns its output.
    async fn runs(&self, arguments: &[&str]) -> String {
        let needed = match arguments[0] {
            "verify" => &self.variables()[..1],
            _ => &self.variables()[..3],
        };
        let output = program::runs(self.folder.path(), arguments, needed).await;
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        assert!(output.status.success(), "{arguments:?}: {text}{}", complaint(&output));
        text
    }

    /// All ledger entries in the database.
    pub(super) async fn entries(&self) -> Vec<ledger_entry::Model> {
        ledger_entry::Entity::find().all(&self.connects().await).await.unwrap()
    }

    async fn connects(&self) -> DatabaseConnection {
        let url = self.url.strip_prefix("sqlite:");
        let url = url.map_or(self.url.clone(), |file| format!("sqlite:{}", self.folder.path().join(file).display()));
        Database::connect(url).await.unwrap()
    }
}
