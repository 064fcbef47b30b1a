//! The limit on checkouts: each open one is a session at Stripe and a row here.

use chrono::TimeDelta;
use entity::operation::Kind;

use crate::{app::App, billing::operation, error::Error};

/// Maximum number of checkouts that one user may open within [`WINDOW`].
const MAX_CHECKOUTS: u64 = 100;

/// The time that a session stays open at Stripe.
const WINDOW: TimeDelta = TimeDelta::hours(24);

/// Refuses another checkout to a user who opened [`MAX_CHECKOUTS`] within [`WINDOW`].
///
/// # Errors
/// [`Error::TooManyCheckouts`]; the database's.
pub(super) async fn check(app: &App, user_id: i64) -> Result<(), Error> {
    let now = app.clock.wall();
    let kinds = [Kind::Checkout, Kind::Purchase];
    match operation::nth_newest(app, user_id, kinds, MAX_CHECKOUTS).await? {
        Some(begun_at) if begun_at + WINDOW > now => {
            let wait = (begun_at + WINDOW - now).to_std().unwrap_or_default();
            Err(Error::TooManyCheckouts(wait))
        }
        _ => Ok(()),
    }
}
