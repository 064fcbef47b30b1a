//! Runs concurrent callers, each of which sends its next request as soon as the previous response arrives.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::try_join_all;
use tokio::time::Instant;

use crate::{Failure, caller::Caller, gateway::Gateway, table::Figures, works::Work};

/// Duration of the warm-up before the measurement, which fills the caches of connections, statements and tables.
const WARM_UP: Duration = Duration::from_secs(1);

/// The number of the next request. It counts across all workloads, so that no idempotency key is used twice.
static NUMBER: AtomicU64 = AtomicU64::new(1);

/// Runs a workload with `callers` concurrent callers for `time`, after a warm-up.
pub(crate) async fn run(gateway: &Gateway, work: &Work, callers: usize, time: Duration) -> Result<Figures, Failure> {
    ask(gateway, work, callers, WARM_UP).await?;
    let (cpu, begun) = (gateway.cpu()?, Instant::now());
    let mut times = ask(gateway, work, callers, time).await?;
    let (cpu, elapsed) = (gateway.cpu()? - cpu, begun.elapsed());
    Ok(Figures::of(&mut times, elapsed, cpu))
}

/// Sends requests for `time`, and returns the duration of each.
async fn ask(gateway: &Gateway, work: &Work, callers: usize, time: Duration) -> Result<Vec<Duration>, Failure> {
    let until = Instant::now() + time;
    let work = Arc::new(work.clone());
    let callers = (0..callers).map(|_| tokio::spawn(call_until(gateway.address, work.clone(), until)));
    let times = try_join_all(callers).await?;
    Ok(times.into_iter().collect::<Result<Vec<_>, _>>()?.concat())
}

async fn call_until(address: std::net::SocketAddr, work: Arc<Work>, until: Instant) -> Result<Vec<Duration>, Failure> {
    let mut caller = Caller::connect(address).await?;
    let mut times = Vec::new();
    while Instant::now() < until {
        let call = (work.make)(NUMBER.fetch_add(1, Ordering::Relaxed))?;
        let (begun, authorization) = (Instant::now(), call.header.1.clone());
        let mut answer = caller.send(call).await?;
        if let Some(then) = work.then {
            answer = caller.send(then(&authorization, &serde_json::from_slice(&answer)?)?).await?;
        }
        times.push(begun.elapsed());
        let answer = serde_json::from_slice(&answer)?;
        if !(work.check)(&answer) {
            return Err(format!("{}: unexpected response: {answer}", work.name).into());
        }
    }
    Ok(times)
}
