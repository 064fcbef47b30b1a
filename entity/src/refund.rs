//! `stripe_refunds`: refunds, each with its amount and where it stands.

use sea_orm::entity::prelude::*;

/// Where a refund stands. It only moves down this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum State {
    /// On its way.
    #[sea_orm(string_value = "pending")]
    Pending,
    /// The customer has the money.
    #[sea_orm(string_value = "succeeded")]
    Succeeded,
    /// It failed or was withdrawn: the money is ours again. Final.
    #[sea_orm(string_value = "failed")]
    Failed,
}

/// One refund.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stripe_refunds")]
pub struct Model {
    /// The row's number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The row of the payment intent whose money goes back.
    pub payment_intent_id: i64,
    /// `re_...`, unique.
    pub stripe_refund_id: String,
    /// In minor units.
    pub amount: i64,
    /// Where it stands.
    pub state: State,
    /// When we learned of it, in business time.
    pub created_at: DateTimeUtc,
}

/// Its relations are loaded by hand, in batches.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
