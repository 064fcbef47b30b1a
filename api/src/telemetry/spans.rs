//! Spans, exported by OTLP where there is somewhere to export them to.

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

/// How long the last spans may take to be handed over once the gateway has stopped.
const FLUSH: Duration = Duration::from_secs(3);

/// Where a collector takes spans, under its endpoint. OTLP specification: "OTLP/HTTP Request".
const PATH: &str = "/v1/traces";

/// Whether anybody takes the spans.
static EXPORTING: AtomicBool = AtomicBool::new(false);

/// The way out for spans. What is still waiting leaves with [`Spans::flush`].
pub struct Spans(SdkTracerProvider);

impl Spans {
    /// Exports to a collector's endpoint such as `http://127.0.0.1:4318`.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the endpoint.
    pub fn to(endpoint: &str) -> Result<Self, String> {
        // The library would take it, and fail in silence later.
        if !endpoint.starts_with("http://") {
            return Err(format!("{endpoint:?} is no endpoint: write http:// and the address of a collector beside it"));
        }
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

    /// Takes our own spans, whatever else is logged.
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

    /// Hands over what is left. To be called when nothing runs any more: it blocks.
    pub fn flush(self) {
        if let Err(error) = self.0.shutdown_with_timeout(FLUSH) {
            tracing::warn!(%error, "the last spans were not exported");
        }
    }
}

/// Whether anybody takes the spans: what only they show need not be made otherwise.
#[must_use]
pub fn exporting() -> bool {
    EXPORTING.load(Ordering::Relaxed)
}

/// Makes a span part of the trace that the caller began, by `traceparent`. W3C Trace Context.
pub fn adopt(span: &Span, header: impl Fn(&str) -> Option<String>) {
    if exporting() {
        let carried = Carried(["traceparent", "tracestate"].map(|name| (name, header(name))));
        span.set_parent(TraceContextPropagator::new().extract(&carried)).ok();
    }
}

/// Makes a span the first of a trace of its own: what it is in lasts for hours.
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

struct Carried([(&'static str, Option<String>); 2]);

impl Extractor for Carried {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| *name == key).and_then(|(_, value)| value.as_deref())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| *name).collect()
    }
}
