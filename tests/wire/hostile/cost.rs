//! What a hostile document costs before it is refused.

use std::time::{Duration, Instant};

use async_graphql::{Request, Response, Variables};
use patch_hive::{
    config::Config,
    graphql::{Documents, Executor},
};

use super::attacks::{Attack, attacks};
use crate::harness::{Backend, app::run_with};

/// What no refusal may cost. A build without optimisation is some ten times slower, on a machine that builds it besides.
const LIMIT: Duration = if cfg!(debug_assertions) { Duration::from_secs(1) } else { Duration::from_millis(10) };

/// A machine that is busy with other things disturbs some of the runs.
const RUNS: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn no_document_costs_much_before_it_is_refused() {
    let serving = |config: &mut Config| config.introspection = false;
    run_with(Backend::Sqlite, serving, async |app| {
        let app = app.inside().await;
        let executor = Executor::new(&app, Documents::open(&app.config).await.unwrap());
        let mut table = Vec::new();
        for attack in attacks() {
            table.push((cost(&executor, &attack).await, attack.body().len(), attack.name));
        }
        table.sort();
        for (cost, bytes, name) in &table {
            eprintln!("{:>8.3} ms  {bytes:>5} bytes  {name}", cost.as_secs_f64() * 1000.0);
        }
        let dear: Vec<_> = table.iter().filter(|(cost, ..)| *cost > LIMIT).collect();
        assert!(dear.is_empty(), "more than {LIMIT:?}: {dear:?}");
    })
    .await;
}

/// From the body to the refusal, the cheapest of some runs. Nothing in it waits: it is the work of one CPU. Where a run took
/// too long, the time that it was on the CPU counts, if the system tells: others may have been on it as well.
async fn cost(executor: &Executor, attack: &Attack) -> Duration {
    let mut least = Duration::MAX;
    for _ in 0..RUNS {
        let body = attack.body();
        let (start, before) = (Instant::now(), on_cpu());
        let mut members: serde_json::Value = serde_json::from_str(&body).unwrap();
        let variables = Variables::from_json(members["variables"].take());
        let request = Request::new(members["query"].as_str().unwrap()).variables(variables);
        let response: Response = match executor.admit(request) {
            Ok(operation) => executor.execute(operation).await,
            Err(rejection) => rejection.into(),
        };
        let time = start.elapsed();
        least = least.min(if time > LIMIT { spent_since(before).unwrap_or(time) } else { time });
        assert!(response.is_err(), "{}", attack.name);
    }
    least
}

/// How long this thread has been on a CPU, as Linux tells it, to the millisecond or a few.
fn on_cpu() -> Option<Duration> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

fn spent_since(earlier: Option<Duration>) -> Option<Duration> {
    on_cpu()?.checked_sub(earlier?)
}
