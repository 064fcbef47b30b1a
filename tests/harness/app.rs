//! A gateway with its sandbox, for one test.

use chrono::DateTime;
use entity::work::{self, Kind};
use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use patch_hive::{
    accounts::TokenRequest,
    app::App,
    clock::Clock,
    config::{Config, DEMO},
    jobs, ledger,
    server::{self, Running},
};
use sandbox::{Sandbox, Settings};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, sea_query::Expr};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    sync::Mutex,
    time::{sleep, timeout},
};

use super::{Actor, folder, postgres, signature, sqlite, world::World};

/// The lowest cost of bcrypt: the tests are about other things.
const PASSWORD_COST: u32 = 4;

/// Time limit for the sandbox to deliver everything.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

impl Backend {
    /// A new migrated database, with its file in a folder; `None` where there is no PostgreSQL.
    pub(crate) async fn database(self, folder: &Path) -> Option<String> {
        match self {
            Self::Sqlite => Some(sqlite::database(folder).await),
            Self::Postgres => postgres::database().await,
        }
    }
}

/// A running gateway, cheap to clone.
#[derive(Clone)]
pub(crate) struct TestApp(Arc<Parts>);

struct Parts {
    folder: TempDir,
    config: Config,
    database_url: String,
    sandbox: Sandbox,
    world: std::sync::Mutex<World>,
    http: reqwest::Client,
    running: Mutex<Option<Running>>,
    address: std::sync::Mutex<SocketAddr>,
}

/// Runs a fact against a fresh gateway, and proves the books at its end.
pub(crate) async fn run<F: Future<Output = ()>>(backend: Backend, fact: impl FnOnce(TestApp) -> F) {
    run_with(backend, |_| {}, fact).await;
}

/// Runs a fact as [`run`] does, with other settings.
pub(crate) async fn run_with<F: Future<Output = ()>>(
    backend: Backend,
    change: impl FnOnce(&mut Config),
    fact: impl FnOnce(TestApp) -> F,
) {
    let folder = folder();
    let Some(database_url) = backend.database(folder.path()).await else { return };
    let app = TestApp::start(folder, database_url.clone(), change).await;
    fact(app.clone()).await;
    app.proves_its_books().await;
    app.stop().await;
    if backend == Backend::Postgres {
        postgres::remove(&database_url).await;
    }
}

impl TestApp {
    pub(crate) async fn start(folder: TempDir, database_url: String, change: impl FnOnce(&mut Config)) -> Self {
        let settings = Settings {
            bind: "127.0.0.1:0".parse().unwrap(),
            webhook_urls: Vec::new(),
            webhook_secret: DEMO.webhook_secret.to_owned(),
            state_file: None,
            seed: None,
        };
        let sandbox = Sandbox::start(settings).await.unwrap();
        let mut config = config(&database_url, &sandbox);
        change(&mut config);
        let clock = Clock::following(sandbox.clock_offset());
        let running = server::start(config.clone(), clock).await.unwrap();
        let address = running.address();
        sandbox.set_webhook_urls(vec![webhook_url(address)]);
        Self(Arc::new(Parts {
            folder,
            config,
            database_url,
            sandbox,
            world: std::sync::Mutex::default(),
            http: reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap(),
            running: Mutex::new(Some(running)),
            address: std::sync::Mutex::new(address),
        }))
    }

    /// Stops the gateway and starts it again on the same database, with the same settings.
    pub(crate) async fn restarts(&self) {
        self.stop().await;
        self.restarts_stopped().await;
    }

    /// Stops the gateway and starts it again with other settings.
    pub(crate) async fn restarts_with(&self, change: impl FnOnce(&mut Config)) {
        self.stop().await;
        let mut config = self.0.config.clone();
        change(&mut config);
        self.starts(config).await;
    }

    /// Starts the gateway that was stopped.
    pub(crate) async fn restarts_stopped(&self) {
        self.starts(self.0.config.clone()).await;
    }

    async fn starts(&self, config: Config) {
        let mut running = self.0.running.lock().await;
        let clock = Clock::following(self.0.sandbox.clock_offset());
        let again = server::start(config, clock).await.unwrap();
        *self.0.address.lock().unwrap() = again.address();
        self.0.sandbox.set_webhook_urls(vec![webhook_url(again.address())]);
        *running = Some(again);
    }

    /// Two more gateways on the same database; none on SQLite, whose file is one process's alone.
    pub(crate) async fn replicas(&self) -> Vec<Running> {
        let mut replicas = Vec::new();
        if !self.0.database_url.starts_with("sqlite:") {
            for _ in 0..2 {
                let clock = Clock::following(self.0.sandbox.clock_offset());
                replicas.push(server::start(self.0.config.clone(), clock).await.unwrap());
            }
        }
        replicas
    }

    pub(crate) async fn stop(&self) {
        if let Some(running) = self.0.running.lock().await.take() {
            running.stop().await;
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        *self.0.address.lock().unwrap()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    pub(crate) fn sandbox(&self) -> &Sandbox {
        &self.0.sandbox
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.0.http
    }

    pub(crate) fn database_url(&self) -> &str {
        &self.0.database_url
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.folder.path()
    }

    /// The gateway's app, for what no client can see.
    pub(crate) async fn inside(&self) -> App {
        self.0.running.lock().await.as_ref().unwrap().app().clone()
    }

    /// A visitor without a token.
    pub(crate) fn visitor(&self) -> Actor {
        Actor::new(self.clone(), None)
    }

    /// An actor with the given token.
    pub(crate) fn bearer(&self, token: &str) -> Actor {
        Actor::new(self.clone(), Some(token.to_owned()))
    }

    /// A new user: `ada` is `ada@patchhive.example`.
    pub(crate) async fn signs_up(&self, name: &str) -> Actor {
        let answer = self
            .visitor()
            .asks_with(
                "mutation ($input: SignUpInput!) { signUp(input: $input) { token } }",
                json!({ "input": {
                    "email": format!("{name}@patchhive.example"),
                    "username": name,
                    "password": format!("{name}'s password"),
                } }),
            )
            .await;
        self.bearer(answer["data"]["signUp"]["token"].as_str().unwrap_or_else(|| panic!("{answer}")))
    }

    /// A new user with another role.
    pub(crate) async fn signs_up_as(&self, name: &str, role: entity::user::Role) -> Actor {
        self.signs_up(name).await;
        let app = self.inside().await;
        let email = format!("{name}@patchhive.example");
        let now = app.clock.wall();
        let request = TokenRequest { role, ttl: None, now };
        let token = patch_hive::accounts::token(app.database.write(), &app.tokens, &email, request).await;
        self.bearer(&token.unwrap())
    }

    /// Waits until the sandbox has delivered all events, and the gateway has made all looks that they requested.
    pub(crate) async fn settles(&self) {
        timeout(PATIENCE, self.0.sandbox.settled()).await.expect("webhooks were not delivered in time");
        if self.0.running.lock().await.is_some() {
            self.has_looked().await;
        }
    }

    /// Waits until no look is due. Failed looks are due later.
    pub(crate) async fn has_looked(&self) {
        self.has_looked_within(PATIENCE).await;
    }

    /// As [`Self::has_looked`], for many looks.
    pub(crate) async fn has_looked_within(&self, patience: Duration) {
        timeout(patience, self.looks()).await.expect("looks were not done in time");
    }

    async fn looks(&self) {
        let inside = self.inside().await;
        let due = || {
            let looks = work::Entity::find().filter(work::Column::Kind.eq(Kind::Look));
            looks.filter(work::Column::DueAt.lte(inside.clock.wall()))
        };
        while due().count(inside.database.read()).await.unwrap() > 0 {
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Gives the sandbox the objects that these events describe, in this order, before any of them is delivered.
    pub(crate) fn stripe_has<'a>(&self, events: impl IntoIterator<Item = &'a Value>) {
        for event in events {
            for object in self.0.world.lock().unwrap().learn(event) {
                self.0.sandbox.adopt(object);
            }
        }
    }

    /// Sends a webhook as Stripe would: signed now, with the right secret, and true.
    pub(crate) async fn receives(&self, event: &Value) -> (u16, Value) {
        self.stripe_has([event]);
        let body = event.to_string();
        let header = signature::sign(body.as_bytes(), DEMO.webhook_secret, signature::now());
        self.receives_raw(body.into_bytes(), Some(&header)).await
    }

    /// Sends any body to the webhook's route.
    pub(crate) async fn receives_raw(&self, body: Vec<u8>, signature: Option<&str>) -> (u16, Value) {
        let mut request = self.http().post(self.url("/api/payments/webhook")).body(body);
        if let Some(signature) = signature {
            request = request.header("Stripe-Signature", signature);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or(Value::Null))
    }

    /// Does all work of a kind, as if it were due now. Returns the number of tasks.
    pub(crate) async fn works_off(&self, kind: Kind) -> usize {
        let inside = self.inside().await;
        let tasks = work::Entity::find().filter(work::Column::Kind.eq(kind));
        let count = tasks.clone().count(inside.database.read()).await.unwrap();
        // The gateway's own worker may be in an attempt that began before, under what was true then, and that may fail.
        timeout(PATIENCE, self.ends_attempts(kind)).await.expect("an attempt did not end in time");
        let due = work::Entity::update_many().col_expr(work::Column::DueAt, Expr::value(DateTime::UNIX_EPOCH));
        due.filter(work::Column::Kind.eq(kind)).exec(inside.database.write()).await.unwrap();
        jobs::work_off(&inside, kind).await.unwrap();
        // It may have taken a task since.
        timeout(PATIENCE, self.ends_attempts(kind)).await.expect("work was not done in time");
        usize::try_from(count).unwrap()
    }

    /// Waits until no worker holds a task of a kind.
    async fn ends_attempts(&self, kind: Kind) {
        let inside = self.inside().await;
        let held =
            work::Entity::find().filter(work::Column::Kind.eq(kind)).filter(work::Column::LeasedUntil.is_not_null());
        while held.clone().count(inside.database.read()).await.unwrap() > 0 {
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Proves that every credit is accounted for.
    pub(crate) async fn proves_its_books(&self) {
        self.settles().await;
        let inside = self.inside().await;
        let report = ledger::verify(&inside.database, inside.clock.wall()).await.unwrap();
        assert!(report.holds(), "the books are off:\n{report}");
    }
}

fn config(database_url: &str, sandbox: &Sandbox) -> Config {
    let bind = "127.0.0.1:0".parse().unwrap();
    let stripe = format!("http://{}/", sandbox.address());
    let mut config = Config::development(bind, database_url.to_owned(), stripe).unwrap();
    config.password_cost = PASSWORD_COST;
    // The tests are one busy address.
    config.limits.rates = None;
    // As `serve` has it: pages of other origins may not call.
    config.loopback_origins = false;
    // Tests reconcile when they want to.
    config.reconcile_interval = None;
    config
}

fn webhook_url(address: SocketAddr) -> String {
    format!("http://{address}/api/payments/webhook")
}
