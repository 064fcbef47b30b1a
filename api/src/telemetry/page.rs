//! The metrics page for Prometheus.

use std::{sync::LazyLock, time::Duration};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::counts;

/// Bucket bounds of durations in seconds: from fast queries to slow calls to Stripe.
const SECONDS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Interval at which measurements are aggregated, so that memory stays bounded while nobody scrapes the page.
const UPKEEP: Duration = Duration::from_secs(5);

/// The recorder, installed on first use.
static PAGE: LazyLock<PrometheusHandle> = LazyLock::new(|| {
    let builder = PrometheusBuilder::new();
    // The builder refuses an empty list of bounds only, and this one is not empty.
    let builder = builder.set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS);
    let recorder = builder.unwrap_or_default().build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::error!("another metrics recorder is installed: /metrics stays empty");
    }
    counts::describe();
    handle
});

/// Installs the recorder if necessary, and aggregates measurements until it is dropped.
pub async fn upkeep() {
    loop {
        PAGE.run_upkeep();
        tokio::time::sleep(UPKEEP).await;
    }
}

/// Returns all metrics in Prometheus' text format.
#[must_use]
pub fn page() -> String {
    PAGE.render()
}
