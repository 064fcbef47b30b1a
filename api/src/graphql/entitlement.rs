//! Entitlements, by which clients show or lock features.

use async_graphql::{Context, Object, SimpleObject};

use super::{context::RequestContext, owner::Owner, plan::Feature, tier::Tier};
use crate::{
    billing::{
        self,
        entitlement::{self, Allowance},
    },
    error::Error,
    plan,
};

/// The query of entitlements.
pub(super) struct EntitlementQuery(pub(super) Owner);

#[Object]
impl EntitlementQuery {
    /// True if the user may use a feature now. `UNLIMITED_EXPORTS` follows `Balance.unlimited`; all other features are those of
    /// the user's tier.
    async fn can(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The feature.")] feature: plan::Feature,
    ) -> Result<bool, Error> {
        Ok(self.allowance(ctx).await?.allows(feature))
    }

    /// All features, from those of the lowest plan to those of the highest, and whether the user may use them now.
    async fn entitlements(&self, ctx: &Context<'_>) -> Result<Vec<Entitlement>, Error> {
        let allowance = self.allowance(ctx).await?;
        Ok(plan::Feature::ALL.into_iter().map(|feature| allowance.entitlement(feature).into()).collect())
    }
}

impl EntitlementQuery {
    async fn allowance(&self, ctx: &Context<'_>) -> Result<Allowance, Error> {
        let (loaders, user_id, now) = (ctx.loaders()?, self.0.id(ctx)?, ctx.app()?.clock.now());
        let unlimited_until = loaders.account(user_id).await?.unlimited_until;
        let current = loaders.subscription(user_id).await?;
        Ok(Allowance {
            tier: billing::subscription::tier(current.as_ref()),
            unlimited: unlimited_until.is_some_and(|until| until > now),
        })
    }
}

/// A feature, and whether the user may use it now.
#[derive(SimpleObject)]
pub(super) struct Entitlement {
    /// The feature.
    feature: Feature,
    /// True if the user may use the feature.
    granted: bool,
    /// The lowest tier that would add the feature. Null if the user has it, or if no higher tier adds it.
    added_by: Option<Tier>,
}

impl From<entitlement::Entitlement> for Entitlement {
    fn from(entitlement: entitlement::Entitlement) -> Self {
        let entitlement::Entitlement { feature, granted, added_by } = entitlement;
        Self { feature: feature.into(), granted, added_by: added_by.map(Tier::from) }
    }
}
