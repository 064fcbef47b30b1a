//! Forgets what settled webhooks said, once it is old: their bodies hold names and addresses of customers. That they came,
//! and what became of them, stays. What waits or failed keeps its body, since it is still to be settled.

use chrono::TimeDelta;
use sea_orm::{ConnectionTrait, DbErr, Statement};

use crate::{app::App, billing, error::Error, settle, work::Next};

/// How often old payloads are looked for.
const INTERVAL: TimeDelta = TimeDelta::hours(1);

/// How many payloads one statement prunes: each holds the writer of a SQLite file for some milliseconds.
const BATCH: u64 = 500;

/// How many statements one turn makes, so that a first turn over years of webhooks ends.
const TURN: usize = 200;

/// Written out in full: a database uses an index over some of the rows only for what names just these.
const PRUNE: &str = "UPDATE stripe_events SET payload = '' WHERE event_id IN (SELECT event_id FROM stripe_events \
    WHERE payload <> '' AND status IN ('applied', 'ignored') AND received_at < $1 ORDER BY received_at LIMIT $2)";

pub(super) async fn run(app: &App) -> Result<Next, Error> {
    let pruned = prune(app).await?;
    if pruned > 0 {
        tracing::info!(pruned, "old payloads of webhooks were pruned");
    }
    let before = app.clock.wall() - TimeDelta::from_std(app.config.operation_retention).unwrap_or(TimeDelta::MAX);
    let deleted = billing::operation::prune(app, before).await?;
    if deleted > 0 {
        tracing::info!(deleted, "old operations were deleted");
    }
    if app.payments.is_some() && settle::renewals_go_unheard(app).await? {
        tracing::warn!(
            "subscriptions were renewed, but no invoice.paid was ever received: the webhook endpoint at Stripe has to \
             send it, or renewals bring no credits"
        );
    }
    Ok(Next::At(app.clock.wall() + INTERVAL))
}

/// Prunes the payloads of settled webhooks that are older than the configured days. Returns how many.
///
/// # Errors
/// What the database says. What is left is pruned the next time.
pub async fn prune(app: &App) -> Result<usize, DbErr> {
    let retention = TimeDelta::from_std(app.config.webhook_retention).unwrap_or(TimeDelta::MAX);
    let before = app.clock.wall() - retention;
    let mut pruned = 0;
    for _ in 0..TURN {
        let statement =
            Statement::from_sql_and_values(app.database.backend(), PRUNE, [before.into(), BATCH.cast_signed().into()]);
        let batch = app.database.write().execute_raw(statement).await?.rows_affected();
        pruned += batch;
        if batch < BATCH {
            break;
        }
    }
    Ok(usize::try_from(pruned).unwrap_or(usize::MAX))
}
