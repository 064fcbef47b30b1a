//! Subscriptions: read, watched and cancelled.

use std::collections::HashMap;

use entity::{
    Tier, customer,
    subscription::{self, Status},
};
use futures_util::{Stream, stream};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use super::subscription_change::{self, Target};
use crate::{
    app::App,
    error::Error,
    feed::{Subject, Watcher},
    stripe::Subscription,
    sync,
};

/// The result of cancelling a subscription, or of undoing that.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "almost every value is the subscription")]
pub enum CancelResult {
    /// The subscription ends with its period, or continues.
    Subscription(subscription::Model),
    /// There is no subscription.
    NoActiveSubscription,
}

/// The tier of a user with this current subscription, or without one.
#[must_use]
pub fn tier(current: Option<&subscription::Model>) -> Tier {
    current.filter(|subscription| subscription.status.entitled()).map_or(Tier::Free, |subscription| subscription.tier)
}

/// A user's current subscription, past due included.
///
/// # Errors
/// The database's.
pub async fn current(app: &App, user_id: i64) -> Result<Option<subscription::Model>, Error> {
    Ok(current_of(app.database.read(), &[user_id]).await?.remove(&user_id))
}

/// The current subscriptions of several users at once: of two, the one that entitles, or else the newer.
///
/// # Errors
/// The database's.
pub async fn current_of(
    db: &impl ConnectionTrait,
    user_ids: &[i64],
) -> Result<HashMap<i64, subscription::Model>, DbErr> {
    Ok(all_current(db, user_ids).await?.into_iter().collect())
}

/// All subscriptions of several users that have not ended, each with its user. Of those of one user, the
/// current one comes last.
pub(super) async fn all_current(
    db: &impl ConnectionTrait,
    user_ids: &[i64],
) -> Result<Vec<(i64, subscription::Model)>, DbErr> {
    let mut rows = subscription::Entity::find()
        .find_also_related(customer::Entity)
        .filter(customer::Column::UserId.is_in(user_ids.iter().copied()))
        .filter(subscription::Column::Status.is_not_in(Status::ENDED))
        .all(db)
        .await?;
    rows.sort_by_key(|(subscription, _)| (subscription.status.entitled(), subscription.id));
    Ok(rows.into_iter().filter_map(|(subscription, customer)| Some((customer?.user_id, subscription))).collect())
}

/// Reads a subscription of `owner`, or of any user if that is `None`.
///
/// # Errors
/// The database's.
pub async fn by_id(app: &App, id: i64, owner: Option<i64>) -> Result<Option<subscription::Model>, Error> {
    let mut found = subscription::Entity::find_by_id(id).inner_join(customer::Entity);
    if let Some(owner) = owner {
        found = found.filter(customer::Column::UserId.eq(owner));
    }
    Ok(found.one(app.database.read()).await?)
}

/// Reads a subscription with its user.
pub(super) async fn with_user(db: &impl ConnectionTrait, id: i64) -> Result<Option<(subscription::Model, i64)>, DbErr> {
    let found = subscription::Entity::find_by_id(id).find_also_related(customer::Entity).one(db).await?;
    Ok(found.and_then(|(subscription, customer)| Some((subscription, customer?.user_id))))
}

/// A user's most recent subscription that was canceled and has ended.
///
/// # Errors
/// Those of the database.
pub async fn last_ended(app: &App, user_id: i64) -> Result<Option<subscription::Model>, Error> {
    let canceled = subscription::Entity::find()
        .inner_join(customer::Entity)
        .filter(customer::Column::UserId.eq(user_id))
        .filter(subscription::Column::Status.eq(Status::Canceled));
    // A row is last changed when its subscription ends, and a second subscription may end before the first.
    let latest = canceled.order_by_desc(subscription::Column::UpdatedAt).order_by_desc(subscription::Column::Id);
    Ok(latest.one(app.database.read()).await?)
}

/// Ends the current subscription with its period.
///
/// # Errors
/// Those of Stripe.
pub async fn cancel(app: &App, user_id: i64) -> Result<CancelResult, Error> {
    app.payments()?;
    let current = all_current(app.database.read(), &[user_id]).await?;
    // Where there are two, one call cancels one of them, first the one that still renews.
    let renewing = current.iter().rev().find(|(_, subscription)| !subscription.ends_with_period());
    let Some((_, subscription)) = renewing.or(current.last()).cloned() else {
        return Ok(CancelResult::NoActiveSubscription);
    };
    if subscription.ends_with_period() {
        return Ok(CancelResult::Subscription(subscription));
    }
    let (_, now) = subscription_change::make(app, user_id, subscription, Target::CancelAtPeriodEnd).await?;
    Ok(now.map_or(CancelResult::NoActiveSubscription, CancelResult::Subscription))
}

/// The Stripe customer of some user who has a current subscription.
pub(super) async fn any_subscriber(app: &App) -> Result<Option<String>, DbErr> {
    let newest = subscription::Entity::find()
        .find_also_related(customer::Entity)
        .filter(subscription::Column::Status.is_not_in(Status::ENDED))
        .order_by_desc(subscription::Column::Id)
        .one(app.database.read())
        .await?;
    Ok(newest.and_then(|(_, customer)| Some(customer?.stripe_customer_id)))
}

/// True where a subscription (`sub_...`) is stored.
pub(super) async fn is_known(app: &App, id: &str) -> Result<bool, Error> {
    let known = subscription::Entity::find().filter(subscription::Column::StripeSubscriptionId.eq(id));
    Ok(known.one(app.database.read()).await?.is_some())
}

/// Reads a subscription (`sub_...`) from Stripe and applies its state.
pub(super) async fn refresh(app: &App, id: &str) -> Result<Subscription, Error> {
    Ok(sync::look_at_subscription(app, id).await?.subscription)
}

/// Watches a user's current subscription: first the current state, then each change. `None` when there is none.
pub fn watch(
    app: App,
    user_id: i64,
) -> impl Stream<Item = Result<Option<subscription::Model>, Error>> + Send + 'static {
    let watcher = app.feed.watch(user_id, Subject::Subscription);
    let cursor = Cursor { app, user_id, watcher, seen: None };
    stream::try_unfold(cursor, |mut cursor| async move {
        let subscription = cursor.next().await?;
        Ok(Some((subscription, cursor)))
    })
}

struct Cursor {
    app: App,
    user_id: i64,
    watcher: Watcher,
    /// The sum of the versions of the user's subscriptions when they were last sent.
    seen: Option<i64>,
}

impl Cursor {
    async fn next(&mut self) -> Result<Option<subscription::Model>, Error> {
        // Boxed: every watcher would carry the state of the reads.
        while !Box::pin(self.has_changed()).await? {
            let seen = self.seen.unwrap_or_default();
            self.watcher.beyond(|hint| hint.subscription <= seen).await;
        }
        Box::pin(self.current()).await
    }

    /// Reads the versions. Read before the row: a change in between is sent twice rather than never.
    async fn has_changed(&mut self) -> Result<bool, Error> {
        let versions = sync::versions(self.app.database.read(), &[self.user_id]).await?;
        let version = versions.get(&self.user_id).copied().unwrap_or_default();
        Ok(self.seen.replace(version) != Some(version))
    }

    async fn current(&self) -> Result<Option<subscription::Model>, Error> {
        let mut current = current_of(self.app.database.read(), &[self.user_id]).await?;
        Ok(current.remove(&self.user_id))
    }
}
