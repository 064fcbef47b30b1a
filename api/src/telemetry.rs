//! Telemetry of the running gateway: metrics for Prometheus, and spans for OpenTelemetry.
//!
//! Every metric has its name, its labels and their few values here, so that no caller's input can create new ones. Other
//! modules call a function per event, which costs nothing while nobody collects. Each process counts from zero; `patch-hive
//! verify`, not the metrics, proves the ledger.

mod counts;
mod log;
mod page;
mod spans;

pub use counts::{
    Open, entry_posted, event_delivery, operation, push, rejected, socket_closed, socket_opened, stripe_call,
    subscription_opened, webhook, work_age,
};
pub use log::{ACCESS, TRACE, milliseconds, record_error, record_operation, record_user};
pub use page::{page, upkeep};
pub use spans::{Spans, adopt, detach, document, exporting};
