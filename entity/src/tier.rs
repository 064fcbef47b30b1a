//! The four tiers.

use sea_orm::entity::prelude::*;

/// A tier. Each tier includes the ones before it, which is also their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Tier {
    /// Without a subscription.
    #[sea_orm(string_value = "FREE")]
    Free,
    /// The first paid tier.
    #[sea_orm(string_value = "CORE")]
    Core,
    /// The second paid tier.
    #[sea_orm(string_value = "PRO")]
    Pro,
    /// The third paid tier, with unlimited exports.
    #[sea_orm(string_value = "STUDIO")]
    Studio,
}

impl Tier {
    /// The tier as it is stored, and as Stripe's metadata and the schema spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Free => "FREE",
            Self::Core => "CORE",
            Self::Pro => "PRO",
            Self::Studio => "STUDIO",
        }
    }
}
