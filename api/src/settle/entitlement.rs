//! Unlimited: on while a STUDIO subscription is entitled and paid, with some days of grace for the renewal's payment.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    Tier,
    ledger_entry::ChangeType,
    period,
    subscription::{self, Status},
    work::Kind,
};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use super::{Context, Trouble, announce, news};
use crate::{
    app::App,
    clock::Clock,
    error::Error,
    ledger::{self, Posting, Unlimited, source},
    work::{self, Next},
};

/// Stripe waits about an hour before it charges a renewal, and a first decline is often mended within days.
const GRACE: TimeDelta = TimeDelta::days(3);

/// Until when a user's exports are free, by what is stored: the end of a subscription's last paid STUDIO period and the
/// grace, while the subscription is a STUDIO one and entitled and not all of that money went back. The grace of the period
/// before does not stand in for it. Of several subscriptions the one that lasts longest counts. `None` when that is over
/// at `now`.
pub(super) async fn unlimited_until(
    tx: &impl ConnectionTrait,
    user_id: i64,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, DbErr> {
    let paid = studio_periods(tx, user_id).await?;
    let names = paid.iter().map(|period| period.stripe_subscription_id.as_str());
    let entitled: Vec<_> = subscription::Entity::find()
        .filter(subscription::Column::StripeSubscriptionId.is_in(names))
        .filter(subscription::Column::Tier.eq(Tier::Studio))
        .filter(subscription::Column::Status.is_in([Status::Active, Status::Trialing]))
        .all(tx)
        .await?;
    let last = |subscription: &subscription::Model| {
        paid.iter().find(|period| period.stripe_subscription_id == subscription.stripe_subscription_id)
    };
    Ok(entitled
        .iter()
        .filter_map(last)
        .filter(|period| !period.studio_refunded)
        .filter_map(|period| period.period_end.checked_add_signed(GRACE))
        .max()
        .filter(|until| *until > now))
}

/// Books a switch of unlimited that nothing else booked: every change of a balance has a version.
pub(super) async fn settle(context: &Context<'_>, user_id: i64) -> Result<(), Trouble> {
    book(context.tx, context.clock, user_id).await
}

async fn book(tx: &sea_orm::DatabaseTransaction, clock: &Clock, user_id: i64) -> Result<(), Trouble> {
    let now = clock.now();
    let account = ledger::lock(tx, user_id).await?;
    let until = unlimited_until(tx, user_id, now).await?;
    if account.unlimited_until == until {
        return Ok(());
    }
    let newest = studio_periods(tx, user_id).await?.into_iter().next();
    let subscription = newest.map_or_else(|| format!("user-{user_id}"), |period| period.stripe_subscription_id);
    let posting = Posting {
        user_id,
        change_type: ChangeType::Grant,
        delta: 0,
        unlimited: Unlimited::Until(until),
        source: source::unlimited(&subscription, account.version),
        notes: Some(until.map_or_else(
            || "unlimited exports ended".to_owned(),
            |until| format!("unlimited exports until {}", until.format("%Y-%m-%d")),
        )),
        reference: Some(subscription),
        now,
    };
    ledger::post(tx, posting).await?;
    end_later(tx, clock, user_id, until).await
}

/// Requests the end of unlimited exports for when their time is over.
pub(super) async fn end_later(
    tx: &sea_orm::DatabaseTransaction,
    clock: &Clock,
    user_id: i64,
    until: Option<DateTime<Utc>>,
) -> Result<(), Trouble> {
    if let Some(until) = until {
        work::due_at(tx, clock, (Kind::Unlimited, &user_id.to_string()), until).await?;
    }
    Ok(())
}

/// Ends a user's unlimited exports if their time is over.
///
/// # Errors
/// The database's.
pub async fn end_unlimited(app: &App, user_id: i64) -> Result<Next, Error> {
    let tx = app.database.begin().await?;
    book(&tx, &app.clock, user_id).await?;
    let news = news(&tx, user_id, false).await?;
    let account = ledger::account(&tx, user_id).await?;
    tx.commit().await?;
    announce(app, news);
    Ok(account.and_then(|account| account.unlimited_until).map_or(Next::Done, Next::At))
}

/// A user's paid STUDIO periods, the last first.
async fn studio_periods(tx: &impl ConnectionTrait, user_id: i64) -> Result<Vec<period::Model>, DbErr> {
    period::Entity::find()
        .filter(period::Column::UserId.eq(user_id))
        .filter(period::Column::Tier.eq(Tier::Studio))
        .order_by_desc(period::Column::PeriodEnd)
        .all(tx)
        .await
}
