//! `stripe_former_customers`: customers that were deleted at Stripe. Events about them still belong to their users.

use sea_orm::entity::prelude::*;

/// One deleted customer.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stripe_former_customers")]
pub struct Model {
    /// The row's number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The user.
    pub user_id: i64,
    /// `cus_...`, unique.
    pub stripe_customer_id: String,
    /// When the deletion was recorded, in business time.
    pub created_at: DateTimeUtc,
}

/// A former customer's relations are loaded explicitly, in batches.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
