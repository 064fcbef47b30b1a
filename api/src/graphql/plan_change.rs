//! Plan changes: previews, changes and reverts.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject, Union};

use super::{
    context::{RequestContext, in_input},
    date_time::Moment,
    money::Money,
    subscription::{NoActiveSubscription, PlanSubscription},
    tier::Tier,
};
use crate::{
    billing::{
        plan_change::{
            self, PaymentFailureReason as Failure, PlanChangeRefusal as Refusal, PlanChanged, UnavailableReason,
        },
        plan_preview::{self, Preview},
        subscription::CancelResult,
    },
    error::Error,
};

/// The complexity of a preview: each calls Stripe several times, and a document has room for three.
pub(super) const PREVIEW_COST: usize = 1500;

/// The query of plan changes.
#[derive(Default)]
pub(super) struct PlanChangeQuery;

#[Object]
impl PlanChangeQuery {
    /// Previews `changePlan` for the viewer: the amount due and the credits added immediately, and the price of the next period.
    /// Null if the viewer has no subscription. Nothing is changed.
    async fn preview_plan_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new tier: CORE, PRO or STUDIO.")] tier: Tier,
    ) -> Result<Option<PlanChangePreview>, Error> {
        let preview = plan_preview::preview(ctx.app()?, ctx.viewer_at_stripe()?.user_id, tier.into()).await?;
        Ok(preview.map(PlanChangePreview::from))
    }
}

/// The mutations of plan changes.
#[derive(Default)]
pub(super) struct PlanChangeMutation;

#[Object]
impl PlanChangeMutation {
    /// Changes the viewer's plan. A higher tier takes effect immediately: the full difference in price is charged for the
    /// current period, and the full difference in credits is granted. A lower tier takes effect with the next period.
    /// Either replaces whatever was scheduled before, a cancellation included; requesting the current tier only removes
    /// what was scheduled. If the payment is declined, nothing changes.
    async fn change_plan(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The plan to change to.")] input: ChangePlanInput,
    ) -> Result<ChangePlanResult, Error> {
        let changed = plan_change::change(ctx.app()?, ctx.viewer_at_stripe()?.user_id, input.tier.into()).await;
        Ok(changed.map_err(in_input)?.into())
    }

    /// Removes a scheduled cancellation or plan change from the viewer's subscription.
    async fn resume_subscription(&self, ctx: &Context<'_>) -> Result<ResumeSubscriptionResult, Error> {
        Ok(plan_change::resume(ctx.app()?, ctx.viewer_at_stripe()?.user_id).await?.into())
    }
}

/// The input of `changePlan`.
#[derive(InputObject)]
pub(super) struct ChangePlanInput {
    /// CORE, PRO or STUDIO. To go back to FREE, cancel the subscription.
    tier: Tier,
}

/// The price and the credits of a plan change.
#[derive(SimpleObject)]
pub(super) struct PlanChangePreview {
    /// The requested tier.
    tier: Tier,
    /// The amount charged immediately.
    due_now: Money,
    /// Credits added immediately.
    credits_now: i64,
    /// The price of the next period.
    next_invoice: Money,
    /// When the next period starts.
    next_invoice_at: Moment,
    /// When the new tier takes effect.
    effective_at: Moment,
    /// The page where the open invoice of an earlier request for this change can be paid or confirmed, which makes the change.
    /// Another `changePlan` voids that invoice and creates a new one. Null if there is none.
    pending_invoice_url: Option<String>,
    /// The reason for which `changePlan` would refuse this change now; null if it would not. If set, nothing is due and
    /// `nextInvoice` is the price of the current plan.
    refusal: Option<PlanChangeRefusal>,
}

impl From<Preview> for PlanChangePreview {
    fn from(preview: Preview) -> Self {
        Self {
            tier: preview.tier.into(),
            due_now: Money::new(preview.due_now, &preview.currency),
            credits_now: preview.credits_now,
            next_invoice: Money::new(preview.next_invoice, &preview.currency),
            next_invoice_at: preview.next_invoice_at.into(),
            effective_at: preview.effective_at.into(),
            pending_invoice_url: preview.pending_url,
            refusal: preview.refusal.map(PlanChangeRefusal::from),
        }
    }
}

/// The reason for which a plan change is refused.
#[derive(Union)]
pub(super) enum PlanChangeRefusal {
    /// A payment prevents the change.
    PaymentFailed(PaymentFailed),
    /// The change is not possible in the current billing period.
    PlanChangeUnavailable(PlanChangeUnavailable),
}

impl From<Refusal> for PlanChangeRefusal {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.message();
        match refusal {
            Refusal::PaymentFailed(failed) => Self::PaymentFailed(PaymentFailed {
                reason: failed.reason.into(),
                message,
                decline_code: failed.decline_code,
                invoice_url: failed.invoice_url,
            }),
            Refusal::Unavailable(unavailable) => Self::PlanChangeUnavailable(PlanChangeUnavailable {
                reason: unavailable.reason.into(),
                message,
                available_at: unavailable.available_at.into(),
            }),
        }
    }
}

/// The result of `changePlan`.
#[derive(Union)]
pub(super) enum ChangePlanResult {
    /// The subscription with the new plan, or with the new plan as `scheduledTier`.
    PlanSubscription(PlanSubscription),
    /// There is no subscription to change.
    NoActiveSubscription(NoActiveSubscription),
    /// A payment prevents the change.
    PaymentFailed(PaymentFailed),
    /// The change is not possible in the current billing period.
    PlanChangeUnavailable(PlanChangeUnavailable),
}

impl From<PlanChanged> for ChangePlanResult {
    fn from(changed: PlanChanged) -> Self {
        match changed {
            PlanChanged::Subscription(subscription) => Self::PlanSubscription(PlanSubscription(subscription)),
            PlanChanged::NoActiveSubscription => Self::NoActiveSubscription(NoActiveSubscription::new()),
            PlanChanged::Refused(refusal) => match refusal.into() {
                PlanChangeRefusal::PaymentFailed(failed) => Self::PaymentFailed(failed),
                PlanChangeRefusal::PlanChangeUnavailable(unavailable) => Self::PlanChangeUnavailable(unavailable),
            },
        }
    }
}

/// A payment that prevents a plan change. Nothing has changed.
#[derive(SimpleObject)]
pub(super) struct PaymentFailed {
    /// The kind of failure.
    reason: PaymentFailureReason,
    /// A human-readable message.
    message: &'static str,
    /// The issuer's reason for declining the card, as one of Stripe's decline codes; null if no card was charged. With
    /// `authentication_required`, the customer's bank wants the payment to be confirmed, which the invoice's page leads to.
    decline_code: Option<String>,
    /// The page where the open invoice can be paid with another card, also that of a payment that is past due. If it is paid there
    /// within 23 hours and within the billing period, a declined change is made.
    invoice_url: Option<String>,
}

/// The kind of a failed payment.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(remote = "Failure")]
pub(super) enum PaymentFailureReason {
    /// The payment for the change was declined.
    Declined,
    /// An earlier payment is past due and has to be paid first, at `invoiceUrl`.
    PastDue,
    /// The payment method does not support immediate payment, as bank debits do not. Another one can be chosen in the billing
    /// portal.
    PaymentMethod,
}

/// A plan change that is not possible in the current billing period. Nothing has changed.
#[derive(SimpleObject)]
pub(super) struct PlanChangeUnavailable {
    /// The reason for which the change is not possible.
    reason: PlanChangeUnavailableReason,
    /// A human-readable message.
    message: &'static str,
    /// When the change becomes possible.
    available_at: Moment,
}

/// The reason for which a plan cannot be changed in the current billing period.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(remote = "UnavailableReason")]
pub(super) enum PlanChangeUnavailableReason {
    /// The renewal is about to be charged.
    Renewing,
    /// The period was not paid, and its invoice is no longer collected.
    Unpaid,
    /// A payment for the period was refunded.
    Refunded,
}

/// The result of `resumeSubscription`.
#[derive(Union)]
#[expect(clippy::large_enum_variant, reason = "almost every value is the subscription")]
pub(super) enum ResumeSubscriptionResult {
    /// The subscription, which renews with its current plan.
    PlanSubscription(PlanSubscription),
    /// There is no subscription to resume.
    NoActiveSubscription(NoActiveSubscription),
}

impl From<CancelResult> for ResumeSubscriptionResult {
    fn from(resumed: CancelResult) -> Self {
        match resumed {
            CancelResult::Subscription(subscription) => Self::PlanSubscription(PlanSubscription(subscription)),
            CancelResult::NoActiveSubscription => Self::NoActiveSubscription(NoActiveSubscription::new()),
        }
    }
}
