//! Entitlements: which features a user may use, by the table of plans.

use entity::Tier;

use crate::plan::Feature;

/// The current tier and account of a user, as far as features depend on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// The tier, by the subscription.
    pub tier: Tier,
    /// True if exports are unlimited, by the account: they may outlast the tier, or end before it after a refund.
    pub unlimited: bool,
}

/// A feature, and whether the user may use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entitlement {
    /// The feature.
    pub feature: Feature,
    /// True if the user may use it.
    pub granted: bool,
    /// The lowest tier that would add it. `None` if the user has it, or if no higher tier adds it.
    pub added_by: Option<Tier>,
}

impl Allowance {
    /// Returns true if the user may use a feature.
    #[must_use]
    pub fn allows(self, feature: Feature) -> bool {
        match feature {
            Feature::UnlimitedExports => self.unlimited,
            _ => feature.tier() <= self.tier,
        }
    }

    /// The entitlement to a feature.
    #[must_use]
    pub fn entitlement(self, feature: Feature) -> Entitlement {
        let granted = self.allows(feature);
        let tier = feature.tier();
        Entitlement { feature, granted, added_by: (!granted && tier > self.tier).then_some(tier) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIERS: [Tier; 4] = [Tier::Free, Tier::Core, Tier::Pro, Tier::Studio];

    #[test]
    fn a_higher_tier_takes_no_feature_away() {
        for feature in Feature::ALL.into_iter().filter(|feature| *feature != Feature::UnlimitedExports) {
            let granted = TIERS.map(|tier| Allowance { tier, unlimited: false }.allows(feature));
            assert!(granted.is_sorted(), "{feature:?} {granted:?}");
            assert!(granted[3], "{feature:?}");
        }
    }

    #[test]
    fn the_tier_that_adds_a_feature_grants_it() {
        for (tier, feature) in TIERS.into_iter().flat_map(|tier| Feature::ALL.map(|feature| (tier, feature))) {
            let entitlement = Allowance { tier, unlimited: tier == Tier::Studio }.entitlement(feature);
            assert_eq!(entitlement.granted, entitlement.added_by.is_none(), "{tier:?} {feature:?}");
            if let Some(added_by) = entitlement.added_by {
                assert!(added_by > tier);
                assert!(Allowance { tier: added_by, unlimited: added_by == Tier::Studio }.allows(feature));
            }
        }
    }

    #[test]
    fn unlimited_exports_follow_the_account_and_not_the_tier() {
        let entitlement = |tier, unlimited| Allowance { tier, unlimited }.entitlement(Feature::UnlimitedExports);
        let (free, refunded) = (entitlement(Tier::Free, true), entitlement(Tier::Studio, false));
        assert_eq!((free.granted, free.added_by), (true, None));
        assert_eq!((refunded.granted, refunded.added_by), (false, None));
        assert_eq!(entitlement(Tier::Pro, false).added_by, Some(Tier::Studio));
    }
}
