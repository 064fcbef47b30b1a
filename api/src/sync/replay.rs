//! Applies a stored event again at the request of an operator: its price may be configured by now, or a newer program may
//! read its type.

use entity::{
    admin_action::{self, Kind},
    event::{self, Summary},
};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, DatabaseTransaction, DbErr, EntityTrait};

use super::{
    customer::owner,
    inbox::{self, Previous, StoredEvent},
};
use crate::{
    app::App,
    error::Error,
    retry::retry,
    stripe::{Event, customer_in},
};

/// Applies a stored event now, and records that `actor`, an admin, did so. An applied event stays applied, and nothing is posted twice: each posting is named by its
/// source.
///
/// # Errors
/// [`Error::NotFound`] when there is no such event, or it was deleted after `WEBHOOK_RETENTION_DAYS`;
/// [`Error::StripeDisabled`].
pub async fn replay(app: &App, actor: i64, id: &str) -> Result<Summary, Error> {
    app.payments()?;
    let stored = retry(|| apply_now(app, actor, id)).await?;
    stored.follow_up(app, id).await?;
    let row = event::Entity::find_by_id(id).into_partial_model::<Summary>().one(app.database.read()).await?;
    row.ok_or(Error::NotFound("webhook event"))
}

async fn apply_now(app: &App, actor: i64, id: &str) -> Result<StoredEvent, Error> {
    let stored = event::Entity::find_by_id(id).one(app.database.read()).await?;
    let payload = stored.ok_or(Error::NotFound("webhook event"))?.payload;
    let event = Event::parse(payload.as_bytes()).map_err(|error| Error::Internal(error.to_string()))?;
    let _turn = inbox::turn(app, &event).await?;
    let tx = app.database.begin().await?;
    let row = inbox::locked(&tx, id).await?.ok_or(Error::NotFound("webhook event"))?;
    record(&tx, app, actor, &event).await?;
    inbox::apply_event(app, tx, &event, Previous::from(&row), true).await
}

async fn record(tx: &DatabaseTransaction, app: &App, actor: i64, event: &Event) -> Result<(), DbErr> {
    let owner = owner(tx, customer_in(&event.object).as_deref()).await?;
    let action = admin_action::ActiveModel {
        actor_id: Set(actor),
        kind: Set(Kind::ReplayWebhookEvent),
        user_id: Set(owner.map(|owner| owner.row.user_id)),
        entry_id: Set(None),
        event_id: Set(Some(event.id.clone())),
        created_at: Set(app.clock.wall()),
        ..Default::default()
    };
    action.insert(tx).await?;
    Ok(())
}
