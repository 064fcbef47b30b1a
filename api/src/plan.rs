//! The plans: constants that everyone may read.

use async_graphql::Enum;
use chrono::TimeDelta;
use entity::Tier;

/// Maximum number of credits in a pack.
pub const MAX_PACK_CREDITS: i64 = 1000;

/// Time by which unlimited exports outlast their paid period: Stripe waits about an hour before it charges a renewal, and a first
/// decline is often repaired within days.
pub const GRACE: TimeDelta = TimeDelta::days(3);

/// Time by which unlimited exports outlast their paid period while the payment of the renewal, a bank debit, is processing.
pub const PROCESSING: TimeDelta = TimeDelta::days(10);

/// Time before the end of a canceled plan at which its user is alerted.
pub const NOTICE_OF_END: TimeDelta = TimeDelta::days(3);

/// The tiers that are sold, as the schema spells them.
pub const SOLD: [&str; 3] = ["CORE", "PRO", "STUDIO"];

/// A tier's offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The tier.
    pub tier: Tier,
    /// Human-readable name.
    pub name: &'static str,
    /// Price per month in US cents.
    pub price: i64,
    /// Credits granted by each paid month. `None` if exports are unlimited.
    pub monthly_credits: Option<i64>,
    /// Features in addition to those of the included tier.
    pub features: &'static [Feature],
    /// The next lower tier, whose features are included.
    pub includes: Option<Tier>,
}

/// Declares the features: each with its human-readable name, which is also its description in the schema.
macro_rules! features {
    ($($feature:ident = $label:tt,)*) => {
        /// Identifies a feature.
        #[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
        #[graphql(name = "FeatureCode")]
        pub enum Feature {
            $(#[doc = $label] $feature,)*
        }

        impl Feature {
            /// All features, from those of the lowest plan to those of the highest.
            pub const ALL: [Self; [$($label),*].len()] = [$(Self::$feature),*];

            /// The human-readable name of the feature.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self {
                    $(Self::$feature => $label,)*
                }
            }
        }
    };
}

features! {
    DemoPatchbooks = "Demo PatchBooks",
    FreeExports = "Free patch and rack exports",
    Community = "Community features",
    ModuleLibrary = "Module library access",
    PatchFingerprint = "Patch fingerprint",
    StabilityEnvelope = "Stability envelope",
    TroubleshootingTree = "Troubleshooting tree",
    PerformanceMacros = "Performance macros",
    PatchVariants = "Patch variants",
    GoldenRackArrangement = "Golden rack arrangement",
    CompatibilityReport = "Compatibility report",
    LearningPath = "Learning path",
    RackFitScore = "Rack fit score",
    UnlimitedExports = "Unlimited PatchBook exports",
    PrioritySupport = "Priority support",
    CommercialLicense = "Commercial license",
}

/// The four plans, from the least to the most.
pub const PLANS: [Plan; 4] = [
    Plan {
        tier: Tier::Free,
        name: "Free",
        price: 0,
        monthly_credits: Some(0),
        features: &[Feature::DemoPatchbooks, Feature::FreeExports, Feature::Community, Feature::ModuleLibrary],
        includes: None,
    },
    Plan {
        tier: Tier::Core,
        name: "Core",
        price: 499,
        monthly_credits: Some(25),
        features: &[
            Feature::PatchFingerprint,
            Feature::StabilityEnvelope,
            Feature::TroubleshootingTree,
            Feature::PerformanceMacros,
        ],
        includes: Some(Tier::Free),
    },
    Plan {
        tier: Tier::Pro,
        name: "Pro",
        price: 1499,
        monthly_credits: Some(100),
        features: &[
            Feature::PatchVariants,
            Feature::GoldenRackArrangement,
            Feature::CompatibilityReport,
            Feature::LearningPath,
            Feature::RackFitScore,
        ],
        includes: Some(Tier::Core),
    },
    Plan {
        tier: Tier::Studio,
        name: "Studio",
        price: 2999,
        monthly_credits: None,
        features: &[Feature::UnlimitedExports, Feature::PrioritySupport, Feature::CommercialLicense],
        includes: Some(Tier::Pro),
    },
];

impl Feature {
    /// The lowest tier with this feature.
    #[must_use]
    pub fn tier(self) -> Tier {
        let plan = PLANS.iter().find(|plan| plan.features.contains(&self));
        plan.map_or(Tier::Studio, |plan| plan.tier)
    }
}

/// The plan of a tier.
#[must_use]
pub const fn plan(tier: Tier) -> &'static Plan {
    match tier {
        Tier::Free => &PLANS[0],
        Tier::Core => &PLANS[1],
        Tier::Pro => &PLANS[2],
        Tier::Studio => &PLANS[3],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_feature_belongs_to_one_plan_and_all_are_in_the_order_of_the_plans() {
        let listed: Vec<_> = PLANS.iter().flat_map(|plan| plan.features.iter().copied()).collect();
        assert_eq!(listed, Feature::ALL);
        for plan in &PLANS {
            assert!(plan.features.iter().all(|feature| feature.tier() == plan.tier));
        }
    }

    #[test]
    fn each_plan_includes_the_one_below() {
        assert_eq!(PLANS[0].includes, None);
        for pair in PLANS.windows(2) {
            assert_eq!(pair[1].includes, Some(pair[0].tier));
            assert!(pair[0].tier < pair[1].tier);
        }
    }
}
