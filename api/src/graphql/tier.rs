//! Tiers.

use async_graphql::Enum;

/// A subscription tier. Each tier includes the features of the lower ones.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(remote = "entity::Tier")]
pub(super) enum Tier {
    /// No subscription.
    Free,
    /// 25 credits per month.
    Core,
    /// 100 credits per month.
    Pro,
    /// Unlimited exports.
    Studio,
}
