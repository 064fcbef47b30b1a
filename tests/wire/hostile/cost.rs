//! Measures the cost of refusing hostile documents.
//!
//! Work is asserted by what is counted alike on every machine: allocations and their bytes, and the bytes of the answer. The
//! time on the CPU is printed, and asserted for a release build. This prints it, most expensive last:
//!
//! ```sh
//! cargo test --release --test tests -- no_document_costs_much --nocapture
//! ```

use std::time::{Duration, Instant};

use allocation_counter::{AllocationInfo, measure};
use async_graphql::{Request, Response, Variables};
use patch_hive::{
    config::Config,
    graphql::{Documents, Executor},
};

use super::attacks::attacks;
use crate::harness::{Backend, app::run_with};

/// Bytes of the answer to a refused request.
pub(super) const MAX_ANSWER_BYTES: usize = 4096;

/// Allocations of a refused request: about 10 ms of a release build at 100 ns each.
const MAX_ALLOCATIONS: u64 = 100_000;

/// Bytes that a refused request allocates, freed or not.
const MAX_ALLOCATED_BYTES: u64 = 32 * 1024 * 1024;

/// Time on the CPU of a refused request, in a release build.
const MAX_TIME: Duration = Duration::from_millis(10);

/// The cost of a request.
pub(super) struct Cost {
    pub(super) time: Duration,
    allocations: u64,
    allocated_bytes: u64,
    /// Bytes of the answer; `None` where the request was admitted.
    answer_bytes: Option<usize>,
}

impl Cost {
    /// Admits a request from its body, once.
    pub(super) fn of(executor: &Executor, body: &str) -> Self {
        let mut answer_bytes = None;
        let (start, before) = (Instant::now(), on_cpu());
        let AllocationInfo { count_total, bytes_total, .. } = measure(|| answer_bytes = refusal(executor, body));
        let time = on_cpu().zip(before).map_or_else(|| start.elapsed(), |(after, before)| after.saturating_sub(before));
        Self { time, allocations: count_total, allocated_bytes: bytes_total, answer_bytes }
    }

    /// Admits a request several times; the fastest. Other processes may have disturbed the others. Once in a debug build, of
    /// which no time is asserted.
    pub(super) fn least(executor: &Executor, body: &str) -> Self {
        let first = Self::of(executor, body);
        let more = if cfg!(debug_assertions) { 0 } else { 4 };
        (0..more)
            .map(|_| Self::of(executor, body))
            .fold(first, |least, next| if next.time < least.time { next } else { least })
    }

    pub(super) const fn was_refused(&self) -> bool {
        self.answer_bytes.is_some()
    }

    /// Returns true if a refused request stayed within the limits.
    pub(super) fn is_small(&self) -> bool {
        self.allocations <= MAX_ALLOCATIONS
            && self.allocated_bytes <= MAX_ALLOCATED_BYTES
            && self.answer_bytes.is_none_or(|bytes| bytes <= MAX_ANSWER_BYTES)
            && (cfg!(debug_assertions) || self.time <= MAX_TIME)
    }

    pub(super) fn line(&self, name: &str) -> String {
        format!(
            "{:>8.3} ms  {:>6} allocations  {:>8} bytes  {:>4} bytes of answer  {name}",
            self.time.as_secs_f64() * 1000.0,
            self.allocations,
            self.allocated_bytes,
            self.answer_bytes.unwrap_or_default(),
        )
    }
}

/// The bytes of the refusal of a request, from its body on. Nothing in it waits.
fn refusal(executor: &Executor, body: &str) -> Option<usize> {
    let mut members: serde_json::Value = serde_json::from_str(body).unwrap();
    let variables = Variables::from_json(members["variables"].take());
    let mut request = Request::new(members["query"].as_str().unwrap()).variables(variables);
    request.operation_name = members["operationName"].as_str().map(ToOwned::to_owned);
    request.extensions = serde_json::from_value(members["extensions"].take()).unwrap_or_default();
    let rejection = executor.admit(request).err()?;
    Some(serde_json::to_vec(&Response::from(rejection)).unwrap().len())
}

/// The time that this thread has been on a CPU, as Linux counts it.
fn on_cpu() -> Option<Duration> {
    let counted = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    counted.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// Runs a fact with the executor of a gateway whose introspection is `introspection`.
pub(super) async fn with_executor(introspection: bool, fact: impl FnOnce(&Executor)) {
    let serving = |config: &mut Config| config.introspection = introspection;
    run_with(Backend::Sqlite, serving, async |app| {
        let app = app.inside().await;
        fact(&Executor::new(&app, Documents::open(&app.config).await.unwrap()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_document_costs_much_before_it_is_refused() {
    for introspection in [false, true] {
        with_executor(introspection, |executor| {
            let mut table: Vec<_> =
                attacks().iter().map(|attack| (Cost::least(executor, &attack.body()), attack.name)).collect();
            table.sort_by_key(|(cost, _)| cost.time);
            for (cost, name) in &table {
                eprintln!("{}", cost.line(name));
                assert!(cost.was_refused(), "{name}");
            }
            let large: Vec<_> =
                table.iter().filter(|(cost, _)| !cost.is_small()).map(|(cost, name)| cost.line(name)).collect();
            assert!(large.is_empty(), "{large:#?}");
        })
        .await;
    }
}
