//! Starts logs, which go to standard error, and the export of traces. Standard output is for the command's result.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, LevelFilter, Targets},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use super::failure::Failure;
use crate::{
    config::{Log, LogFormat},
    telemetry::{self, Spans},
};

/// Libraries that log payloads below level INFO: websocket messages, the first of which holds a token.
const DISCREET: [&str; 2] = ["tokio_tungstenite", "tungstenite"];

/// Starts logs, and the export of spans if there is an endpoint. The caller flushes the returned spans at the end.
///
/// # Errors
/// The filter or the endpoint is not valid.
pub(super) fn start(settings: &Log) -> Result<Option<Spans>, Failure> {
    let filter = EnvFilter::try_new(&settings.filter).map_err(|error| Failure::Settings(format!("LOG: {error}")))?;
    let spans = settings.endpoint.as_deref().map(Spans::to).transpose();
    let spans = spans.map_err(|error| Failure::Settings(format!("OTEL_EXPORTER_OTLP_ENDPOINT: {error}")))?;
    let log = fmt::layer().with_writer(stderr);
    let log = match settings.format {
        // The innermost span has all fields; its ancestors would repeat them.
        LogFormat::Json => log.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed(),
        LogFormat::Pretty => log.with_ansi(stderr().is_terminal()).boxed(),
    };
    let discreet = Targets::new().with_default(LevelFilter::TRACE);
    let discreet = discreet.with_targets(DISCREET.map(|library| (library, LevelFilter::INFO)));
    let discreet = discreet.with_target(telemetry::TRACE, LevelFilter::OFF);
    tracing_subscriber::registry()
        .with(log.with_filter(filter.and(discreet)))
        .with(spans.as_ref().map(Spans::layer))
        .init();
    // Panics are logged in the log's format.
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a panic, which is a bug")));
    Ok(spans)
}
