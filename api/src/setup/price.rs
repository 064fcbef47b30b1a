//! Products and prices: one of each for every paid plan, found by names that never change.

use entity::Tier;

use super::Setup;
use crate::{
    config::PriceIds,
    plan::{PLANS, Plan, plan},
    stripe::{Failure, Price, Stripe, Terms},
};

impl Setup<'_> {
    /// Ensures that every plan has an active price with the plan's terms.
    pub(super) async fn prices(&mut self) -> Result<(), Failure> {
        for plan in PLANS.iter().filter(|plan| plan.price > 0) {
            let ids = self.price(plan).await?;
            let name = format!("STRIPE_PRICE_ID_{}", plan.tier.as_str());
            self.variable(&name, (!ids.is_empty()).then(|| ids.join(",")).as_deref());
        }
        Ok(())
    }

    /// The ids of a plan's prices, the one that is sold first. Earlier ones stay recognized, because subscribers may still pay
    /// them.
    async fn price(&mut self, plan: &Plan) -> Result<Vec<String>, Failure> {
        let name = format!("patch_hive_{}", plan.tier.as_str().to_lowercase());
        let (lookup_key, terms) = (format!("{name}_monthly"), Terms::monthly(plan.price));
        let (what, known) = (format!("price {lookup_key}"), self.stripe.price_by_key(&lookup_key).await?);
        let product = known.as_ref().map_or(name, |price| price.product.clone());
        let fits = known.filter(|price| price.terms == terms);
        self.product(&product, plan).await?;
        let sold = match fits {
            Some(price) if price.active => {
                self.say(format_args!("{what}: exists, {} ({terms})", price.id));
                Some(price)
            }
            Some(price) => {
                let activate = async |stripe: &Stripe, key: &str| stripe.activate_price(key, &price.id).await;
                self.change(&what, "reactivated", activate).await?;
                Some(price)
            }
            None => {
                let new = Price { id: String::new(), product: product.clone(), active: true, terms };
                let done = format!("created, at {}", new.terms);
                self.change(&what, &done, async |stripe, key| stripe.create_price(key, &lookup_key, &new).await).await?
            }
        };
        let Some(sold) = sold else { return Ok(Vec::new()) };
        let others = self.stripe.prices_of(&product).await?.into_iter().map(|price| price.id);
        let others = others.filter(|id| *id != sold.id).collect::<Vec<_>>();
        Ok([vec![sold.id], others].concat())
    }

    async fn product(&mut self, id: &str, plan: &Plan) -> Result<(), Failure> {
        let what = format!("product {id}");
        match self.stripe.product_is_active(id).await? {
            Some(true) => self.say(format_args!("{what}: exists")),
            Some(false) => {
                let activate = async |stripe: &Stripe, key: &str| stripe.activate_product(key, id).await;
                self.change(&what, "reactivated", activate).await?;
            }
            None => {
                let name = format!("Patch-Hive {}", plan.name);
                self.change(&what, "created", async |stripe, key| stripe.create_product(key, id, &name).await).await?;
            }
        }
        Ok(())
    }
}

/// Warns of configured prices that do not exist at Stripe, and of sold prices whose terms differ from the plan's. Does nothing
/// if Stripe cannot be reached.
pub async fn warn_of_unknown(stripe: &Stripe, prices: &PriceIds) {
    for tier in [Tier::Core, Tier::Pro, Tier::Studio] {
        let variable = format!("STRIPE_PRICE_ID_{}", tier.as_str());
        for id in prices.understood(tier) {
            match stripe.price(id).await {
                Ok(None) => {
                    tracing::warn!(
                        variable,
                        price = id,
                        "this price does not exist at Stripe: run patch-hive stripe-setup"
                    );
                }
                Ok(Some(price)) if prices.sold(tier) == Some(id) && !fits(&price, tier) => {
                    let (active, terms) = (price.active, price.terms);
                    tracing::warn!(variable, price = id, active, %terms, "the terms of this price differ from the plan");
                }
                Ok(Some(_)) => {}
                Err(failure) => {
                    tracing::info!(%failure, "the configured prices could not be checked");
                    return;
                }
            }
        }
    }
}

fn fits(price: &Price, tier: Tier) -> bool {
    price.active && price.terms == Terms::monthly(plan(tier).price)
}
