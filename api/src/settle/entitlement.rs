//! Unlimited: on while a STUDIO subscription is entitled and paid, with some days of grace for the renewal's payment.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    Tier, credit_account,
    ledger_entry::ChangeType,
    period,
    subscription::{self, Status},
};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{Context, News, Trouble, announce, news};
use crate::{
    app::App,
    error::Error,
    ledger::{self, Posting, Unlimited, source},
};

/// How many accounts one sweep looks after.
const SWEEP: u64 = 1000;

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
    book(context.tx, user_id, context.clock.now()).await
}

async fn book(tx: &sea_orm::DatabaseTransaction, user_id: i64, now: DateTime<Utc>) -> Result<(), Trouble> {
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
    Ok(())
}

/// Ends every unlimited whose time is over, each in a transaction of its own. Returns how many.
///
/// # Errors
/// What the database says. What is not done then is done the next time.
pub async fn sweep(app: &App) -> Result<usize, Error> {
    let over = credit_account::Entity::find()
        .filter(credit_account::Column::UnlimitedUntil.lte(app.clock.now()))
        .limit(SWEEP)
        .all(app.database.read())
        .await?;
    for account in &over {
        // One that cannot be ended keeps no other from it.
        match end(app, account.user_id).await {
            Ok(news) => announce(app, news),
            Err(error) => tracing::error!(user = account.user_id, %error, "unlimited exports could not be ended"),
        }
    }
    Ok(over.len())
}

async fn end(app: &App, user_id: i64) -> Result<News, Error> {
    let tx = app.database.begin().await?;
    book(&tx, user_id, app.clock.now()).await?;
    let news = news(&tx, user_id, false).await?;
    tx.commit().await?;
    Ok(news)
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
