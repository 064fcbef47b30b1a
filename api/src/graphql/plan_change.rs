//! Changes of plan: what they would mean, made and taken back.

use async_graphql::{Context, InputObject, Object, SimpleObject, Union};
use chrono::{DateTime, Utc};

use super::{
    context::Asked,
    money::Money,
    subscription::{NoActiveSubscription, PlanSubscription},
    tier::Tier,
};
use crate::{
    billing::{
        plan_change::{self, Changed},
        plan_preview::{self, Preview},
        subscription::Cancelled,
    },
    error::Error,
};

/// What a preview costs of the limit on complexity: each asks Stripe several times, and a document has room for three.
const PREVIEW_COST: usize = 1500;

/// Asks what changes of plan would mean.
#[derive(Default)]
pub(super) struct PlanChangeQuery;

#[Object]
impl PlanChangeQuery {
    /// What `changePlan` would mean for the viewer now: what is paid and which credits come at once, and what the next period
    /// costs. Null when no subscription lives. Nothing is changed by asking.
    #[graphql(complexity = "PREVIEW_COST + child_complexity")]
    async fn preview_plan_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "CORE, PRO or STUDIO.")] tier: Tier,
    ) -> Result<Option<PlanChangePreview>, Error> {
        let preview = plan_preview::preview(ctx.app()?, ctx.viewer_at_stripe()?.user_id, tier.into()).await?;
        Ok(preview.map(PlanChangePreview::from))
    }
}

/// Changes plans.
#[derive(Default)]
pub(super) struct PlanChangeMutation;

#[Object]
impl PlanChangeMutation {
    /// Goes on with another plan. A higher tier holds at once: the full difference in price is charged for the present period,
    /// and its full difference in credits granted. A lower tier holds from the next period on. Either replaces whatever was
    /// scheduled before, an end included; the present tier just goes on. When the payment is declined nothing changes.
    async fn change_plan(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which plan.")] input: ChangePlanInput,
    ) -> Result<ChangePlanResult, Error> {
        Ok(plan_change::change(ctx.app()?, ctx.viewer_at_stripe()?.user_id, input.tier.into()).await?.into())
    }

    /// Lets the viewer's subscription go on as it is: takes a scheduled end or change of plan back.
    async fn resume_subscription(&self, ctx: &Context<'_>) -> Result<ResumeSubscriptionResult, Error> {
        Ok(plan_change::resume(ctx.app()?, ctx.viewer_at_stripe()?.user_id).await?.into())
    }
}

/// The plan to go on with.
#[derive(InputObject)]
pub(super) struct ChangePlanInput {
    /// CORE, PRO or STUDIO; for FREE, cancel the subscription.
    tier: Tier,
}

/// What a change of plan would mean.
#[derive(SimpleObject)]
pub(super) struct PlanChangePreview {
    /// The tier that was asked about.
    tier: Tier,
    /// What is paid at once.
    due_now: Money,
    /// Credits that come at once.
    credits_now: i64,
    /// What the next period costs.
    next_invoice: Money,
    /// When the next period begins.
    next_invoice_at: DateTime<Utc>,
    /// When the tier changes.
    effective_at: DateTime<Utc>,
}

impl From<Preview> for PlanChangePreview {
    fn from(preview: Preview) -> Self {
        Self {
            tier: preview.tier.into(),
            due_now: Money::new(preview.due_now, &preview.currency),
            credits_now: preview.credits_now,
            next_invoice: Money::new(preview.next_invoice, &preview.currency),
            next_invoice_at: preview.next_invoice_at,
            effective_at: preview.effective_at,
        }
    }
}

/// What became of a wish for another plan.
#[derive(Union)]
pub(super) enum ChangePlanResult {
    /// It is as wished, or will be with the next period: `scheduledTier` says so.
    PlanSubscription(PlanSubscription),
    /// There is none to change.
    NoActiveSubscription(NoActiveSubscription),
    /// It has to be paid first.
    PaymentFailed(PaymentFailed),
}

impl From<Changed> for ChangePlanResult {
    fn from(changed: Changed) -> Self {
        match changed {
            Changed::Subscription(subscription) => Self::PlanSubscription(PlanSubscription(subscription)),
            Changed::NoActiveSubscription => Self::NoActiveSubscription(NoActiveSubscription::new()),
            Changed::PaymentFailed(failed) => Self::PaymentFailed(PaymentFailed {
                message: failed.message,
                decline_code: failed.decline_code,
                invoice_url: failed.invoice_url,
            }),
        }
    }
}

/// A payment was declined, or an earlier one is still open. Nothing has changed.
#[derive(SimpleObject)]
pub(super) struct PaymentFailed {
    /// For people.
    message: &'static str,
    /// Why the card's issuer declined, in Stripe's words; null where no card was asked.
    decline_code: Option<String>,
    /// Where it can be paid with another card. A declined change is made once it is paid there, within 23 hours and within the
    /// period.
    invoice_url: Option<String>,
}

/// What became of a wish to go on.
#[derive(Union)]
pub(super) enum ResumeSubscriptionResult {
    /// It goes on as it is.
    PlanSubscription(PlanSubscription),
    /// There is none.
    NoActiveSubscription(NoActiveSubscription),
}

impl From<Cancelled> for ResumeSubscriptionResult {
    fn from(resumed: Cancelled) -> Self {
        match resumed {
            Cancelled::Subscription(subscription) => Self::PlanSubscription(PlanSubscription(subscription)),
            Cancelled::NoActiveSubscription => Self::NoActiveSubscription(NoActiveSubscription::new()),
        }
    }
}
