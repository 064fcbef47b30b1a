//! The time that it takes to admit an operation: the first time that its document comes, and every time after that.
//!
//! ```sh
//! cargo bench --bench admission
//! ```

use std::{
    error::Error,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use async_graphql::{Request, Variables};
use divan::Bencher;
use patch_hive::{
    clock::Clock,
    config::Config,
    graphql::{Documents, Executor, Operation},
    server,
};
use serde_json::json;

static EXECUTOR: OnceLock<Executor> = OnceLock::new();

/// Documents of clients, each with variables.
const DOCUMENTS: [(&str, &str); 3] = [
    ("plans", "{ plans { tier name } }"),
    (
        "ledger",
        "query Ledger($first: Int, $after: String) { ledger(first: $first, after: $after) { nodes { id version \
         changeType creditsDelta balanceAfter createdAt } pageInfo { hasNextPage endCursor } } }",
    ),
    (
        "account",
        "query Account($first: Int) { viewer { ...Person } tier balance { ...Credits } subscription { id tier } \
         plans { tier name } ledger(first: $first) { nodes { ...Entry } pageInfo { hasNextPage endCursor } } \
         payments(first: $first) { nodes { id status amount { ...Money } } } } \
         fragment Person on User { id email username displayName createdAt balance { ...Credits } } \
         fragment Credits on Balance { credits unlimited version exportsLeft } \
         fragment Entry on LedgerEntry { id version changeType creditsDelta balanceAfter payment { id amount { ...Money } } } \
         fragment Money on Money { amount currency }",
    ),
];

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Runtime::new()?;
    let folder = tempfile::tempdir()?;
    let database = format!("sqlite:{}", folder.path().join("gateway.db").display());
    let mut config = Config::development("127.0.0.1:0".parse()?, database, "http://127.0.0.1:1/".to_owned())?;
    config.limits.rates = None;
    let running = runtime.block_on(server::start(config, Clock::default()))?;
    let documents = runtime.block_on(Documents::open(&running.app().config))?;
    EXECUTOR.get_or_init(|| Executor::new(running.app(), documents));
    divan::main();
    runtime.block_on(running.stop());
    Ok(())
}

fn names() -> impl Iterator<Item = &'static str> {
    DOCUMENTS.iter().map(|(name, _)| *name)
}

fn text(name: &str) -> &'static str {
    DOCUMENTS.iter().find(|(other, _)| *other == name).map_or("", |(_, text)| *text)
}

fn request(text: String) -> Request {
    Request::new(text).variables(Variables::from_json(json!({ "first": 20 })))
}

#[expect(clippy::print_stderr, reason = "tells why nothing can be measured")]
fn admit(request: Request) -> Option<Operation> {
    EXECUTOR.get()?.admit(request).inspect_err(|rejection| eprintln!("{rejection}")).ok()
}

#[divan::bench(args = names())]
fn first_time(bencher: Bencher<'_, '_>, name: &str) {
    let number = AtomicU64::new(0);
    let fresh = || request(format!("{}#{}", text(name), number.fetch_add(1, Ordering::Relaxed)));
    bencher.with_inputs(fresh).bench_values(admit);
}

#[divan::bench(args = names())]
fn remembered(bencher: Bencher<'_, '_>, name: &str) {
    drop(admit(request(text(name).to_owned())));
    bencher.with_inputs(|| request(text(name).to_owned())).bench_values(admit);
}
