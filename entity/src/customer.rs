//! `stripe_customers`: which Stripe customer is which user. What is not listed here is not ours.

use sea_orm::entity::prelude::*;

/// One customer. Committed before any checkout is asked for, so that what Stripe says later always finds its user.
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
    /// When the row was made.
    pub created_at: DateTimeUtc,
}

/// A customer's relations are loaded by hand, in batches.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
