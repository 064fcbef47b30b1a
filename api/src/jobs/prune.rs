//! Deletes rows older than their retention time.

use chrono::TimeDelta;

use crate::{accounts, app::App, billing, error::Error, sync, work::Next};

/// Interval between two runs.
const INTERVAL: TimeDelta = TimeDelta::hours(1);

pub(super) async fn run(app: &App) -> Result<Next, Error> {
    let deleted = sync::prune(app).await?;
    if deleted > 0 {
        tracing::info!(deleted, "old webhook events were deleted");
    }
    let before = app.clock.wall() - TimeDelta::from_std(app.config.operation_retention).unwrap_or(TimeDelta::MAX);
    let deleted = billing::operation::prune(app, before).await?;
    if deleted > 0 {
        tracing::info!(deleted, "old operations were deleted");
    }
    let deleted = billing::checkout::prune(app, before).await?;
    if deleted > 0 {
        tracing::info!(deleted, "old checkouts were deleted");
    }
    let deleted = billing::alert::prune(app).await?;
    if deleted > 0 {
        tracing::info!(deleted, "old alerts were deleted");
    }
    let deleted = billing::event_delivery::prune(app).await?;
    if deleted > 0 {
        tracing::info!(deleted, "old events for other services were deleted");
    }
    accounts::prune(app).await?;
    Ok(Next::At(app.clock.wall() + INTERVAL))
}
