//! Asking Stripe for what others wait for: an endpoint may be sent too few events, and what waits may be about somebody
//! else's money, which most refunds and disputes do not tell.

use std::collections::BTreeSet;

use entity::event::{self, Status};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{Set, Unchanged},
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::super::{Fact, Outcome, inbox, learn};
use crate::{app::App, error::Error};

/// How many waiting events one look is about, and so about how many things Stripe is asked at most.
const SWEEP: u64 = 50;

/// What Stripe knows of something that others wait for.
enum Asked {
    /// It is settled, and with it what waited.
    Settled,
    /// It is nothing of ours, for this reason.
    Foreign(&'static str),
    /// Stripe does not know it, or it is not paid yet: what waits goes on waiting.
    NotYet,
}

/// Asks Stripe for what others have waited for so long that it may never be told. The pauses between two questions are
/// those between two attempts at a failed event. Returns how many questions there were.
///
/// # Errors
/// Those of Stripe and of the database. What is not asked then is asked the next time.
pub async fn ask_for_missing(app: &App) -> Result<usize, Error> {
    let waiting = event::Entity::find()
        .filter(event::Column::Status.eq(Status::Waiting))
        .order_by_asc(event::Column::Attempts)
        .order_by_asc(event::Column::ReceivedAt)
        .limit(SWEEP)
        .all(app.database.read())
        .await?;
    let now = app.clock.wall();
    let due: Vec<_> = waiting.into_iter().filter(|row| inbox::due_at(row.received_at, row.attempts) <= now).collect();
    let missing: BTreeSet<_> = due.iter().filter_map(|row| row.waits_for.clone()).collect();
    for row in due {
        let asked = event::ActiveModel {
            event_id: Unchanged(row.event_id),
            attempts: Set(row.attempts + 1),
            ..Default::default()
        };
        asked.update(app.database.write()).await?;
    }
    for id in &missing {
        match ask(app, id).await {
            Ok(Asked::Foreign(reason)) => ignore(app, id, reason).await?,
            Ok(Asked::Settled | Asked::NotYet) => {}
            Err(Error::StripeUnavailable) => return Err(Error::StripeUnavailable),
            Err(error) => tracing::warn!(id, %error, "what others wait for could not be asked for"),
        }
    }
    Ok(missing.len())
}

async fn ask(app: &App, id: &str) -> Result<Asked, Error> {
    if !id.starts_with("pi_") {
        return invoice(app, id).await;
    }
    let stripe = &app.payments()?.stripe;
    if let Some(paid) = stripe.invoice_paid_by(id).await? {
        return match invoice(app, &paid.invoice).await? {
            Asked::Settled => settled(app, Fact::InvoicePayment(paid)).await,
            other => Ok(other),
        };
    }
    if let Some(session) = stripe.session_paid_by(id).await? {
        return settled(app, Fact::Session { session, failed: false }).await;
    }
    let known = stripe.knows_payment(id).await?;
    Ok(if known { Asked::Foreign("it paid for nothing that we sell") } else { Asked::NotYet })
}

async fn invoice(app: &App, id: &str) -> Result<Asked, Error> {
    match app.payments()?.stripe.invoice(id).await? {
        Some(invoice) if invoice.status.as_deref() == Some("paid") => settled(app, Fact::Invoice(invoice)).await,
        _ => Ok(Asked::NotYet),
    }
}

async fn settled(app: &App, fact: Fact) -> Result<Asked, Error> {
    Ok(match learn(app, fact).await? {
        Outcome::Applied(_) => Asked::Settled,
        Outcome::Ignored(reason) => Asked::Foreign(reason),
        Outcome::Waits(_) => Asked::NotYet,
    })
}

async fn ignore(app: &App, waits_for: &str, reason: &str) -> Result<(), Error> {
    event::Entity::update_many()
        .set(event::ActiveModel {
            status: Set(Status::Ignored),
            waits_for: Set(None),
            error: Set(Some(reason.to_owned())),
            ..Default::default()
        })
        .filter(event::Column::Status.eq(Status::Waiting))
        .filter(event::Column::WaitsFor.eq(waits_for))
        .exec(app.database.write())
        .await?;
    Ok(())
}
