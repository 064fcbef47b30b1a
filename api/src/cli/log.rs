//! Logs, to standard error: standard output is for what was asked for. And spans, where somebody takes them.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, LevelFilter, Targets},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use super::failure::Failure;
use crate::{config::LogFormat, telemetry::Spans};

/// Libraries that log what they carry below this level: messages of a websocket, the first with its token.
const DISCREET: [&str; 2] = ["tokio_tungstenite", "tungstenite"];

/// Starts logging, and exports spans to the endpoint where there is one. What is returned is to be flushed at the end.
///
/// # Errors
/// The filter or the endpoint cannot be read.
pub(super) fn start(format: LogFormat, filter: &str, endpoint: Option<&str>) -> Result<Option<Spans>, Failure> {
    let filter = EnvFilter::try_new(filter).map_err(|_| {
        Failure::Settings("set LOG to a level, or to levels by module, such as info,patch_hive=debug".to_owned())
    })?;
    let spans = endpoint.filter(|endpoint| !endpoint.is_empty()).map(Spans::to).transpose();
    let spans = spans.map_err(|error| Failure::Settings(format!("OTEL_EXPORTER_OTLP_ENDPOINT: {error}")))?;
    let log = fmt::layer().with_writer(stderr);
    let log = match format {
        LogFormat::Json => log.json().flatten_event(true).boxed(),
        LogFormat::Pretty => log.with_ansi(stderr().is_terminal()).boxed(),
    };
    let discreet = Targets::new().with_default(LevelFilter::TRACE);
    let discreet = discreet.with_targets(DISCREET.map(|library| (library, LevelFilter::INFO)));
    tracing_subscriber::registry()
        .with(log.with_filter(filter.and(discreet)))
        .with(spans.as_ref().map(Spans::layer))
        .init();
    // A panic is for the log too, in the log's own form.
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a panic, which is a bug")));
    Ok(spans)
}
