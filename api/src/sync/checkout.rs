//! The checkouts that users opened, with their outcome. A checkout's status only moves forward, so that replies and events
//! may be applied in any order.

use entity::{
    Tier,
    checkout::{self, Status},
};
use sea_orm::{
    ActiveEnum, ActiveModelTrait,
    ActiveValue::{Set, Unchanged},
    ColumnTrait, EntityTrait, QueryFilter,
};

use super::context::{ApplyError, Context};
use crate::{
    plan::MAX_PACK_CREDITS,
    stripe::{Session, SessionMode, SessionStatus},
};

/// Writes the status that a session of a user shows. The account is locked already. A session that sells nothing of ours is
/// left out.
pub(super) async fn record(
    context: &Context<'_>,
    user_id: i64,
    session: &Session,
    failed: bool,
) -> Result<(), ApplyError> {
    let (tier, credits) = (tier(session), credits(session).filter(|_| is_of_pack(session)));
    if tier.is_none() && credits.is_none() {
        return Ok(());
    }
    let status = status(session, failed);
    let stored = checkout::Entity::find().filter(checkout::Column::StripeCheckoutSessionId.eq(&session.id));
    let Some(stored) = stored.one(context.tx).await? else {
        let row = checkout::ActiveModel {
            user_id: Set(user_id),
            stripe_checkout_session_id: Set(session.id.clone()),
            tier: Set(tier),
            credits: Set(credits),
            amount: Set(session.amount_total),
            currency: Set(session.currency.clone()),
            status: Set(status),
            created_at: Set(context.clock.wall()),
            ..Default::default()
        };
        row.insert(context.tx).await?;
        return Ok(());
    };
    if rank(status) > rank(stored.status) {
        // A code on the checkout's page may have lowered the amount.
        let amount = Set(session.amount_total);
        let row = checkout::ActiveModel { id: Unchanged(stored.id), status: Set(status), amount, ..Default::default() };
        row.update(context.tx).await?;
    }
    Ok(())
}

/// True for a checkout of a credit pack.
pub(super) fn is_of_pack(session: &Session) -> bool {
    session.mode == SessionMode::Payment && session.metadata.get("purchase_type").is_some_and(|kind| kind == "one_time")
}

/// The credits that a checkout of a pack sells.
pub(super) fn credits(session: &Session) -> Option<i64> {
    let credits = session.metadata.get("credits")?.parse().ok()?;
    (1..=MAX_PACK_CREDITS).contains(&credits).then_some(credits)
}

/// The tier that a checkout of a plan sells.
fn tier(session: &Session) -> Option<Tier> {
    let tier = session.metadata.get("tier").filter(|_| session.mode == SessionMode::Subscription)?;
    Tier::try_from_value(tier).ok()
}

fn status(session: &Session, failed: bool) -> Status {
    match session.status {
        Some(SessionStatus::Open) => Status::Open,
        Some(SessionStatus::Expired) => Status::Expired,
        _ if session.is_paid() => Status::Paid,
        _ if failed => Status::Canceled,
        _ => Status::Processing,
    }
}

/// A later status has a higher rank.
const fn rank(status: Status) -> u8 {
    match status {
        Status::Open => 0,
        Status::Expired => 1,
        Status::Processing => 2,
        Status::Canceled => 3,
        Status::Paid => 4,
    }
}
