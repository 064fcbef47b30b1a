//! Callers who ask one after the other, as fast as they are answered.

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

/// Requests before the measured time, so that connections, statements and tables are warm.
const WARM_UP: Duration = Duration::from_secs(1);

/// Numbers requests over all works, so that no key is used twice.
static NUMBER: AtomicU64 = AtomicU64::new(1);

/// Runs a work with so many callers for some time.
pub(crate) async fn run(gateway: &Gateway, work: &Work, callers: usize, time: Duration) -> Result<Figures, Failure> {
    ask(gateway, work, callers, WARM_UP).await?;
    let (cpu, begun) = (gateway.cpu()?, Instant::now());
    let mut times = ask(gateway, work, callers, time).await?;
    let (cpu, elapsed) = (gateway.cpu()? - cpu, begun.elapsed());
    Ok(Figures::of(&mut times, elapsed, cpu))
}

/// The duration of each request.
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
        let begun = Instant::now();
        let answer = caller.send(call).await?;
        times.push(begun.elapsed());
        let answer = serde_json::from_slice(&answer)?;
        if !(work.check)(&answer) {
            return Err(format!("{}: a wrong answer: {answer}", work.name).into());
        }
    }
    Ok(times)
}
