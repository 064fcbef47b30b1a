//! Looks at what Stripe has, and brings what is missing here through the same door: events that no endpoint took, and then
//! the things themselves, since Stripe forgets events after 30 days.
//!
//! Each page is settled by itself: a run that breaks off has mended what it has seen, and the next one passes that by. What
//! belongs to other installations of the same account is passed by too, a page at a time. It runs beside webhooks and beside
//! itself without harm: what one books the other finds booked.

mod events;
mod known;
mod objects;
mod report;

use chrono::TimeDelta;

use super::fact::{EVENTS, Fact};
use crate::{
    app::App,
    error::Error,
    stripe::{Noun, calls},
};

pub use report::{Line, Report};

/// How many pages of one list a run looks at. The next run goes on with what is newest, so this is for lists without an end.
const PAGES: usize = 10_000;

/// For how long Stripe keeps an event.
const MEMORY: TimeDelta = TimeDelta::days(30);

/// Compares what Stripe has with what is here, as far back as `window`, and mends what is missing. Whatever could not be asked
/// or settled is told in the report.
///
/// # Errors
/// [`Error::StripeDisabled`].
pub async fn reconcile(app: &App, window: TimeDelta) -> Result<Report, Error> {
    let payments = app.payments()?;
    let now = app.clock.now();
    let since = |window: TimeDelta| (now - window).timestamp();
    let mut report = Report::default();
    let mut line = Line::of("events");
    for types in calls(&EVENTS) {
        let looked = events::look(app, types, since(window.min(MEMORY)), &mut line).await;
        line.end(looked);
    }
    report.add(line);
    // Subscriptions before their money, and money before what becomes of it.
    for noun in [Noun::Subscription, Noun::Session, Noun::Invoice, Noun::Refund, Noun::Dispute] {
        let mut line = Line::of(noun.plural());
        let looked = objects::look(app, payments, (noun, since(window)), &mut line).await;
        line.end(looked);
        report.add(line);
    }
    Ok(report)
}
