//! The numbers as Prometheus reads them.

use std::{sync::LazyLock, time::Duration};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::counts;

/// Bounds of durations, in seconds: from what a query takes to what Stripe may take.
const SECONDS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// How often what was measured is summed up, so that it takes no more memory when nobody asks for the page.
const UPKEEP: Duration = Duration::from_secs(5);

/// The process counts from the first look at this on.
static PAGE: LazyLock<PrometheusHandle> = LazyLock::new(|| {
    let builder = PrometheusBuilder::new();
    // It is refused for want of bounds, which are there.
    let builder = builder.set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS);
    let recorder = builder.unwrap_or_default().build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::error!("somebody else counts already: /metrics stays empty");
    }
    counts::describe();
    handle
});

/// Begins to count, if that has not begun, and keeps what is counted small until it is dropped.
pub async fn upkeep() {
    loop {
        PAGE.run_upkeep();
        tokio::time::sleep(UPKEEP).await;
    }
}

/// Every number now, in Prometheus' text format.
#[must_use]
pub fn page() -> String {
    PAGE.render()
}
