//! `stripe_invoices`: paid invoices of subscriptions' periods.

use sea_orm::entity::prelude::*;

/// One paid invoice.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stripe_invoices")]
pub struct Model {
    /// The row's number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The user who paid.
    pub user_id: i64,
    /// `in_...`, unique.
    pub stripe_invoice_id: String,
    /// ISO 4217, lower case, as Stripe spells it; null for invoices that were recorded before it was stored.
    pub currency: Option<String>,
    /// The amount paid, in minor units; 0 where a coupon or a credit covered all of it.
    pub amount_paid: i64,
    /// The amount credited after its payment, other than by a refund, in minor units.
    pub amount_credited: i64,
    /// The fence of the look that wrote the credited amount.
    pub fence: i64,
    /// When the invoice was first recorded, in business time.
    pub created_at: DateTimeUtc,
}

/// An invoice's relations are loaded explicitly, in batches.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
