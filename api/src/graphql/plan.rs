//! Plans and quotes: public.

use async_graphql::{Enum, Object, SimpleObject};

use super::{money::Money, tier::Tier};
use crate::{
    billing::payment::{self, UNIT_PRICE},
    error::Error,
    plan,
};

/// Asks for plans and quotes.
#[derive(Default)]
pub(super) struct PlanQuery;

#[Object]
impl PlanQuery {
    /// The four plans, from the least to the most.
    async fn plans(&self) -> Vec<Plan> {
        plan::PLANS.iter().map(Plan::from).collect()
    }

    /// What a pack of credits costs.
    async fn credit_quote(
        &self,
        #[graphql(desc = "Credits in the pack, 1 to 1000.")] credits: i32,
    ) -> Result<CreditQuote, Error> {
        payment::quote(i64::from(credits)).map(CreditQuote::from)
    }
}

/// What a tier offers.
#[derive(Clone, Debug, SimpleObject)]
pub(super) struct Plan {
    /// The tier.
    tier: Tier,
    /// For people.
    name: &'static str,
    /// For each month.
    price: Money,
    /// Credits that each paid month grants; null when exports are unlimited.
    monthly_credits: Option<i64>,
    /// Whether exports cost no credits.
    unlimited: bool,
    /// What it adds to the tier that it includes.
    features: Vec<Feature>,
    /// The tier below, whose features it has as well.
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

/// Something that a plan adds.
#[derive(Clone, Debug, SimpleObject)]
pub(super) struct Feature {
    /// For programs.
    code: FeatureCode,
    /// For people.
    label: &'static str,
}

impl From<plan::Feature> for Feature {
    fn from(feature: plan::Feature) -> Self {
        Self { code: feature.into(), label: feature.label() }
    }
}

/// Names a feature.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(remote = "plan::Feature")]
pub(super) enum FeatureCode {
    /// Demo PatchBooks.
    DemoPatchbooks,
    /// Free patch and rack exports.
    FreeExports,
    /// Community features.
    Community,
    /// Module library access.
    ModuleLibrary,
    /// Patch fingerprint.
    PatchFingerprint,
    /// Stability envelope.
    StabilityEnvelope,
    /// Troubleshooting tree.
    TroubleshootingTree,
    /// Performance macros.
    PerformanceMacros,
    /// Patch variants.
    PatchVariants,
    /// Golden rack arrangement.
    GoldenRackArrangement,
    /// Compatibility report.
    CompatibilityReport,
    /// Learning path.
    LearningPath,
    /// Rack fit score.
    RackFitScore,
    /// Unlimited PatchBook exports.
    UnlimitedExports,
    /// Priority support.
    PrioritySupport,
    /// Commercial licence.
    CommercialLicense,
}

/// What a pack of credits costs.
#[derive(Clone, Debug, SimpleObject)]
pub(super) struct CreditQuote {
    /// Credits in the pack.
    credits: i64,
    /// What one credit costs.
    unit_price: Money,
    /// What the pack costs in all.
    amount: Money,
    /// Whether the least price of a pack is asked, rather than that of its credits.
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
