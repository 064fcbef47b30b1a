//! Looks now and then at what Stripe has and we lack.

use std::time::Duration;

use chrono::TimeDelta;

use super::due;
use crate::{app::App, settle};

/// How far back the first look goes: over all that Stripe remembers of events, and a month's subscriptions.
const FIRST: TimeDelta = TimeDelta::days(35);

/// How far back the others go: over a long weekend.
const LATER: TimeDelta = TimeDelta::days(4);

pub(super) async fn run(app: App, interval: Duration) {
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut window = FIRST;
    loop {
        ticks.tick().await;
        if !due(&app, "reconcile", interval / 2).await {
            continue;
        }
        match settle::reconcile(&app, window).await {
            Ok(report) if report.clean() => tracing::info!("nothing that Stripe has is missing here"),
            Ok(report) => {
                for line in report.lines().iter().filter(|line| line.missing > 0 || line.broken_off.is_some()) {
                    let settle::Line { noun, looked_at, missing, mended, failed, broken_off } = line;
                    tracing::warn!(noun, looked_at, missing, mended, failed, broken_off, "reconciled with Stripe");
                }
                if !report.whole() {
                    continue;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "not reconciled this time");
                continue;
            }
        }
        // Only what was looked at in whole need not be looked at again.
        window = LATER;
    }
}
