//! Unlimited exports: on while a STUDIO subscription is entitled and paid, with some days of grace for its renewal's payment.

use chrono::{DateTime, Utc};
use entity::{
    Tier,
    ledger_entry::ChangeType,
    period,
    subscription::{self, Status},
    work::Kind,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::{
    change::{change, publish},
    context::ApplyError,
};
use crate::{
    app::App,
    clock::Clock,
    error::Error,
    ledger::{self, PostOutcome, Posting, Unlimited, source},
    plan::{GRACE, PROCESSING},
    work::{self, Next},
};

/// The number of a user's newest STUDIO periods that are read. Older ones are long over.
const RECENT: u64 = 20;

/// The time until which a user's exports are free; `None` when it is over at `now`.
///
/// A subscription counts while it is a STUDIO one and entitled: until the end of its last paid STUDIO period and the grace,
/// or longer while the payment of its renewal is processing; but not when more than a third of that period's money went
/// back. Of several subscriptions the one that lasts longest counts.
pub(super) async fn unlimited_until(
    tx: &impl ConnectionTrait,
    user_id: i64,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, DbErr> {
    let paid = studio_periods(tx, user_id).await?;
    if paid.is_empty() {
        return Ok(None);
    }
    let names = paid.iter().map(|period| period.stripe_subscription_id.as_str());
    let entitled: Vec<_> = subscription::Entity::find()
        .filter(subscription::Column::StripeSubscriptionId.is_in(names))
        .filter(subscription::Column::Tier.eq(Tier::Studio))
        .filter(subscription::Column::Status.is_in([Status::Active, Status::Trialing]))
        .all(tx)
        .await?;
    let until = |subscription: &subscription::Model| {
        let last = paid.iter().find(|one| one.stripe_subscription_id == subscription.stripe_subscription_id)?;
        if ends_unlimited(last.returned, last.paid) {
            return None;
        }
        let renewing = subscription.payment_processing && subscription.current_period_start >= last.period_end;
        last.period_end.checked_add_signed(if renewing { PROCESSING } else { GRACE })
    };
    Ok(entitled.iter().filter_map(until).max().filter(|until| *until > now))
}

/// True where so much of the money of a STUDIO period was returned that its exports are no longer unlimited: more than a third.
pub(super) const fn ends_unlimited(returned: i64, paid: i64) -> bool {
    returned * 3 > paid
}

/// Posts a start or end of unlimited exports that no other entry records, so that every change has a version. Returns the number
/// of the entry of an end.
pub(super) async fn apply(tx: &DatabaseTransaction, clock: &Clock, user_id: i64) -> Result<Option<i64>, ApplyError> {
    let now = clock.now();
    let account = ledger::lock(tx, user_id).await?;
    let until = unlimited_until(tx, user_id, now).await?;
    if account.unlimited_until == until {
        return Ok(None);
    }
    let newest = studio_periods(tx, user_id).await?.into_iter().next();
    let subscription = newest.map_or_else(|| format!("user-{user_id}"), |period| period.stripe_subscription_id);
    let name = if until.is_some() { source::unlimited } else { source::unlimited_end };
    let posting = Posting {
        user_id,
        change_type: ChangeType::Grant,
        delta: 0,
        unlimited: Unlimited::Until(until),
        source: name(&subscription, account.version),
        reference: Some(subscription),
        notes: None,
        now,
    };
    let posted = ledger::post(tx, posting).await?;
    request_end(tx, clock, user_id, until).await?;
    Ok(match posted {
        PostOutcome::Applied(entry) if until.is_none() => Some(entry.id),
        _ => None,
    })
}

/// Requests the end of unlimited exports for when their time is over.
pub(super) async fn request_end(
    tx: &DatabaseTransaction,
    clock: &Clock,
    user_id: i64,
    until: Option<DateTime<Utc>>,
) -> Result<(), ApplyError> {
    if let Some(until) = until {
        work::due_at(tx, clock, Kind::Unlimited, &user_id.to_string(), until).await?;
    }
    Ok(())
}

/// Ends a user's unlimited exports if their time is over.
///
/// # Errors
/// The database's.
pub async fn end_unlimited(app: &App, user_id: i64) -> Result<Next, Error> {
    let _turn = app.database.turn_of(user_id).await?;
    let tx = app.database.begin().await?;
    apply(&tx, &app.clock, user_id).await?;
    let change = change(&tx, user_id).await?;
    let account = ledger::account(&tx, user_id).await?;
    tx.commit().await?;
    publish(app, change);
    Ok(account.and_then(|account| account.unlimited_until).map_or(Next::Done, Next::At))
}

/// A user's newest paid STUDIO periods, the last first.
async fn studio_periods(tx: &impl ConnectionTrait, user_id: i64) -> Result<Vec<period::Model>, DbErr> {
    period::Entity::find()
        .filter(period::Column::UserId.eq(user_id))
        .filter(period::Column::Tier.eq(Tier::Studio))
        .order_by_desc(period::Column::PeriodEnd)
        .limit(RECENT)
        .all(tx)
        .await
}
