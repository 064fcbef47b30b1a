//! Several gateways on one database in one process, each with its own connections, notifications and jobs.

use std::net::SocketAddr;

use entity::user::{self, Role};
use futures_util::future::join_all;
use patch_hive::{
    accounts::{self, SignUp, TokenRequest},
    app::App,
    clock::Clock,
    config::Config,
    ledger,
    server::{self, Running},
    throttle::Address,
};
use reqwest::Client;
use sea_orm::{Database, DatabaseConnection};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    Backend,
    book::{Entry, PAGE, entries},
    folder, postgres,
};

/// Number of gateways on a PostgreSQL database. A SQLite file belongs to one process.
const REPLICAS: usize = 3;

/// The lowest cost of bcrypt.
const PASSWORD_COST: u32 = 4;

/// Gateways that share a database and nothing else.
pub(crate) struct Replicas {
    folder: TempDir,
    url: String,
    http: Client,
    running: Vec<Running>,
}

/// A user with a token that every replica accepts.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) id: i64,
    pub(crate) token: String,
}

impl Replicas {
    /// Three on PostgreSQL, one on SQLite; `None` where PostgreSQL is not installed.
    pub(crate) async fn start(backend: Backend) -> Option<Self> {
        let folder = folder();
        let url = backend.database(folder.path()).await?;
        let count = if backend == Backend::Postgres { REPLICAS } else { 1 };
        Some(Self::start_at(url, folder, count).await)
    }

    /// Starts the replicas at once on a database without tables.
    pub(crate) async fn start_on_an_empty_database() -> Option<Self> {
        let url = postgres::empty_database().await?;
        Some(Self::start_at(url, folder(), REPLICAS).await)
    }

    async fn start_at(url: String, folder: TempDir, count: usize) -> Self {
        let starting = (0..count).map(|_| server::start(config(&url), Clock::default()));
        let running = join_all(starting).await.into_iter().map(Result::unwrap).collect();
        Self { folder, url, http: Client::builder().no_proxy().build().unwrap(), running }
    }

    pub(crate) fn count(&self) -> usize {
        self.running.len()
    }

    pub(crate) fn app(&self, replica: usize) -> &App {
        self.running[replica].app()
    }

    pub(crate) fn address(&self, replica: usize) -> SocketAddr {
        self.running[replica].address()
    }

    /// A connection of the test's own, apart from those of the replicas.
    pub(crate) async fn connects(&self) -> DatabaseConnection {
        Database::connect(&self.url).await.unwrap()
    }

    /// Signs up a user, whose token has this role.
    pub(crate) async fn signs_up(&self, name: &str, role: Role) -> Member {
        let app = self.app(0);
        let new = SignUp {
            email: format!("{name}@patchhive.example"),
            username: name.to_owned(),
            display_name: None,
            password: format!("{name}'s password"),
            address: Address::default(),
        };
        let user: user::Model = accounts::sign_up(app, new).await.unwrap().user;
        let request = TokenRequest { role, ttl: None, now: app.clock.wall() };
        let token = accounts::token(app.database.write(), &app.tokens, &user.email, request).await.unwrap();
        Member { id: user.id, token }
    }

    /// Sends a document to one replica, and returns its only root field.
    pub(crate) async fn asks(&self, replica: usize, who: &Member, document: &str, variables: Value) -> Value {
        let url = format!("http://{}/graphql", self.address(replica));
        let body = json!({ "query": document, "variables": variables });
        let response = self.http.post(url).bearer_auth(&who.token).json(&body).send().await.unwrap();
        let mut answer: Value = response.json().await.unwrap();
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"].as_object_mut().unwrap().values_mut().next().unwrap().take()
    }

    /// A member's whole ledger, the first entry first, as the member reads it.
    pub(crate) async fn ledger_of(&self, who: &Member) -> Vec<Entry> {
        let (mut read, mut after) = (Vec::new(), Value::Null);
        loop {
            let page = self.asks(self.count() - 1, who, PAGE, json!({ "after": after })).await;
            read.extend(entries(&page));
            if page["pageInfo"]["hasNextPage"] == false {
                read.reverse();
                return read;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
    }

    /// Proves the books and stops.
    pub(crate) async fn prove_their_books_and_stop(self) {
        let report = ledger::verify(&self.app(0).database, self.app(0).clock.wall()).await.unwrap();
        assert!(report.holds(), "the books are off:\n{report}");
        for running in self.running {
            running.stop().await;
        }
        drop(self.folder);
    }
}

fn config(url: &str) -> Config {
    let mut config = Config::development("127.0.0.1:0".parse().unwrap(), url.to_owned(), String::new()).unwrap();
    config.password_cost = PASSWORD_COST;
    config.limits.rates = None;
    config.stripe = None;
    config
}
