//! What operators see of the running gateway: numbers for Prometheus, and spans for OpenTelemetry.
//!
//! Every number has its name, its labels and their few values here, so that nobody's input can make new ones. Whoever has
//! something to tell calls a function; where nobody listens, that costs nothing. The books are proved by `patch-hive
//! verify`, not by these numbers: each process counts for itself and from zero.

mod counts;
mod page;
mod spans;

pub use counts::{
    Open, booked, operation, push, rejected, socket_closed, socket_opened, stripe_call, subscription_opened, webhook,
    work_age,
};
pub use page::{page, upkeep};
pub use spans::{Spans, adopt, detach, document, exporting};
