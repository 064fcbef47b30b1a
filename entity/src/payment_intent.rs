//! `stripe_payment_intents`: payments for credit packs and invoices, with their refunds and disputes.

use sea_orm::entity::prelude::*;

/// One payment intent of a customer of ours.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stripe_payment_intents")]
pub struct Model {
    /// The row's number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The user who paid.
    pub user_id: i64,
    /// `pi_...`, unique.
    pub stripe_payment_intent_id: String,
    /// The row of the invoice that it pays; null when it pays a credit pack.
    pub invoice_id: Option<i64>,
    /// The amount of all refunds that did not fail, in minor units.
    pub amount_refunded: i64,
    /// The part of that amount whose refunds are still under way, and may fail.
    pub amount_refund_pending: i64,
    /// The amount that the bank holds for disputes, in minor units.
    pub amount_disputed: i64,
    /// The fence of the look that wrote these amounts.
    pub fence: i64,
    /// When the payment was first recorded, in business time.
    pub created_at: DateTimeUtc,
}

/// A payment intent's relations are loaded explicitly, in batches.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
