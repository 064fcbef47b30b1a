//! Spans, exported by OTLP if an endpoint is configured.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use opentelemetry::{
    Context,
    propagation::{Extractor, TextMapPropagator},
    trace::TracerProvider,
};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{SdkTracerProvider, Tracer},
};
use tracing::Span;
use tracing_opentelemetry::{OpenTelemetryLayer, OpenTelemetrySpanExt};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    registry::LookupSpan,
};

/// Time limit of exporting the last spans after the gateway has stopped.
const FLUSH: Duration = Duration::from_secs(3);

/// Path of traces under a collector's endpoint. OTLP specification: "OTLP/HTTP Request".
const PATH: &str = "/v1/traces";

/// Set once spans are exported.
static EXPORTING: AtomicBool = AtomicBool::new(false);

/// The exporter of spans. [`Spans::flush`] exports those that still wait.
pub struct Spans(SdkTracerProvider);

impl Spans {
    /// Exports to a collector's endpoint such as `http://127.0.0.1:4318`.
    ///
    /// # Errors
    /// A sentence that describes the problem with the endpoint.
    pub fn to(endpoint: &str) -> Result<Self, String> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(endpoint.trim_end_matches('/').to_owned() + PATH)
            .build()
            .map_err(|error| error.to_string())?;
        let resource = Resource::builder().with_service_name("patch-hive").build();
        EXPORTING.store(true, Ordering::Relaxed);
        Ok(Self(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build()))
    }

    /// The layer that exports the gateway's own spans, independent of what is logged.
    #[must_use]
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: tracing::Subscriber + for<'span> LookupSpan<'span>,
    {
        let layer: OpenTelemetryLayer<S, Tracer> = tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("patch-hive"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false);
        layer.with_filter(Targets::new().with_target("patch_hive", LevelFilter::INFO))
    }

    /// Exports the remaining spans. It blocks, so call it after everything else has stopped.
    pub fn flush(self) {
        if let Err(error) = self.0.shutdown_with_timeout(FLUSH) {
            tracing::warn!(%error, "the last spans could not be exported");
        }
    }
}

/// Returns whether spans are exported. If not, data that only spans show need not be prepared.
#[must_use]
pub fn exporting() -> bool {
    EXPORTING.load(Ordering::Relaxed)
}

/// Attaches a span to the caller's trace, from `traceparent`. W3C Trace Context.
pub fn adopt(span: &Span, header: impl Fn(&str) -> Option<String>) {
    if exporting() {
        let carried = TraceHeaders(["traceparent", "tracestate"].map(|name| (name, header(name))));
        span.set_parent(TraceContextPropagator::new().extract(&carried)).ok();
    }
}

/// Detaches a span from its parent, which lasts for hours, as the root of its own trace.
pub fn detach(span: &Span) {
    if exporting() {
        span.set_parent(Context::new()).ok();
    }
}

/// Adds a GraphQL document, whose literals were removed, to a span. As a field it would appear in the log as well.
pub fn document(span: &Span, document: String) {
    if exporting() {
        span.set_attribute("graphql.document", document);
    }
}

struct TraceHeaders([(&'static str, Option<String>); 2]);

impl Extractor for TraceHeaders {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| *name == key).and_then(|(_, value)| value.as_deref())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| *name).collect()
    }
}
