//! `credits_ledger`: every change of every balance, for ever.

use sea_orm::entity::prelude::*;

/// The reason for a change, spelled as the Patch-Hive application spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum ChangeType {
    /// Credits that were paid for.
    #[sea_orm(string_value = "Purchase")]
    Purchase,
    /// An export.
    #[sea_orm(string_value = "Spend")]
    Spend,
    /// Credits of a plan, of the referral programme or of an operator.
    #[sea_orm(string_value = "Grant")]
    Grant,
    /// Credits returned for a failed export, or reversed for refunded money.
    #[sea_orm(string_value = "Refund")]
    Refund,
    /// Credits that were held for an export, or a hold that was extended.
    #[sea_orm(string_value = "Hold")]
    Hold,
    /// Credits that are held no longer, and were not spent.
    #[sea_orm(string_value = "Release")]
    Release,
}

/// One entry. Rows are only ever added.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credits_ledger")]
pub struct Model {
    /// The entry's number, over all accounts.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The user whose balance changed.
    pub user_id: i64,
    /// The entry's number within its account: 1, 2, 3 ... without gaps. Unique together with the user.
    pub version: i64,
    /// The reason for the change.
    pub change_type: ChangeType,
    /// Credits added; negative when taken. 0 marks a change of unlimited exports, an export charged under them, or a change of a
    /// hold.
    pub credits_delta: i64,
    /// Credits held; negative when a hold ended. They are part of the balance.
    pub held_delta: i64,
    /// The balance after this entry.
    pub balance_after: i64,
    /// The one real-world fact that this entry records. Unique.
    pub source: String,
    /// The subject: a run, a payment, a subscription's period.
    pub reference: Option<String>,
    /// A note that a person or another application left: the reason of a change by hand, or what an adopted entry had.
    pub notes: Option<String>,
    /// When the entry was posted, in business time.
    pub created_at: DateTimeUtc,
}

/// An entry's relations are loaded explicitly, in batches.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The reference of the payment that this entry posts or reverses.
    #[must_use]
    pub fn payment_reference(&self) -> Option<&str> {
        let about_a_payment = self.source.starts_with("payment:") || self.source.starts_with("reversal:");
        self.reference.as_deref().filter(|_| about_a_payment)
    }
}
