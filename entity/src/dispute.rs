//! `stripe_disputes`: disputes, each with its amount and where it stands.

use sea_orm::entity::prelude::*;

/// One dispute.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stripe_disputes")]
pub struct Model {
    /// The row's number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The row of the payment intent whose money is disputed.
    pub payment_intent_id: i64,
    /// `du_...` or `dp_...`, unique.
    pub stripe_dispute_id: String,
    /// What is disputed, in minor units.
    pub amount: i64,
    /// Where it stands, as Stripe spells it.
    pub status: String,
    /// Second (Unix time, at Stripe) in which the status above was true: no older fact overwrites it.
    pub observed_at: i64,
    /// The bank holds the money, or has kept it.
    pub holds: bool,
    /// Second (Unix time, at Stripe) in which the money last moved.
    pub moved_at: i64,
    /// When we learned of it, in business time.
    pub created_at: DateTimeUtc,
}

/// Its relations are loaded by hand, in batches.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
