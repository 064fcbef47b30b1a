//! `ledger_reversals`: the money behind each entry that reverses credits, or returns reversed ones.

use sea_orm::entity::prelude::*;

/// The movement of money that caused a reversal, or its return.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Cause {
    /// A refund, or its failure.
    #[sea_orm(string_value = "refund")]
    Refund,
    /// A dispute, or its end.
    #[sea_orm(string_value = "dispute")]
    Dispute,
    /// A credit note without a refund, or its cancellation.
    #[sea_orm(string_value = "credit_note")]
    CreditNote,
}

/// The money behind one entry. Rows are only ever added.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_reversals")]
pub struct Model {
    /// The entry's number in `credits_ledger`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub entry_id: i64,
    /// The entry's reference: the payment of a pack, or a period.
    pub reference: String,
    /// The cause.
    pub cause: Cause,
    /// The amount that was returned, or kept after all, in minor units; null where only the granted credits have changed.
    pub amount: Option<i64>,
    /// The currency of the amount, ISO 4217, lower case, as Stripe spells it.
    pub currency: Option<String>,
    /// The invoice of the payment, `in_...`; null for a pack.
    pub stripe_invoice_id: Option<String>,
    /// The amount refunded so far, in minor units.
    pub refunded: i64,
    /// The amount that disputes held then, in minor units.
    pub disputed: i64,
    /// The amount that notes had credited by then, other than by a refund, in minor units.
    pub credited: i64,
}

/// Relations of the row.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The entry.
    #[sea_orm(
        belongs_to = "super::ledger_entry::Entity",
        from = "Column::EntryId",
        to = "super::ledger_entry::Column::Id"
    )]
    Entry,
}

impl Related<super::ledger_entry::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Entry.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
