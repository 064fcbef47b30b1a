//! The fields of log lines: names in one place, and their recording on the span of a request.
//!
//! A request over HTTP and an operation over a websocket have one span each, with the same fields. They become known on the
//! way, and stand on the line that ends the request; those of an operation in a stream, on the line that ends the stream.

use std::time::Duration;

use tracing::Span;

/// Target of the lines that end a request or an operation, by which they can be filtered.
pub const ACCESS: &str = "patch_hive::access";

/// Target of spans that are exported but not logged.
pub const TRACE: &str = "patch_hive::trace";

/// Records who calls.
pub fn record_user(user_id: i64) {
    Span::current().record("user_id", user_id);
}

/// Records the operation: `query`, `mutation` or `subscription`, and its name.
pub fn record_operation(kind: &'static str, name: Option<&str>) {
    let span = Span::current();
    span.record("operation_type", kind);
    if let Some(name) = name {
        span.record("operation_name", name);
    }
}

/// Records the code of the error that the caller receives.
pub fn record_error(code: &str) {
    Span::current().record("error_code", code);
}

/// Milliseconds with microseconds as decimals.
#[must_use]
pub fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_have_three_decimals() {
        for (time, milliseconds_of_it) in [(0, 0.0), (1_500, 0.002), (1_234_567, 1.235), (2_000_000_000, 2000.0)] {
            let difference = milliseconds(Duration::from_nanos(time)) - milliseconds_of_it;
            assert!(difference.abs() < 1e-9, "{time}");
        }
    }
}
