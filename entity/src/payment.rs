//! `stripe_payments`: credit packs, and automatic top-ups, which are packs that were bought without a checkout.

use sea_orm::entity::prelude::*;

/// The status of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Status {
    /// The checkout is complete, and the payment is processing.
    #[sea_orm(string_value = "pending")]
    Pending,
    /// Paid; the credits are posted.
    #[sea_orm(string_value = "succeeded")]
    Succeeded,
    /// The payment failed.
    #[sea_orm(string_value = "failed")]
    Failed,
    /// Part of the money was refunded.
    #[sea_orm(string_value = "partially_refunded")]
    PartiallyRefunded,
    /// All of the money was refunded.
    #[sea_orm(string_value = "refunded")]
    Refunded,
    /// Disputed: the customer's bank holds the money.
    #[sea_orm(string_value = "disputed")]
    Disputed,
}

/// One credit pack.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stripe_payments")]
pub struct Model {
    /// The row's number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The user who paid.
    pub user_id: i64,
    /// `pi_...`, unique. Null when nothing had to be paid.
    pub stripe_payment_intent_id: Option<String>,
    /// `cs_...`, or the invoice of an automatic top-up, `in_...`; unique.
    pub stripe_checkout_session_id: String,
    /// `in_...`, unique. Null until Stripe has created the invoice, and when nothing had to be paid.
    pub stripe_invoice_id: Option<String>,
    /// The amount paid, in minor units of the currency (cents).
    pub amount: i64,
    /// ISO 4217, lower case, as Stripe spells it.
    pub currency: String,
    /// The status.
    pub status: Status,
    /// Credits that the pack holds.
    pub credits_granted: i64,
    /// The amount refunded so far, in minor units, without the amounts that disputes hold.
    pub amount_refunded: i64,
    /// The part of that amount whose refunds are still under way, and may fail.
    pub amount_refund_pending: i64,
    /// The amount that notes have credited for the pack's invoice, other than by a refund, in minor units.
    pub amount_credited: i64,
    /// The fence of the look that wrote the credited amount.
    pub credit_fence: i64,
    /// Credits reversed so far, because of refunds, disputes and credit notes.
    pub credits_reversed: i64,
    /// The metadata of the checkout or the invoice, as it was at Stripe.
    pub metadata: Json,
    /// When the checkout was completed, or the invoice was paid, in business time.
    pub created_at: DateTimeUtc,
}

impl Model {
    /// The name of this payment in the ledger: the payment intent, or the session or invoice where nothing had to be paid.
    #[must_use]
    pub fn reference(&self) -> &str {
        self.stripe_payment_intent_id.as_deref().unwrap_or(&self.stripe_checkout_session_id)
    }
}

/// A payment's relations are loaded explicitly, in batches.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
