//! `stripe_checkouts`: the checkouts that users opened, with their outcome.

use sea_orm::entity::prelude::*;

use crate::Tier;

/// The status of a checkout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Status {
    /// It has not been paid, and may have been closed since: only Stripe shows that.
    #[sea_orm(string_value = "open")]
    Open,
    /// It closed without a payment. Final.
    #[sea_orm(string_value = "expired")]
    Expired,
    /// It is complete, and the payment is processing.
    #[sea_orm(string_value = "processing")]
    Processing,
    /// The payment failed after it was processing.
    #[sea_orm(string_value = "canceled")]
    Canceled,
    /// Paid. Final.
    #[sea_orm(string_value = "paid")]
    Paid,
}

/// One checkout: of a plan, or else of a credit pack.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stripe_checkouts")]
pub struct Model {
    /// The row's number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The user who opened it.
    pub user_id: i64,
    /// `cs_...`, unique.
    pub stripe_checkout_session_id: String,
    /// The tier of the plan; null for a pack.
    pub tier: Option<Tier>,
    /// The credits in the pack; null for a plan.
    pub credits: Option<i64>,
    /// The amount to pay, in minor units of the currency (cents).
    pub amount: i64,
    /// ISO 4217, lower case, as Stripe spells it.
    pub currency: String,
    /// The status.
    pub status: Status,
    /// When the checkout was first recorded, in wall time.
    pub created_at: DateTimeUtc,
}

/// A checkout's relations are loaded explicitly, in batches.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
