//! Applies a stored event again at the request of an operator: its price may be configured by now, or a newer program may
//! read its type.

use entity::event::{self, Summary};
use sea_orm::EntityTrait;

use super::inbox::{self, Previous, StoredEvent};
use crate::{app::App, error::Error, retry::retry, stripe::Event};

/// Applies a stored event now. An applied event stays applied, and nothing is posted twice: each posting is named by its
/// source.
///
/// # Errors
/// [`Error::NotFound`] when there is no such event, or it was deleted after `WEBHOOK_RETENTION_DAYS`;
/// [`Error::StripeDisabled`].
pub async fn replay(app: &App, id: &str) -> Result<Summary, Error> {
    app.payments()?;
    let stored = retry(|| apply_now(app, id)).await?;
    stored.follow_up(app, id).await?;
    let row = event::Entity::find_by_id(id).into_partial_model::<Summary>().one(app.database.read()).await?;
    row.ok_or(Error::NotFound("webhook event"))
}

async fn apply_now(app: &App, id: &str) -> Result<StoredEvent, Error> {
    let stored = event::Entity::find_by_id(id).one(app.database.read()).await?;
    let payload = stored.ok_or(Error::NotFound("webhook event"))?.payload;
    let event = Event::parse(payload.as_bytes()).map_err(|error| Error::Internal(error.to_string()))?;
    let _turn = inbox::turn(app, &event).await?;
    let tx = app.database.begin().await?;
    let row = inbox::locked(&tx, id).await?.ok_or(Error::NotFound("webhook event"))?;
    inbox::apply_event(app, tx, &event, Previous::from(&row), true).await
}
