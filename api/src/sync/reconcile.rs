//! Compares our tables with Stripe and repairs what is missing, in case webhooks do not arrive: an endpoint is disabled, or a
//! secret is wrong.
//!
//! Events come first: everything that happened since the stored time up to which all is known, delivered or not, goes through
//! the inbox as if it had just arrived. Stripe forgets events after 30 days, so the objects themselves are compared as well,
//! once a day and after a long silence. Objects that differ are looked at.
//!
//! The stored times move only after a run that reached the end. An object that cannot be applied is counted and skipped.
//! Objects of other installations in the same account are skipped a page at a time. A run may overlap with webhooks and with
//! other runs.
//!
//! A run is one task of the queue, not one task for each page. It keeps nothing waiting: it has a worker of its own in each
//! process, its calls are paced, and each page and object is written in a short transaction. A run that ends early, because
//! its process dies or loses its lease, is taken over within seconds and starts at the stored time: pages that were compared
//! before cost one read each then, and nothing is posted twice. The position in a list would save those reads, but it is not
//! durable: it names an object that Stripe may have deleted or forgotten meanwhile.

mod events;
mod marks;
mod objects;
mod owned;
mod report;

use chrono::{DateTime, TimeDelta, Utc};

use super::fact::EVENTS;
use crate::{
    app::App,
    error::Error,
    stripe::{Noun, calls},
};
use marks::Mark;

pub use report::{Line, Report};

/// Maximum number of pages of one list in a run: ten million objects. A list that goes on was not read to its end.
const MAX_PAGES: usize = 100_000;

/// The time for which Stripe keeps an event.
const MEMORY: TimeDelta = TimeDelta::days(30);

/// The overlap of a run with the one before: Stripe lists an event some seconds after it happened, and clocks differ.
const OVERLAP: TimeDelta = TimeDelta::minutes(30);

/// The age of the oldest objects that the first comparison reads.
const FIRST: TimeDelta = TimeDelta::days(35);

/// The time between two comparisons of objects.
const OBJECTS_EVERY: TimeDelta = TimeDelta::days(1);

/// The time between the creation of an object and its last change: an invoice is paid within weeks, a dispute lasts months. A
/// credit note that is voided later, which Stripe allows only while its invoice is open, is known from its event alone.
const LIFE: TimeDelta = TimeDelta::days(100);

/// Compares everything as far back as `window`, and repairs what is missing. The report lists what could not be read or
/// applied.
///
/// # Errors
/// [`Error::StripeDisabled`].
pub async fn reconcile(app: &App, window: TimeDelta) -> Result<Report, Error> {
    app.payments()?;
    let now = app.clock.now();
    let mut report = Report::default();
    report.add(events(app, now - window.min(MEMORY)).await);
    for line in objects(app, now - window).await {
        report.add(line);
    }
    Ok(report)
}

/// Compares what is due: all events since the last run, and objects once a day.
///
/// # Errors
/// [`Error::StripeDisabled`]; the database's.
pub async fn reconcile_due(app: &App) -> Result<Report, Error> {
    app.payments()?;
    let now = app.clock.now();
    let mut report = Report::default();
    let known = marks::read(app, Mark::Events).await?;
    let line = events(app, known.map_or(now - MEMORY, |known| (known - OVERLAP).max(now - MEMORY))).await;
    let finished = line.broken_off.is_none();
    report.add(line);
    if finished {
        marks::write(app, Mark::Events, now).await?;
    }
    let compared = marks::read(app, Mark::Objects).await?;
    if compared.is_none_or(|compared| compared + OBJECTS_EVERY <= now) {
        let lines = objects(app, compared.map_or(now - FIRST, |compared| compared - LIFE)).await;
        if lines.iter().all(|line| line.broken_off.is_none()) {
            marks::write(app, Mark::Objects, now).await?;
        }
        for line in lines {
            report.add(line);
        }
    }
    Ok(report)
}

/// The end of a list was not reached: the stored times stay.
fn too_many_pages() -> Error {
    Error::Internal(format!("a list at Stripe has more than {MAX_PAGES} pages"))
}

async fn events(app: &App, since: DateTime<Utc>) -> Line {
    let mut line = Line::of("events");
    for types in calls(EVENTS) {
        let read = events::compare(app, types, since.timestamp(), &mut line).await;
        line.end(read);
    }
    line
}

/// Subscriptions before their payments, and payments before their refunds and disputes.
async fn objects(app: &App, since: DateTime<Utc>) -> Vec<Line> {
    let mut lines = Vec::new();
    for noun in [Noun::Subscription, Noun::Session, Noun::Invoice, Noun::Refund, Noun::Dispute] {
        let mut line = Line::of(noun.plural());
        let read = objects::compare(app, noun, since.timestamp(), &mut line).await;
        line.end(read);
        lines.push(line);
    }
    lines
}
