//! An event of the inbox, settled once more because an operator asks for it: its price may be configured by now, or the
//! program knows its type at last.

use entity::event::{self, Summary};
use sea_orm::EntityTrait;

use super::inbox::{self, Refusal, Taken, Tried};
use crate::{app::App, error::Error, retry::retry, stripe::Event};

/// Tries a stored event now. One that was applied stays so, and settling it again books nothing twice: what is booked is
/// named by its source.
///
/// # Errors
/// [`Error::NotFound`] when there is no such event; [`Error::BadInput`] when its payload was pruned;
/// [`Error::StripeDisabled`].
pub async fn replay(app: &App, id: &str) -> Result<Summary, Error> {
    app.payments()?;
    let taken = retry(|| try_now(app, id)).await?;
    taken.follow_up(app).await;
    let row = event::Entity::find_by_id(id).into_partial_model::<Summary>().one(app.database.read()).await?;
    row.ok_or(Error::NotFound("webhook event"))
}

async fn try_now(app: &App, id: &str) -> Result<Taken, Error> {
    let tx = app.database.begin().await?;
    let row = inbox::locked(&tx, id).await?.ok_or(Error::NotFound("webhook event"))?;
    if row.payload.is_empty() {
        return Err(Error::bad_input(format!(
            "the payload of {id} was pruned after WEBHOOK_RETENTION_DAYS: there is nothing left to replay"
        )));
    }
    let event = Event::parse(row.payload.as_bytes()).map_err(|error| Error::Internal(error.to_string()))?;
    match inbox::settle(app, tx, &event, Tried::from(&row)).await {
        Ok(taken) => Ok(taken),
        Err(Refusal::Ours(error)) => Err(error),
        Err(Refusal::Unreadable(reason)) => Err(Error::Internal(reason)),
    }
}
