//! Compares with Stripe at each interval, and repairs what is missing.

use chrono::TimeDelta;

use crate::{app::App, error::Error, sync, work::Next};

pub(super) async fn run(app: &App) -> Result<Next, Error> {
    let Some(interval) = app.config.reconcile_interval else { return Ok(Next::Done) };
    let report = sync::reconcile_due(app).await?;
    if report.clean() {
        tracing::info!("in sync with Stripe");
    }
    for line in report.lines().iter().filter(|line| line.missing > 0 || line.broken_off.is_some()) {
        let sync::Line { noun, looked_at, missing, repaired, failed, broken_off, .. } = line;
        tracing::warn!(noun, looked_at, missing, repaired, failed, broken_off, "reconciled with Stripe");
    }
    Ok(Next::At(app.clock.wall() + TimeDelta::from_std(interval).unwrap_or(TimeDelta::MAX)))
}
