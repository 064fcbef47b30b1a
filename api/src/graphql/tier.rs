//! Tiers.

use async_graphql::Enum;

/// What a user has subscribed to. Each tier includes the ones before it.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(remote = "entity::Tier")]
pub(super) enum Tier {
    /// Without a subscription.
    Free,
    /// 25 credits a month.
    Core,
    /// 100 credits a month.
    Pro,
    /// Unlimited exports.
    Studio,
}
