//! Checkouts, and the Stripe configuration for clients.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject, Union};
use entity::{checkout as row, subscription};

use super::{
    context::{RequestContext, in_input},
    date_time::Moment,
    money::Money,
    subscription::PlanSubscription,
    tier::Tier,
};
use crate::{
    billing::{
        checkout::{self, CheckoutResult, CheckoutState, Redirects},
        tax,
    },
    error::Error,
    stripe,
};

/// The queries of checkouts and of the Stripe configuration.
#[derive(Default)]
pub(super) struct CheckoutQuery;

#[Object]
impl CheckoutQuery {
    /// A checkout that the viewer opened. `successUrl` can contain its id: Stripe replaces `{CHECKOUT_SESSION_ID}`.
    async fn checkout(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the Checkout Session at Stripe.")] id: ID,
    ) -> Result<CheckoutSession, Error> {
        let user_id = ctx.viewer()?.user_id;
        Ok(checkout::find(ctx.app()?, user_id, &id, || ctx.viewer_at_stripe().map(drop)).await?.into())
    }

    /// The Stripe configuration of this server.
    async fn stripe_config(&self, ctx: &Context<'_>) -> Result<StripeConfig, Error> {
        let payments = ctx.app()?.payments.as_ref();
        let publishable_key = payments.and_then(|payments| payments.publishable_key.clone());
        let tax_behavior = tax::behavior(ctx.app()?).map(TaxBehavior::from);
        Ok(StripeConfig { enabled: payments.is_some(), publishable_key, tax_behavior })
    }
}

/// The mutations that open checkouts.
#[derive(Default)]
pub(super) struct CheckoutMutation;

#[Object]
impl CheckoutMutation {
    /// Opens a checkout for a plan. The plan starts once Stripe confirms the payment. An open checkout of the same plan with the
    /// same URLs is returned again; any other open checkout of a plan is closed.
    async fn create_checkout(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The plan, and where to redirect afterwards.")] input: CreateCheckoutInput,
    ) -> Result<CreateCheckoutResult, Error> {
        let viewer = ctx.viewer_at_stripe()?;
        let to = Redirects { success_url: input.success_url, cancel_url: input.cancel_url };
        checkout::create(ctx.app()?, viewer.user_id, input.tier.into(), to).await.map_err(in_input)?.try_into()
    }
}

/// The Stripe configuration of this server.
#[derive(SimpleObject)]
pub(super) struct StripeConfig {
    /// True if payments are enabled on this server.
    enabled: bool,
    /// The publishable key for Stripe.js.
    publishable_key: Option<String>,
    /// The relation of taxes to the prices of plans and packs. Null if the server computes no taxes, if prices differ in it, and
    /// until the server has read it from Stripe.
    tax_behavior: Option<TaxBehavior>,
}

/// The relation of taxes to prices.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(remote = "tax::TaxBehavior")]
pub(super) enum TaxBehavior {
    /// Taxes are added to prices.
    Exclusive,
    /// Prices include taxes.
    Inclusive,
}

/// The status of a checkout.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(remote = "row::Status")]
pub(super) enum CheckoutStatus {
    /// It can be paid.
    Open,
    /// It closed without a payment.
    Expired,
    /// It is complete and the payment is processing, which takes days for a bank debit.
    Processing,
    /// The payment failed after it was processing.
    Canceled,
    /// Paid.
    Paid,
}

/// The kind of a checkout.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub(super) enum CheckoutKind {
    /// It sells a subscription to a plan.
    Plan,
    /// It sells a credit pack.
    Pack,
}

/// A checkout that the viewer opened, with its outcome.
#[derive(SimpleObject)]
pub(super) struct CheckoutSession {
    /// The id of the Checkout Session at Stripe.
    id: ID,
    /// The status of the checkout.
    status: CheckoutStatus,
    /// The kind of the checkout.
    kind: CheckoutKind,
    /// The tier of the plan; null for a pack.
    tier: Option<Tier>,
    /// The credits in the pack; null for a plan.
    credits: Option<i64>,
    /// The amount to pay in this checkout, or the amount paid. Taxes and promotion codes may change it until it is paid.
    amount: Money,
    /// The URL of the checkout page, while it is open.
    url: Option<String>,
    /// When an open checkout expires.
    expires_at: Option<Moment>,
}

impl From<CheckoutState> for CheckoutSession {
    fn from(CheckoutState { row, page }: CheckoutState) -> Self {
        Self {
            id: row.stripe_checkout_session_id.into(),
            status: row.status.into(),
            kind: if row.tier.is_some() { CheckoutKind::Plan } else { CheckoutKind::Pack },
            tier: row.tier.map(Tier::from),
            credits: row.credits,
            amount: Money::new(row.amount, &row.currency),
            expires_at: page.as_ref().map(|page| page.expires_at.into()),
            url: page.and_then(|page| page.url),
        }
    }
}

/// An open checkout. Redirect the user to `url`.
#[derive(SimpleObject)]
pub(super) struct Checkout {
    /// The id of the Checkout Session at Stripe.
    id: ID,
    /// The URL of the checkout page.
    url: String,
    /// When the checkout expires.
    expires_at: Moment,
    /// The amount due now. Taxes and promotion codes may change it at checkout.
    amount: Money,
}

impl TryFrom<stripe::Session> for Checkout {
    type Error = Error;

    fn try_from(session: stripe::Session) -> Result<Self, Error> {
        let url = session.url.ok_or_else(|| Error::Internal(format!("the checkout {} has no page", session.id)))?;
        let amount = Money::new(session.amount_total, &session.currency);
        Ok(Self { id: session.id.into(), url, expires_at: session.expires_at.into(), amount })
    }
}

/// The result of `createCheckout`.
#[derive(Union)]
#[expect(clippy::large_enum_variant, reason = "a request has one of them")]
pub(super) enum CreateCheckoutResult {
    /// The checkout is open.
    Checkout(Checkout),
    /// The viewer is subscribed already.
    AlreadySubscribed(AlreadySubscribed),
}

/// The viewer is subscribed already. Use `changePlan` instead, once `payUrl` is paid if there is one.
#[derive(SimpleObject)]
pub(super) struct AlreadySubscribed {
    /// A human-readable message.
    message: String,
    /// The page where the open invoice of the subscription can be paid, also by another card; null if nothing is unpaid. Until
    /// then the plan can be neither changed nor bought again.
    pay_url: Option<String>,
    /// The existing subscription.
    subscription: PlanSubscription,
}

impl TryFrom<CheckoutResult> for CreateCheckoutResult {
    type Error = Error;

    fn try_from(opened: CheckoutResult) -> Result<Self, Error> {
        Ok(match opened {
            CheckoutResult::Checkout(session) => Self::Checkout(session.try_into()?),
            CheckoutResult::AlreadySubscribed(subscription) => Self::AlreadySubscribed(AlreadySubscribed {
                message: already(&subscription),
                pay_url: subscription.unpaid_url.clone(),
                subscription: PlanSubscription(subscription),
            }),
        })
    }
}

fn already(subscription: &subscription::Model) -> String {
    let plan = crate::plan::plan(subscription.tier).name;
    if subscription.unpaid_url.is_some() {
        return format!("Your subscription to {plan} is not paid. Pay its open invoice first.");
    }
    match subscription.cancel_at {
        Some(end) => {
            let end = end.format("%Y-%m-%d");
            format!(
                "You are subscribed to {plan} until {end}. Resume it, change the plan, or subscribe again after that."
            )
        }
        None => format!("You are already subscribed to {plan}. Change the plan instead."),
    }
}

/// The input of `createCheckout`.
#[derive(InputObject)]
pub(super) struct CreateCheckoutInput {
    /// The new tier: CORE, PRO or STUDIO.
    tier: Tier,
    /// Where to redirect after the payment: an https URL, or http on loopback. Stripe replaces `{CHECKOUT_SESSION_ID}`.
    success_url: String,
    /// Where to redirect if checkout is canceled: an https URL, or http on loopback.
    cancel_url: String,
}
