//! Plans and quotes, which are public.

use async_graphql::{Context, Object, SimpleObject};

use super::{context::RequestContext, money::Money, tier::Tier};
use crate::{
    billing::payment::{self, UNIT_PRICE},
    error::Error,
    plan,
};

/// The queries of plans and quotes.
#[derive(Default)]
pub(super) struct PlanQuery;

#[Object]
impl PlanQuery {
    /// All plans, from the lowest tier to the highest.
    async fn plans(&self) -> Vec<Plan> {
        plan::PLANS.iter().map(Plan::from).collect()
    }

    /// The price of a credit pack.
    async fn credit_quote(
        &self,
        #[graphql(desc = "The credits in the pack, 1 to 1000.")] credits: i32,
    ) -> Result<CreditQuote, Error> {
        payment::quote(i64::from(credits)).map(CreditQuote::from)
    }

    /// The credits that one export costs; 0 if exports are free for everyone.
    async fn export_cost(&self, ctx: &Context<'_>) -> Result<i64, Error> {
        Ok(ctx.app()?.config.export_cost)
    }
}

/// A plan that users can subscribe to, or FREE.
#[derive(Clone, Debug, SimpleObject)]
pub(super) struct Plan {
    /// The tier of the plan.
    tier: Tier,
    /// A human-readable name.
    name: &'static str,
    /// The monthly price.
    price: Money,
    /// The credits granted for each paid month; null if exports are unlimited.
    monthly_credits: Option<i64>,
    /// True if exports cost no credits.
    unlimited: bool,
    /// The features that the plan adds to the one it includes.
    features: Vec<Feature>,
    /// The next lower tier, whose features are included.
    includes: Option<Tier>,
}

impl From<&plan::Plan> for Plan {
    fn from(plan: &plan::Plan) -> Self {
        Self {
            tier: plan.tier.into(),
            name: plan.name,
            price: Money::usd(plan.price),
            monthly_credits: plan.monthly_credits,
            unlimited: plan.monthly_credits.is_none(),
            features: plan.features.iter().map(|feature| (*feature).into()).collect(),
            includes: plan.includes.map(Tier::from),
        }
    }
}

/// A feature of a plan.
#[derive(Clone, Debug, SimpleObject)]
pub(super) struct Feature {
    /// The identifier of the feature.
    code: plan::Feature,
    /// A human-readable label.
    label: &'static str,
}

impl From<plan::Feature> for Feature {
    fn from(feature: plan::Feature) -> Self {
        Self { code: feature, label: feature.label() }
    }
}

/// The price of a credit pack.
#[derive(Clone, Debug, SimpleObject)]
pub(super) struct CreditQuote {
    /// The credits in the pack.
    credits: i64,
    /// The price of one credit.
    unit_price: Money,
    /// The total price of the pack.
    amount: Money,
    /// True if the minimum price of a pack applies instead of the price of its credits.
    minimum_applied: bool,
}

impl From<payment::Quote> for CreditQuote {
    fn from(quote: payment::Quote) -> Self {
        Self {
            credits: quote.credits,
            unit_price: Money::usd(UNIT_PRICE),
            amount: Money::usd(quote.amount),
            minimum_applied: quote.minimum_applied,
        }
    }
}
