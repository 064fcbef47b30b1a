//! Facts that came before what they are about.
//!
//! A refund or a dispute names a payment, and an invoice's payment an invoice, but most of them no customer. So one whose
//! payment or invoice is not known yet is kept in the inbox as waiting: it may be ours. It is settled right after what it
//! waits for is committed. Should both be committed at once, or a crash come between, a sweep finds it. What is not told
//! for a while is asked of Stripe, once for all who wait for it: most of what waits in vain is of somebody else. One that
//! waits for what never comes is given up after 30 days, as long as Stripe remembers it.

mod parent;

use chrono::TimeDelta;
use entity::{
    event::{self, Status},
    invoice, payment_intent,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};

use super::inbox;
use crate::{app::App, error::Error};

pub use parent::ask_for_missing;

/// How many waiting events are settled at once.
const BATCH: u64 = 200;

/// For how long an event waits.
const PATIENCE: TimeDelta = TimeDelta::days(30);

/// Settles what has waited for these, and what has waited for that in turn. What cannot be settled now is left to the sweep.
pub(super) async fn wake(app: &App, mut known: Vec<String>) {
    while !known.is_empty() {
        let waiting = event::Column::WaitsFor.is_in(std::mem::take(&mut known));
        match settle(app, Condition::all().add(waiting)).await {
            Ok((_, makes_known)) => known = makes_known,
            Err(error) => tracing::warn!(%error, "what waited is left to the sweep"),
        }
    }
}

/// Settles what waits for something, if that is known by now: it was committed while the one that waits was.
pub(super) async fn look_again(app: &App, waits_for: String) {
    let waiting = event::Column::WaitsFor.eq(waits_for);
    match settle(app, known_by_now().add(waiting)).await {
        Ok((_, makes_known)) => wake(app, makes_known).await,
        Err(error) => tracing::warn!(%error, "what waits is left to the sweep"),
    }
}

/// Settles what waits for something that is known by now, and gives up what has waited for too long. Returns how many.
///
/// # Errors
/// What the database says.
pub async fn sweep_waiting(app: &App) -> Result<usize, Error> {
    let given_up = event::Entity::update_many()
        .set(event::ActiveModel {
            status: Set(Status::Ignored),
            waits_for: Set(None),
            error: Set(Some("what it is about never came".to_owned())),
            ..Default::default()
        })
        .filter(event::Column::Status.eq(Status::Waiting))
        .filter(event::Column::ReceivedAt.lt(app.clock.wall() - PATIENCE))
        .exec(app.database.write())
        .await?;
    let (settled, makes_known) = settle(app, known_by_now()).await?;
    wake(app, makes_known).await;
    Ok(settled + usize::try_from(given_up.rows_affected).unwrap_or(usize::MAX))
}

/// What they wait for is known.
fn known_by_now() -> Condition {
    let payments = payment_intent::Entity::find().select_only().column(payment_intent::Column::StripePaymentIntentId);
    let invoices = invoice::Entity::find().select_only().column(invoice::Column::StripeInvoiceId);
    let known = Condition::any()
        .add(event::Column::WaitsFor.in_subquery(payments.into_query()))
        .add(event::Column::WaitsFor.in_subquery(invoices.into_query()));
    Condition::all().add(known)
}

/// Settles the waiting events that match, the oldest first. Returns how many there were, and what they make known.
async fn settle(app: &App, matching: Condition) -> Result<(usize, Vec<String>), DbErr> {
    let waiting = event::Entity::find()
        .filter(event::Column::Status.eq(Status::Waiting))
        .filter(matching)
        .order_by_asc(event::Column::ReceivedAt)
        .limit(BATCH)
        .all(app.database.read())
        .await?;
    let mut makes_known = Vec::new();
    for event in &waiting {
        match inbox::take_again(app, event.payload.as_bytes()).await {
            Ok(taken) => makes_known.extend(taken.makes_known),
            Err(refusal) => tracing::warn!(event = event.event_id, %refusal, "what waits is left to the sweep"),
        }
    }
    Ok((waiting.len(), makes_known))
}
