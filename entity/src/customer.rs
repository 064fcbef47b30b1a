//! `stripe_customers`: the Stripe customer of each user. A customer that is not listed is not ours.

use sea_orm::entity::prelude::*;

/// One customer. It is committed before any checkout is requested, so that later events always find its user.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stripe_customers")]
pub struct Model {
    /// The row's number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The user, unique.
    pub user_id: i64,
    /// `cus_...`, unique.
    pub stripe_customer_id: String,
    /// When the row was created.
    pub created_at: DateTimeUtc,
}

/// A customer's relations are loaded explicitly, in batches.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
