//! `stripe_periods`: the paid periods of subscriptions, and the credits that each has granted.

use sea_orm::entity::prelude::*;

use crate::Tier;

/// One paid period of one subscription. It is named by its end, which all invoice lines of the period share.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stripe_periods")]
pub struct Model {
    /// The row's number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The user who was granted the credits.
    pub user_id: i64,
    /// `sub_...`. The subscription itself may not be stored yet.
    pub stripe_subscription_id: String,
    /// The period's end.
    pub period_end: DateTimeUtc,
    /// The period's name in the ledger, unique: the reference of its entries.
    pub reference: String,
    /// The highest tier that was paid in it.
    pub tier: Tier,
    /// The amount that all its invoices paid for it, in minor units.
    pub paid: i64,
    /// The part of that amount that was returned, in minor units.
    pub returned: i64,
    /// Credits granted so far, without deducting reversed ones. Negative where an invoice only took credits away.
    pub credits_granted: i64,
    /// Credits reversed so far.
    pub credits_reversed: i64,
    /// When the first grant was posted.
    pub created_at: DateTimeUtc,
}

/// A period's relations are loaded explicitly, in batches.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
