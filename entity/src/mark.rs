//! `stripe_marks`: the times up to which our tables contain everything from Stripe.

use sea_orm::entity::prelude::*;

/// One mark.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stripe_marks")]
pub struct Model {
    /// The kind of mark: `events` or `objects`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// The time, in business time.
    pub at: DateTimeUtc,
}

/// A mark has no relations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
