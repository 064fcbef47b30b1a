//! The mapping between Stripe's prices and tiers.

use entity::Tier;

/// The prices of the three paid tiers. Each has one that is sold, and may have older ones that are still recognized.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PriceIds(Vec<(Tier, Vec<String>)>);

/// A price id is missing or ambiguous. It displays as the rest of a sentence that begins with the variable's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct PricesError {
    /// The tier whose variable has the problem.
    pub tier: Tier,
    problem: String,
}

impl PriceIds {
    /// Takes each tier's price ids, the one that is sold first.
    ///
    /// # Errors
    /// A tier has no price, or one id belongs to two tiers.
    pub fn new(prices: Vec<(Tier, Vec<String>)>) -> Result<Self, PricesError> {
        let mut seen = Vec::new();
        for (tier, ids) in &prices {
            let refuse = |problem: String| Err(PricesError { tier: *tier, problem });
            if ids.is_empty() {
                return refuse("must be set to the id of the tier's price at Stripe".to_owned());
            }
            for id in ids {
                if seen.contains(&id) {
                    return refuse(format!("must not contain {id}, which belongs to another tier"));
                }
                seen.push(id);
            }
        }
        Ok(Self(prices))
    }

    /// The tier that a price buys.
    #[must_use]
    pub fn tier(&self, price: &str) -> Option<Tier> {
        self.0.iter().find(|(_, ids)| ids.iter().any(|id| id == price)).map(|(tier, _)| *tier)
    }

    /// All recognized prices of a tier, the one that is sold first.
    pub fn understood(&self, tier: Tier) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(one, _)| *one == tier).flat_map(|(_, ids)| ids).map(String::as_str)
    }

    /// The price that is sold for a tier. FREE has none.
    #[must_use]
    pub fn sold(&self, tier: Tier) -> Option<&str> {
        self.0.iter().find(|(one, _)| *one == tier).and_then(|(_, ids)| ids.first()).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prices(core: &[&str], pro: &[&str]) -> Result<PriceIds, PricesError> {
        let owned = |ids: &[&str]| ids.iter().map(ToString::to_string).collect();
        PriceIds::new(vec![(Tier::Core, owned(core)), (Tier::Pro, owned(pro))])
    }

    #[test]
    fn the_first_price_is_sold_and_all_are_understood() {
        let prices = prices(&["new", "old"], &["pro"]).unwrap();
        assert_eq!(prices.sold(Tier::Core), Some("new"));
        assert_eq!(prices.tier("old"), Some(Tier::Core));
        assert_eq!(prices.tier("unknown"), None);
        assert_eq!(prices.sold(Tier::Free), None);
    }

    #[test]
    fn one_price_cannot_stand_for_two_tiers() {
        assert!(prices(&["same"], &["same"]).is_err());
    }
}
