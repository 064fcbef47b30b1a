//! The events that requested a look: they are marked with its result.

use entity::event::{self, Status};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter};

use crate::{
    app::App,
    sync::{context::Outcome, object::Object},
};

/// Marks the events that requested a look as applied or ignored.
pub(super) async fn record_outcome(
    tx: &DatabaseTransaction,
    app: &App,
    object: &Object,
    outcome: &Outcome,
) -> Result<(), DbErr> {
    let (status, error) = match outcome {
        Outcome::Ignored(reason) => (Status::Ignored, Some((*reason).to_owned())),
        _ => (Status::Applied, None),
    };
    let applied_at = (status == Status::Applied).then(|| app.clock.wall());
    let done = event::ActiveModel {
        status: Set(status),
        error: Set(error),
        waits_for: Set(None),
        applied_at: Set(applied_at),
        ..Default::default()
    };
    let waiting = event::Entity::update_many().set(done).filter(event::Column::WaitsFor.eq(object.key()));
    waiting.exec(tx).await?;
    Ok(())
}

/// Marks the events that requested a look as failed.
pub(super) async fn mark_failed(tx: &impl ConnectionTrait, object: &Object, reason: &str) -> Result<(), DbErr> {
    // PostgreSQL cannot store NUL in text.
    let error = reason.replace('\0', "\u{fffd}");
    let failed = event::ActiveModel { status: Set(Status::Failed), error: Set(Some(error)), ..Default::default() };
    event::Entity::update_many().set(failed).filter(event::Column::WaitsFor.eq(object.key())).exec(tx).await?;
    Ok(())
}
