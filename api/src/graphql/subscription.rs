//! Subscriptions to plans. (`Subscription` itself is the schema's root type, hence `PlanSubscription`.)

use async_graphql::{Context, Enum, ID, Object, SimpleObject, Subscription, Union};
use entity::{subscription, user::Role};
use futures_util::{Stream, StreamExt};

use super::{context::RequestContext, date_time::Moment, money::Money, owner::Owner, plan::Plan, tier::Tier};
use crate::{
    billing::{self, next_charge::NextCharge as Charge, subscription::CancelResult},
    error::Error,
    global_id::Noun,
    plan,
};

/// The queries of subscriptions.
#[derive(Default)]
pub(super) struct SubscriptionQuery(pub(super) Owner);

#[Object]
impl SubscriptionQuery {
    /// The current tier: that of an active or trialing subscription, otherwise FREE.
    async fn tier(&self, ctx: &Context<'_>) -> Result<Tier, Error> {
        let current = ctx.loaders()?.subscription(self.0.id(ctx)?).await?;
        Ok(billing::subscription::tier(current.as_ref()).into())
    }

    /// The current subscription, including one that is past due; null if there is none.
    async fn subscription(&self, ctx: &Context<'_>) -> Result<Option<PlanSubscription>, Error> {
        Ok(ctx.loaders()?.subscription(self.0.id(ctx)?).await?.map(PlanSubscription))
    }

    /// The most recent subscription that has ended. Null if there is none, or if `subscription` is not null.
    async fn ended_subscription(&self, ctx: &Context<'_>) -> Result<Option<PlanSubscription>, Error> {
        let user_id = self.0.id(ctx)?;
        if ctx.loaders()?.subscription(user_id).await?.is_some() {
            return Ok(None);
        }
        Ok(billing::subscription::last_ended(ctx.app()?, user_id).await?.map(PlanSubscription))
    }
}

/// The mutations of subscriptions.
#[derive(Default)]
pub(super) struct SubscriptionMutation;

#[Object]
impl SubscriptionMutation {
    /// Cancels the viewer's subscription at the end of the current period. It stays active until then.
    async fn cancel_subscription(&self, ctx: &Context<'_>) -> Result<CancelSubscriptionResult, Error> {
        let cancelled = billing::subscription::cancel(ctx.app()?, ctx.viewer_at_stripe()?.user_id).await?;
        Ok(cancelled.into())
    }
}

/// Subscription updates.
#[derive(Default)]
pub(super) struct SubscriptionSubscription;

#[Subscription]
impl SubscriptionSubscription {
    /// Sends the viewer's subscription: first its current state, then each change.
    async fn subscription_changed(
        &self,
        ctx: &Context<'_>,
    ) -> Result<impl Stream<Item = Result<SubscriptionChange, Error>> + use<>, Error> {
        let changes = billing::subscription::watch(ctx.app()?.clone(), ctx.viewer()?.user_id);
        Ok(changes.map(|current| current.map(SubscriptionChange::from)))
    }
}

/// The status of a subscription.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(name = "SubscriptionStatus", remote = "subscription::Status")]
pub(super) enum SubscriptionStatus {
    /// The first payment has not been made yet.
    Incomplete,
    /// The first payment was not made in time.
    IncompleteExpired,
    /// In a trial period.
    Trialing,
    /// Paid and active.
    Active,
    /// A renewal's payment failed and is being retried.
    PastDue,
    /// All retries of a renewal's payment failed; the subscription still exists.
    Unpaid,
    /// The trial ended without a payment method.
    Paused,
    /// The subscription has ended.
    Canceled,
}

/// A subscription to a plan.
pub(super) struct PlanSubscription(pub(super) subscription::Model);

/// A subscription to a plan.
#[Object]
impl PlanSubscription {
    /// The id of the subscription.
    pub(super) async fn id(&self) -> ID {
        Noun::Subscription.id(self.0.id).into()
    }

    /// The tier of the current period.
    async fn tier(&self) -> Tier {
        self.0.tier.into()
    }

    /// The status of the subscription.
    async fn status(&self) -> SubscriptionStatus {
        self.0.status.into()
    }

    /// The start of the current billing period.
    async fn current_period_start(&self) -> Moment {
        self.0.current_period_start.into()
    }

    /// The end of the current billing period.
    async fn current_period_end(&self) -> Moment {
        self.0.current_period_end.into()
    }

    /// True if the subscription ends with the current period instead of renewing.
    async fn cancel_at_period_end(&self) -> bool {
        self.0.ends_with_period()
    }

    /// When the subscription ends; null while it renews.
    async fn cancel_at(&self) -> Option<Moment> {
        self.0.cancel_at.map(Moment)
    }

    /// The tier from the next period on; null if it does not change.
    async fn scheduled_tier(&self) -> Option<Tier> {
        self.0.scheduled_tier.map(Tier::from)
    }

    /// The price of a period at Stripe, before discounts, taxes and credits. Null if it is not known yet.
    async fn price(&self) -> Option<Money> {
        Some(Money::new(self.0.price?, self.0.currency.as_deref()?))
    }

    /// The next charge. Null while none is certain: the subscription ends with its period, or a payment is outstanding.
    /// Read from Stripe, so ask for it only where it is shown.
    async fn next_charge(&self, ctx: &Context<'_>) -> Option<Result<NextCharge, Error>> {
        let read = async {
            let admit = || ctx.viewer_at_stripe().map(drop);
            billing::next_charge::next_charge(ctx.app()?, &self.0, admit).await
        };
        // An error leaves out this field alone.
        read.await.transpose().map(|charge| charge.map(NextCharge::from))
    }

    /// The unpaid invoice; null if there is none, or while its payment is processing. A declined upgrade leaves none.
    async fn open_invoice(&self) -> Option<OpenInvoice> {
        let row = &self.0;
        Some(OpenInvoice {
            amount: Money::new(row.unpaid_amount?, row.currency.as_deref()?),
            due_at: row.unpaid_since.map(Moment),
            next_attempt_at: row.unpaid_retry_at.map(Moment),
            pay_url: row.unpaid_url.clone(),
            needs_confirmation: row.unpaid_unconfirmed,
        })
    }

    /// The money that paid for the current period so far, and how much of it was returned. Null until a payment is recorded. It
    /// changes without the subscription's version; the balance changes with it where credits do, or unlimited exports end.
    async fn period_money(&self, ctx: &Context<'_>) -> Result<Option<PeriodMoney>, Error> {
        let reference = billing::paid_period::reference(&self.0);
        let period = ctx.loaders()?.period(&reference).await?;
        Ok(period.and_then(|period| {
            let currency = period.currency.as_deref()?;
            Some(PeriodMoney {
                paid: Money::new(period.paid, currency),
                returned: Money::new(period.returned, currency),
            })
        }))
    }

    /// The id of the subscription at Stripe, `sub_...`. Requires the role `admin`.
    async fn stripe_subscription_id(&self, ctx: &Context<'_>) -> Result<Option<&str>, Error> {
        ctx.viewer_as(Role::Admin)?;
        Ok(Some(&self.0.stripe_subscription_id))
    }

    /// Increases with each change of the subscription.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// The next charge of a subscription.
#[derive(SimpleObject)]
pub(super) struct NextCharge {
    /// The amount to be charged, after discounts, taxes and credits.
    amount: Money,
    /// When the charge is due.
    at: Moment,
}

impl From<Charge> for NextCharge {
    fn from(charge: Charge) -> Self {
        Self { amount: Money::new(charge.amount, &charge.currency), at: charge.at.into() }
    }
}

/// An unpaid invoice.
#[derive(SimpleObject)]
pub(super) struct OpenInvoice {
    /// The amount that is still to be paid.
    amount: Money,
    /// When it became due, or will.
    due_at: Option<Moment>,
    /// When the payment is tried again; null if it is not.
    next_attempt_at: Option<Moment>,
    /// The URL of Stripe's page where it can be paid, also by another card. Paying there does not change the payment method of
    /// later renewals.
    pay_url: Option<String>,
    /// True if the payment has not failed, but waits for the customer to confirm it at their bank. The page at `payUrl` leads
    /// there.
    needs_confirmation: bool,
}

/// The money of a billing period.
#[derive(SimpleObject)]
pub(super) struct PeriodMoney {
    /// The amount that all invoices have paid for the period, returned or not.
    paid: Money,
    /// The part of it that was refunded, is disputed, or was credited by a note. An upgrade is refused while there is any, and
    /// more than a third ends the unlimited exports of STUDIO.
    returned: Money,
}

/// The state of the viewer's subscription.
#[derive(SimpleObject)]
pub(super) struct SubscriptionChange {
    /// The viewer's tier.
    tier: Tier,
    /// The current subscription; null if there is none.
    subscription: Option<PlanSubscription>,
}

impl From<Option<subscription::Model>> for SubscriptionChange {
    fn from(current: Option<subscription::Model>) -> Self {
        let tier = billing::subscription::tier(current.as_ref()).into();
        Self { tier, subscription: current.map(PlanSubscription) }
    }
}

/// The result of `cancelSubscription`.
#[derive(Union)]
#[expect(clippy::large_enum_variant, reason = "almost every value is the subscription")]
pub(super) enum CancelSubscriptionResult {
    /// The subscription, which ends with its period.
    PlanSubscription(PlanSubscription),
    /// There is no subscription to cancel.
    NoActiveSubscription(NoActiveSubscription),
}

impl From<CancelResult> for CancelSubscriptionResult {
    fn from(result: CancelResult) -> Self {
        match result {
            CancelResult::Subscription(subscription) => Self::PlanSubscription(PlanSubscription(subscription)),
            CancelResult::NoActiveSubscription => Self::NoActiveSubscription(NoActiveSubscription::new()),
        }
    }
}

/// The user has no subscription. `plans` lists the plans to choose from.
#[derive(SimpleObject)]
pub(super) struct NoActiveSubscription {
    /// A human-readable message.
    message: String,
    /// The available plans.
    plans: Vec<Plan>,
}

impl NoActiveSubscription {
    pub(super) fn new() -> Self {
        let plans = plan::PLANS.iter().filter(|plan| plan.price > 0).map(Plan::from).collect();
        Self { message: "You have no subscription.".to_owned(), plans }
    }
}
