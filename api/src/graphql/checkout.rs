//! Checkouts, and how Stripe is set up.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject, Union};
use chrono::{DateTime, Utc};
use entity::subscription;

use super::{context::Asked, money::Money, subscription::PlanSubscription, tier::Tier};
use crate::{
    billing::checkout::{self, Opened, Redirects},
    error::Error,
    stripe,
};

/// Asks how Stripe is set up.
#[derive(Default)]
pub(super) struct CheckoutQuery;

#[Object]
impl CheckoutQuery {
    /// How Stripe is set up here.
    async fn stripe_config(&self, ctx: &Context<'_>) -> Result<StripeConfig, Error> {
        let payments = ctx.app()?.payments.as_ref();
        let publishable_key = payments.and_then(|payments| payments.publishable_key.clone());
        Ok(StripeConfig { enabled: payments.is_some(), publishable_key })
    }
}

/// Opens checkouts.
#[derive(Default)]
pub(super) struct CheckoutMutation;

#[Object]
impl CheckoutMutation {
    /// Opens a checkout of a plan. The plan begins when Stripe says that it is paid.
    async fn create_checkout(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which plan, and where to go on.")] input: CreateCheckoutInput,
    ) -> Result<CreateCheckoutResult, Error> {
        let viewer = ctx.viewer_at_stripe()?;
        let to = Redirects { success_url: input.success_url, cancel_url: input.cancel_url };
        checkout::create(ctx.app()?, viewer.user_id, input.tier.into(), to).await?.try_into()
    }
}

/// How Stripe is set up here.
#[derive(SimpleObject)]
pub(super) struct StripeConfig {
    /// Whether anything can be bought.
    enabled: bool,
    /// For Stripe's own scripts in the browser.
    publishable_key: Option<String>,
}

/// An open checkout: send the user to its page.
#[derive(SimpleObject)]
pub(super) struct Checkout {
    /// The checkout's id at Stripe.
    id: ID,
    /// Its page.
    url: String,
    /// When the page closes.
    expires_at: DateTime<Utc>,
    /// What is to be paid now.
    amount: Money,
}

impl TryFrom<stripe::Session> for Checkout {
    type Error = Error;

    fn try_from(session: stripe::Session) -> Result<Self, Error> {
        let url = session.url.ok_or_else(|| Error::Internal(format!("the checkout {} has no page", session.id)))?;
        let amount = Money::new(session.amount_total, &session.currency);
        Ok(Self { id: session.id.into(), url, expires_at: session.expires_at, amount })
    }
}

/// What became of a wish for a plan.
#[derive(Union)]
pub(super) enum CreateCheckoutResult {
    /// The checkout is open.
    Checkout(Checkout),
    /// There is a subscription already.
    AlreadySubscribed(AlreadySubscribed),
}

/// There is a subscription already: change that one.
#[derive(SimpleObject)]
pub(super) struct AlreadySubscribed {
    /// For people.
    message: String,
    /// The subscription that stands in the way.
    subscription: PlanSubscription,
}

impl TryFrom<Opened> for CreateCheckoutResult {
    type Error = Error;

    fn try_from(opened: Opened) -> Result<Self, Error> {
        Ok(match opened {
            Opened::Checkout(session) => Self::Checkout(session.try_into()?),
            Opened::AlreadySubscribed(subscription) => Self::AlreadySubscribed(AlreadySubscribed {
                message: already(&subscription),
                subscription: PlanSubscription(subscription),
            }),
        })
    }
}

fn already(subscription: &subscription::Model) -> String {
    let plan = crate::plan::plan(subscription.tier).name;
    match subscription.cancel_at {
        Some(end) => {
            let end = end.format("%Y-%m-%d");
            format!(
                "You are subscribed to {plan} until {end}: resume it, change the plan, or subscribe again after that."
            )
        }
        None => format!("You are subscribed to {plan} already: change the plan instead."),
    }
}

/// A plan to subscribe to.
#[derive(InputObject)]
pub(super) struct CreateCheckoutInput {
    /// CORE, PRO or STUDIO.
    tier: Tier,
    /// Where to go on after the payment: https, or http on loopback. Stripe fills in `{CHECKOUT_SESSION_ID}`.
    success_url: String,
    /// Where to go on after giving up: https, or http on loopback.
    cancel_url: String,
}
