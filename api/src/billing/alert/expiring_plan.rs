//! `EXPIRING_PLAN`: a canceled plan ends within some days. The queue finds it, by the time that the subscription's row has.

use chrono::{DateTime, Utc};
use entity::subscription;

use super::publish;
use crate::{
    alert::{self, Reason},
    app::App,
    billing::subscription::with_user,
    error::Error,
    ledger,
    plan::NOTICE_OF_END,
    work::Next,
};

/// Alerts the user of a subscription (its row's number) once it ends soon.
///
/// # Errors
/// The database's.
pub async fn alert_of_end(app: &App, id: i64) -> Result<Next, Error> {
    let Some((_, user_id)) = with_user(app.database.read(), id).await? else { return Ok(Next::Done) };
    let _turn = app.database.turn_of(user_id).await?;
    let tx = app.database.begin().await?;
    ledger::lock(&tx, user_id).await?;
    // Read again under the lock: it may have been resumed meanwhile.
    let Some((subscription, _)) = with_user(&tx, id).await? else { return Ok(Next::Done) };
    let (next, reason) = decide(&subscription, app.clock.now());
    let raised = match reason {
        Some(reason) => alert::raise(&tx, &app.clock, user_id, reason).await?,
        None => None,
    };
    tx.commit().await?;
    publish(app, user_id, raised);
    Ok(next)
}

/// Decides whether the end is to be alerted at `now`, and when to look again.
fn decide(subscription: &subscription::Model, now: DateTime<Utc>) -> (Next, Option<Reason>) {
    let Some(ends_at) = subscription.ends_at().filter(|_| subscription.status.entitled()) else {
        return (Next::Done, None);
    };
    let due = ends_at - NOTICE_OF_END;
    if now < due {
        return (Next::At(due), None);
    }
    let reason = Reason::ExpiringPlan {
        subscription: subscription.stripe_subscription_id.clone(),
        tier: subscription.tier,
        ends_at,
    };
    (Next::Done, (now < ends_at).then_some(reason))
}
