//! The settings of automatic top-ups, as far as Stripe's state changes them: the saved card, and pauses. A pause lasts until the
//! user resumes, and one for a payment that has to be confirmed at most as long as that payment waits.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    auto_top_up::{ActiveModel, Entity, Model, Pause},
    work::Kind,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{Set, Unchanged},
    ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait,
};

use super::{
    change::change,
    context::{ApplyError, Context, NOT_OURS, Outcome},
    customer::{owner_locked, request_end_if_closed},
};
use crate::{
    clock::Clock,
    stripe::{SavedCard, is_delayed},
    work,
};

/// The declined payments in a row after which top-ups are paused.
const MAX_DECLINES: i32 = 3;

/// The time after a declined payment before another one is attempted.
const RETRY_PAUSE: TimeDelta = TimeDelta::hours(6);

/// The time after a charge whose outcome was given up before another one is attempted.
const SHORT_PAUSE: TimeDelta = TimeDelta::minutes(10);

/// The settings of a user.
///
/// # Errors
/// The database's.
pub async fn top_up_settings(db: &impl ConnectionTrait, user_id: i64) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(user_id).one(db).await
}

/// Writes a change of a user's settings, or of one of their top-ups, under the account's lock.
///
/// # Errors
/// The database's.
pub async fn write_top_up_settings(
    tx: &DatabaseTransaction,
    clock: &Clock,
    settings: &Model,
    change: ActiveModel,
) -> Result<Model, DbErr> {
    let row = ActiveModel {
        user_id: Unchanged(settings.user_id),
        version: Set(settings.version + 1),
        updated_at: Set(clock.now()),
        ..change
    };
    row.update(tx).await
}

/// Pauses top-ups that are enabled and not paused yet, or only until a payment is confirmed, and queues a mail about it. The
/// account is locked already.
///
/// # Errors
/// The database's.
pub async fn pause_top_ups(tx: &DatabaseTransaction, clock: &Clock, user_id: i64, reason: Pause) -> Result<(), DbErr> {
    let settings = top_up_settings(tx, user_id).await?;
    let waits = |settings: &Model| settings.enabled && settings.pause == Some(Pause::ActionRequired);
    let may_pause = |settings: &Model| settings.is_active() || (waits(settings) && reason != Pause::ActionRequired);
    let Some(settings) = settings.filter(may_pause) else { return Ok(()) };
    let change = ActiveModel { pause: Set(Some(reason)), paused_at: Set(Some(clock.now())), ..Default::default() };
    write_top_up_settings(tx, clock, &settings, change).await?;
    work::due(tx, clock, Kind::Mail, &format!("{}{user_id}", work::TOP_UPS_PAUSED)).await?;
    tracing::warn!(user_id, ?reason, "automatic top-ups are paused");
    Ok(())
}

/// Ends the pause for a payment that had to be confirmed, once that payment is over.
pub(super) async fn end_confirmation(context: &Context<'_>, user_id: i64) -> Result<(), ApplyError> {
    let settings = top_up_settings(context.tx, user_id).await?;
    let Some(settings) = settings.filter(|settings| settings.pause == Some(Pause::ActionRequired)) else {
        return Ok(());
    };
    let change = ActiveModel { pause: Set(None), paused_at: Set(None), ..Default::default() };
    write_top_up_settings(context.tx, context.clock, &settings, change).await?;
    Ok(())
}

/// Counts a declined payment. Another one follows after some hours, unless it was the last of several.
pub(super) async fn count_decline(context: &Context<'_>, user_id: i64) -> Result<(), ApplyError> {
    let Some(settings) = top_up_settings(context.tx, user_id).await? else { return Ok(()) };
    let declines = settings.declines + 1;
    let change = ActiveModel {
        declines: Set(declines),
        not_before: Set(Some(context.clock.now() + RETRY_PAUSE)),
        ..Default::default()
    };
    write_top_up_settings(context.tx, context.clock, &settings, change).await?;
    if declines >= MAX_DECLINES {
        pause_top_ups(context.tx, context.clock, user_id, Pause::Declined).await?;
    }
    Ok(())
}

/// Waits a little before another attempt.
pub(super) async fn wait(context: &Context<'_>, user_id: i64) -> Result<(), ApplyError> {
    let not_before = Set(Some(context.clock.now() + SHORT_PAUSE));
    touch(context, user_id, ActiveModel { not_before, ..Default::default() }).await
}

/// Records that a payment succeeded.
pub(super) async fn count_success(context: &Context<'_>, user_id: i64) -> Result<(), ApplyError> {
    touch(context, user_id, ActiveModel { declines: Set(0), not_before: Set(None), ..Default::default() }).await
}

/// Writes a change, if the user has settings.
pub(super) async fn touch(context: &Context<'_>, user_id: i64, change: ActiveModel) -> Result<(), ApplyError> {
    if let Some(settings) = top_up_settings(context.tx, user_id).await? {
        write_top_up_settings(context.tx, context.clock, &settings, change).await?;
    }
    Ok(())
}

/// Saves a card that was entered at a checkout, unless one is saved that was entered later.
pub(super) async fn save_card(context: &Context<'_>, card: &SavedCard) -> Result<Outcome, ApplyError> {
    let Some(owner) = owner_locked(context, Some(&card.customer)).await? else {
        return Ok(Outcome::Ignored(NOT_OURS));
    };
    if owner.former || is_delayed(&card.method.kind) {
        return Ok(Outcome::Ignored("a payment method that cannot be charged for top-ups"));
    }
    let user_id = owner.row.user_id;
    let with_card = with_card(card);
    match top_up_settings(context.tx, user_id).await? {
        Some(settings) if settings.card_created_at.is_some_and(|at| at > card.created) => {}
        Some(settings) if settings.payment_method.as_ref() == Some(&card.id) => {}
        Some(settings) => drop(write_top_up_settings(context.tx, context.clock, &settings, with_card).await?),
        None => insert(context, user_id, context.clock.now(), with_card).await?,
    }
    request_end_if_closed(context, user_id).await?;
    Ok(Outcome::Applied(Some(change(context.tx, user_id).await?)))
}

fn with_card(card: &SavedCard) -> ActiveModel {
    ActiveModel {
        payment_method: Set(Some(card.id.clone())),
        card_brand: Set(card.method.brand.clone()),
        card_last4: Set(card.method.last4.clone()),
        card_expiry_month: Set(card.method.expiry_month),
        card_expiry_year: Set(card.method.expiry_year),
        card_created_at: Set(Some(card.created)),
        ..Default::default()
    }
}

async fn insert(
    context: &Context<'_>,
    user_id: i64,
    now: DateTime<Utc>,
    change: ActiveModel,
) -> Result<(), ApplyError> {
    let row = ActiveModel {
        user_id: Set(user_id),
        enabled: Set(false),
        declines: Set(0),
        version: Set(1),
        updated_at: Set(now),
        ..change
    };
    row.insert(context.tx).await?;
    Ok(())
}
