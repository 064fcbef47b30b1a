//! Subscriptions, read, watched and cancelled.

use std::collections::HashMap;

use entity::{
    Tier, customer,
    subscription::{self, Status},
};
use futures_util::{Stream, stream};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::operation::{self, Request};
use crate::{
    app::App,
    error::Error,
    feed::Watcher,
    settle::{self, Fact, Said},
    stripe::Subscription,
};

/// What became of a wish to cancel.
#[derive(Clone, Debug)]
pub enum Cancelled {
    /// The subscription ends with its period.
    Subscription(subscription::Model),
    /// There is none.
    NoActiveSubscription,
}

/// The tier that a living subscription gives, or none.
#[must_use]
pub fn tier(living: Option<&subscription::Model>) -> Tier {
    living.filter(|subscription| subscription.status.entitled()).map_or(Tier::Free, |subscription| subscription.tier)
}

/// A user's living subscription, past due included.
///
/// # Errors
/// What the database says.
pub async fn living(app: &App, user_id: i64) -> Result<Option<subscription::Model>, Error> {
    Ok(living_of(app.database.read(), &[user_id]).await?.remove(&user_id))
}

/// The living subscriptions of several users at once. Of two, the one that entitles, or else the newer.
///
/// # Errors
/// What the database says.
pub async fn living_of(
    db: &impl ConnectionTrait,
    user_ids: &[i64],
) -> Result<HashMap<i64, subscription::Model>, DbErr> {
    Ok(all_living(db, user_ids).await?.into_iter().collect())
}

/// The living subscriptions of several users, each with its user; of one user's the one that counts last.
pub(super) async fn all_living(
    db: &impl ConnectionTrait,
    user_ids: &[i64],
) -> Result<Vec<(i64, subscription::Model)>, DbErr> {
    let ended = [Status::Canceled, Status::IncompleteExpired];
    let mut rows = subscription::Entity::find()
        .find_also_related(customer::Entity)
        .filter(customer::Column::UserId.is_in(user_ids.iter().copied()))
        .filter(subscription::Column::Status.is_not_in(ended))
        .all(db)
        .await?;
    rows.sort_by_key(|(subscription, _)| (subscription.status.entitled(), subscription.id));
    Ok(rows.into_iter().filter_map(|(subscription, customer)| Some((customer?.user_id, subscription))).collect())
}

/// Ends the living subscription with its period.
///
/// # Errors
/// Those of Stripe.
pub async fn cancel(app: &App, user_id: i64) -> Result<Cancelled, Error> {
    app.payments()?;
    let living = all_living(app.database.read(), &[user_id]).await?;
    // Should there be two, each can be reached: the one that still renews comes first.
    let renewing = living.iter().rev().find(|(_, subscription)| !subscription.ends_with_period());
    let Some((_, subscription)) = renewing.or(living.last()).cloned() else {
        return Ok(Cancelled::NoActiveSubscription);
    };
    if subscription.ends_with_period() {
        return Ok(Cancelled::Subscription(subscription));
    }
    let (id, task) = (subscription.stripe_subscription_id, app.clone());
    app.finish(async move { operation::run(&task, user_id, Request::Cancellation(id)).await }).await?;
    let now = now(app, subscription.id).await?;
    Ok(now.map_or(Cancelled::NoActiveSubscription, Cancelled::Subscription))
}

/// A subscription as it is now, if it still lives.
pub(super) async fn now(app: &App, id: i64) -> Result<Option<subscription::Model>, DbErr> {
    let now = subscription::Entity::find_by_id(id).one(app.database.read()).await?;
    Ok(now.filter(|now| now.status.alive()))
}

/// Whether we have ever heard of a subscription (`sub_...`).
pub(super) async fn is_known(app: &App, id: &str) -> Result<bool, Error> {
    let known = subscription::Entity::find().filter(subscription::Column::StripeSubscriptionId.eq(id));
    Ok(known.one(app.database.read()).await?.is_some())
}

/// Asks Stripe what a subscription (`sub_...`) is now, and settles that.
pub(super) async fn refresh(app: &App, id: &str) -> Result<Subscription, Error> {
    let at = app.clock.now().timestamp();
    let subscription = app.payments()?.stripe.subscription(id).await?;
    settle::learn(app, Fact::Subscription { subscription: subscription.clone(), said: Said::Reply { at } }).await?;
    Ok(subscription)
}

/// Watches a user's living subscription: first the present, then each change. `None` when none lives.
pub fn watch(
    app: App,
    user_id: i64,
) -> impl Stream<Item = Result<Option<subscription::Model>, Error>> + Send + 'static {
    let watcher = app.feed.watch(user_id);
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
    /// The sum of the versions of the user's subscriptions when they were last told.
    seen: Option<i64>,
}

impl Cursor {
    async fn next(&mut self) -> Result<Option<subscription::Model>, Error> {
        loop {
            // Read before the row: a change in between is told twice rather than never.
            let versions = settle::versions(self.app.database.read(), &[self.user_id]).await?;
            let version = versions.get(&self.user_id).copied().unwrap_or_default();
            if self.seen != Some(version) {
                self.seen = Some(version);
                let mut living = living_of(self.app.database.read(), &[self.user_id]).await?;
                return Ok(living.remove(&self.user_id));
            }
            self.watcher.beyond(|hint| hint.subscription <= version).await;
        }
    }
}
