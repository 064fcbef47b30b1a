//! Subscriptions to plans. (`Subscription` itself is the schema's root type, hence `PlanSubscription`.)

use async_graphql::{Context, Enum, ID, Object, SimpleObject, Subscription, Union};
use chrono::{DateTime, Utc};
use entity::subscription;
use futures_util::{Stream, StreamExt};

use super::{context::Asked, plan::Plan, tier::Tier};
use crate::{
    billing::{self, subscription::Cancelled},
    error::Error,
    plan,
};

/// Asks for subscriptions.
#[derive(Default)]
pub(super) struct SubscriptionQuery;

#[Object]
impl SubscriptionQuery {
    /// The viewer's tier now. It comes from a subscription that is active or in its trial; FREE without one.
    async fn tier(&self, ctx: &Context<'_>) -> Result<Tier, Error> {
        let living = ctx.loaders()?.subscription(ctx.viewer()?.user_id).await?;
        Ok(billing::subscription::tier(living.as_ref()).into())
    }

    /// The viewer's living subscription, past due included; null when none lives.
    async fn subscription(&self, ctx: &Context<'_>) -> Result<Option<PlanSubscription>, Error> {
        Ok(ctx.loaders()?.subscription(ctx.viewer()?.user_id).await?.map(PlanSubscription))
    }
}

/// Changes subscriptions.
#[derive(Default)]
pub(super) struct SubscriptionMutation;

#[Object]
impl SubscriptionMutation {
    /// Ends the viewer's subscription with its period. Until then nothing changes.
    async fn cancel_subscription(&self, ctx: &Context<'_>) -> Result<CancelSubscriptionResult, Error> {
        let cancelled = billing::subscription::cancel(ctx.app()?, ctx.viewer_at_stripe()?.user_id).await?;
        Ok(cancelled.into())
    }
}

/// Watches subscriptions.
#[derive(Default)]
pub(super) struct SubscriptionSubscription;

#[Subscription]
impl SubscriptionSubscription {
    /// The viewer's subscription: first the present state, then each change as it comes.
    async fn subscription_changed(
        &self,
        ctx: &Context<'_>,
    ) -> Result<impl Stream<Item = Result<SubscriptionChange, Error>> + use<>, Error> {
        let changes = billing::subscription::watch(ctx.app()?.clone(), ctx.viewer()?.user_id);
        Ok(changes.map(|living| living.map(SubscriptionChange::from)))
    }
}

/// Where a subscription stands.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(name = "SubscriptionStatus", remote = "subscription::Status")]
pub(super) enum SubscriptionStatus {
    /// The first payment is not made yet.
    Incomplete,
    /// The first payment never came.
    IncompleteExpired,
    /// In a trial.
    Trialing,
    /// Paid.
    Active,
    /// A renewal's payment failed and is tried again.
    PastDue,
    /// A renewal's payment failed for good; the subscription stays.
    Unpaid,
    /// A trial ended without a payment method.
    Paused,
    /// Ended.
    Canceled,
}

/// A subscription to a plan.
pub(super) struct PlanSubscription(pub(super) subscription::Model);

/// A subscription to a plan.
#[Object]
impl PlanSubscription {
    /// The subscription's id.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The tier that is paid.
    async fn tier(&self) -> Tier {
        self.0.tier.into()
    }

    /// Where it stands.
    async fn status(&self) -> SubscriptionStatus {
        self.0.status.into()
    }

    /// Start of the period that is paid or being paid.
    async fn current_period_start(&self) -> DateTime<Utc> {
        self.0.current_period_start
    }

    /// End of that period.
    async fn current_period_end(&self) -> DateTime<Utc> {
        self.0.current_period_end
    }

    /// Whether it ends with the period, instead of renewing.
    async fn cancel_at_period_end(&self) -> bool {
        self.0.ends_with_period()
    }

    /// When it will end; null while it renews.
    async fn cancel_at(&self) -> Option<DateTime<Utc>> {
        self.0.cancel_at
    }

    /// The tier from the next period on; null while it stays the same.
    async fn scheduled_tier(&self) -> Option<Tier> {
        self.0.scheduled_tier.map(Tier::from)
    }

    /// Grows with each change.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// A subscription's state.
#[derive(SimpleObject)]
pub(super) struct SubscriptionChange {
    /// The tier now.
    tier: Tier,
    /// The living subscription; null when none lives.
    subscription: Option<PlanSubscription>,
}

impl From<Option<subscription::Model>> for SubscriptionChange {
    fn from(living: Option<subscription::Model>) -> Self {
        let tier = billing::subscription::tier(living.as_ref()).into();
        Self { tier, subscription: living.map(PlanSubscription) }
    }
}

/// What became of a wish to cancel.
#[derive(Union)]
pub(super) enum CancelSubscriptionResult {
    /// It ends with its period.
    PlanSubscription(PlanSubscription),
    /// There is none.
    NoActiveSubscription(NoActiveSubscription),
}

impl From<Cancelled> for CancelSubscriptionResult {
    fn from(cancelled: Cancelled) -> Self {
        match cancelled {
            Cancelled::Subscription(subscription) => Self::PlanSubscription(PlanSubscription(subscription)),
            Cancelled::NoActiveSubscription => Self::NoActiveSubscription(NoActiveSubscription::new()),
        }
    }
}

/// There is no subscription: here are the plans to choose from.
#[derive(SimpleObject)]
pub(super) struct NoActiveSubscription {
    /// For people.
    message: String,
    /// The plans that can be subscribed to.
    plans: Vec<Plan>,
}

impl NoActiveSubscription {
    pub(super) fn new() -> Self {
        let plans = plan::PLANS.iter().filter(|plan| plan.price > 0).map(Plan::from).collect();
        Self { message: "You have no subscription.".to_owned(), plans }
    }
}
