//! A gateway that is killed (kill -9) during a call to Stripe completes it within a minute after its next start, and Stripe
//! has each object once.

use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use reqwest::Client as Http;
use sandbox::{Effect, Fault, Sandbox, Settings};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{process::Child, time::timeout};

use crate::harness::{postgres, program};

/// Time limit for learning what Stripe did.
const WITHIN: Duration = Duration::from_mins(1);

/// Delay of Stripe's writes: long enough for the gateway to be killed meanwhile.
const THINKS: u64 = 3000;

const PATIENCE: Duration = Duration::from_secs(30);
const KEY: &str = "sk_test_outgoing";
const SECRET: &str = "whsec_outgoing_0123456789abcdef";
const HOME: &str = "https://patchhive.example/";

const SIGN_UP: &str = "mutation ($input: SignUpInput!) { signUp(input: $input) { token } }";
const CHECKOUT: &str =
    "mutation ($input: CreateCheckoutInput!) { createCheckout(input: $input) { ... on Checkout { id } } }";
const PURCHASE: &str = "mutation ($input: PurchaseCreditsInput!) { purchaseCredits(input: $input) { id } }";
const CANCEL: &str = "mutation { cancelSubscription { __typename } }";

/// A gateway in a process of its own, with a sandbox that outlives it.
struct World {
    folder: TempDir,
    url: String,
    sandbox: Sandbox,
    http: Http,
    address: SocketAddr,
    process: Child,
}

impl World {
    async fn begins(url: String, folder: TempDir) -> Self {
        let settings = Settings {
            bind: "127.0.0.1:0".parse().unwrap(),
            webhook_urls: Vec::new(),
            webhook_secret: SECRET.to_owned(),
            state_file: None,
            seed: None,
        };
        let sandbox = Sandbox::start(settings).await.unwrap();
        let http = Http::builder().no_proxy().build().unwrap();
        let (address, process) = spawns(folder.path(), &url, &sandbox);
        let world = Self { folder, url, sandbox, http, address, process };
        world.is_up().await;
        world
    }

    async fn is_up(&self) {
        let up = async {
            let url = format!("http://{}/readyz", self.address);
            while !self.http.get(&url).send().await.is_ok_and(|response| response.status() == 200) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, up).await.expect("the gateway did not start");
        self.sandbox.set_webhook_urls(vec![format!("http://{}/api/payments/webhook", self.address)]);
    }

    async fn dies_and_starts_again(&mut self) {
        self.process.kill().await.unwrap();
        (self.address, self.process) = spawns(self.folder.path(), &self.url, &self.sandbox);
        self.is_up().await;
    }

    async fn asks(&self, token: &str, document: &str, input: Value) -> Value {
        let body = json!({ "query": document, "variables": { "input": input } });
        let mut request = self.http.post(format!("http://{}/graphql", self.address)).json(&body);
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        let mut answer = request.send().await.unwrap().json::<Value>().await.unwrap();
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"].as_object_mut().unwrap().values_mut().next().unwrap().take()
    }

    /// Sends a request without waiting for the response, which will never come.
    fn begins_to_ask(&self, token: &str, document: &str, input: &Value) {
        let body = json!({ "query": document, "variables": { "input": input } });
        let url = format!("http://{}/graphql", self.address);
        let asking = self.http.post(url).bearer_auth(token).json(&body).send();
        tokio::spawn(asking);
    }

    async fn signs_up(&self, name: &str) -> String {
        let email = format!("{name}@patchhive.example");
        let input = json!({ "email": email, "username": name, "password": "correct horse" });
        self.asks("", SIGN_UP, input).await["token"].as_str().unwrap().to_owned()
    }

    async fn subscribes(&self, token: &str, tier: &str) -> String {
        let opened = self.asks(token, CHECKOUT, plan(tier)).await;
        let paid = self.sandbox.pay(opened["id"].as_str().unwrap(), "4242424242424242").unwrap();
        timeout(PATIENCE, self.sandbox.settled()).await.unwrap();
        paid["customer"].as_str().unwrap().to_owned()
    }

    async fn at_stripe(&self, path: &str) -> Vec<Value> {
        let url = format!("http://{}{path}", self.sandbox.address());
        let list: Value = self.http.get(url).bearer_auth(KEY).send().await.unwrap().json().await.unwrap();
        list["data"].as_array().unwrap_or_else(|| panic!("{list}")).clone()
    }

    /// Creates a second subscription without the gateway.
    async fn is_subscribed_elsewhere(&self, customer: &str) {
        let url = format!("http://{}/v1/checkout/sessions", self.sandbox.address());
        let form = [
            ("mode", "subscription"),
            ("customer", customer),
            ("success_url", HOME),
            ("line_items[0][price]", "price_pro"),
            ("line_items[0][quantity]", "1"),
        ];
        let opened = self.http.post(url).bearer_auth(KEY).form(&form).send().await.unwrap();
        let opened: Value = opened.json().await.unwrap();
        self.sandbox.advance(Duration::from_secs(5)).await;
        self.sandbox.pay(opened["id"].as_str().unwrap(), "4242424242424242").unwrap();
        timeout(PATIENCE, self.sandbox.settled()).await.unwrap();
    }

    /// Waits until a call was made so many times at Stripe.
    async fn waits_for_calls(&self, call: &str, times: u64, patience: Duration) {
        let called = async {
            while self.sandbox.requests().get(call).copied().unwrap_or_default() < times {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(patience, called).await.unwrap_or_else(|_| panic!("{call} was not called {times} times"));
    }
}

fn spawns(folder: &Path, url: &str, sandbox: &Sandbox) -> (SocketAddr, Child) {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let base = format!("http://{}/", sandbox.address());
    let variables = [
        ("DATABASE_URL", url),
        ("JWT_SECRET", "0123456789abcdef0123456789abcdef"),
        ("STRIPE_SECRET_KEY", KEY),
        ("STRIPE_WEBHOOK_SECRET", SECRET),
        ("STRIPE_API_BASE", &base),
        ("STRIPE_PRICE_ID_CORE", "price_core"),
        ("STRIPE_PRICE_ID_PRO", "price_pro"),
        ("STRIPE_PRICE_ID_STUDIO", "price_studio"),
        ("BCRYPT_COST", "10"),
    ];
    let mut command = program::command(folder, &["serve", "--bind", &address.to_string()], &variables);
    (address, command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
}

fn plan(tier: &str) -> Value {
    json!({ "tier": tier, "successUrl": HOME, "cancelUrl": HOME })
}

fn pack(credits: i64) -> Value {
    json!({ "credits": credits, "successUrl": HOME, "cancelUrl": HOME })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgresql_every_interrupted_call_to_stripe_is_resolved() {
    let Some(url) = postgres::empty_database().await else { return };
    survives("PostgreSQL", url, tempfile::tempdir().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_every_interrupted_call_to_stripe_is_resolved() {
    survives("SQLite", "sqlite:gateway.db".to_owned(), tempfile::tempdir().unwrap()).await;
}

async fn survives(name: &str, url: String, folder: TempDir) {
    let mut world = World::begins(url, folder).await;
    let tokens = ["new", "plan", "pack", "end", "twice"].map(|name| world.signs_up(name));
    let tokens = futures_util::future::join_all(tokens).await;
    let [new, plan_buyer, pack_buyer, ending, twice] = &tokens[..] else { unreachable!() };
    // Customers exist already, so that the next call creates the session.
    world.asks(plan_buyer, PURCHASE, pack(25)).await;
    world.asks(pack_buyer, PURCHASE, pack(25)).await;
    world.subscribes(ending, "CORE").await;
    let customer = world.subscribes(twice, "CORE").await;

    let delay = Effect::Delay { millis: THINKS };
    for (method, path) in [("POST", "/v1/"), ("DELETE", "/v1/subscriptions")] {
        world.sandbox.inject(Fault { method: method.to_owned(), path: path.to_owned(), times: 100, effect: delay });
    }
    world.is_subscribed_elsewhere(&customer).await;
    // The gateway finds it on its own, within a sweep.
    world.waits_for_calls("DELETE /v1/subscriptions/{id}", 1, PATIENCE).await;
    let before = world.sandbox.requests();
    let more = |call: &str, times: u64| before.get(call).copied().unwrap_or_default() + times;
    world.begins_to_ask(new, CHECKOUT, &plan("CORE"));
    world.begins_to_ask(plan_buyer, CHECKOUT, &plan("PRO"));
    world.begins_to_ask(pack_buyer, PURCHASE, &pack(100));
    world.begins_to_ask(ending, CANCEL, &Value::Null);
    for (call, times) in
        [("POST /v1/customers", 1), ("POST /v1/checkout/sessions", 2), ("POST /v1/subscriptions/{id}", 1)]
    {
        world.waits_for_calls(call, more(call, times), PATIENCE).await;
    }
    world.dies_and_starts_again().await;
    world.sandbox.clear_faults();
    let took = all_is_known(&world).await;
    eprintln!("crash with five writes under way, {name}: all known {} ms after the start", took.as_millis());
    assert!(took < WITHIN, "{took:?}");

    // The five users are five customers, and each write happened once.
    assert_eq!(world.at_stripe("/v1/customers?limit=100").await.len(), 5);
    let sessions = world.at_stripe("/v1/checkout/sessions?limit=100").await;
    assert_eq!(sessions.len(), 2 + 2 + 1 + 2, "{sessions:#?}");
    let subscriptions = world.at_stripe("/v1/subscriptions?status=all&limit=100").await;
    let ending = subscriptions.iter().filter(|subscription| subscription["cancel_at_period_end"] == true).count();
    let ended = subscriptions.iter().filter(|subscription| subscription["status"] == "canceled").count();
    assert_eq!((subscriptions.len(), ending, ended), (3, 1, 1));
    assert_eq!(world.at_stripe("/v1/refunds?limit=100").await.len(), 1);
    // A repeated request returns the session that was created.
    let made = &world.asks(plan_buyer, CHECKOUT, plan("PRO")).await["id"];
    assert!(sessions.iter().any(|session| session["id"] == *made));
    let output = program::runs(world.folder.path(), &["verify"], &[("DATABASE_URL", &world.url)]).await;
    assert!(output.status.success(), "{}", program::complaint(&output));
}

/// Waits until no operation is open, and returns the time that took.
async fn all_is_known(world: &World) -> Duration {
    let start = Instant::now();
    let file = world.url.strip_prefix("sqlite:");
    let url = file.map_or(world.url.clone(), |file| format!("sqlite:{}", world.folder.path().join(file).display()));
    let database = Database::connect(url).await.unwrap();
    assert!(open(&database).await > 0, "the crash left no operation open");
    while open(&database).await > 0 && start.elapsed() < 2 * WITHIN {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    start.elapsed()
}

async fn open(database: &DatabaseConnection) -> i64 {
    let count = "SELECT COUNT(*) FROM stripe_operations WHERE state = 'open'";
    let row = database.query_one_raw(Statement::from_string(database.get_database_backend(), count)).await.unwrap();
    row.unwrap().try_get_by_index(0).unwrap()
}
