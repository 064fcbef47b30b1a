//! Reads the relation of taxes to our prices, which changes rarely, and only at Stripe.

use std::time::Duration;

use crate::{app::App, billing::tax, error::Error};

const INTERVAL: Duration = Duration::from_hours(1);

/// Interval while Stripe cannot be reached.
const RETRY: Duration = Duration::from_mins(1);

pub(super) async fn run(app: App) {
    loop {
        let read = tax::refresh(&app).await;
        if let Err(error) = &read {
            tracing::warn!(%error, "the relation of taxes to prices could not be read; pages do not show it");
        }
        tokio::time::sleep(if matches!(read, Err(Error::StripeUnavailable)) { RETRY } else { INTERVAL }).await;
    }
}
