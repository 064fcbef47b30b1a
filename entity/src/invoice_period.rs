//! `stripe_invoice_periods`: which tiers of which periods an invoice has paid for.

use sea_orm::entity::prelude::*;

use crate::Tier;

/// One tier of one period that one invoice has paid for. Unique.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stripe_invoice_periods")]
pub struct Model {
    /// The row's number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The invoice's row.
    pub invoice_id: i64,
    /// The period's row.
    pub period_id: i64,
    /// The tier.
    pub tier: Tier,
    /// Credits that a period of this tier granted when the invoice was paid; 0 for a tier that is unlimited.
    pub credits: i64,
}

/// What is related.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The invoice that paid.
    #[sea_orm(belongs_to = "super::invoice::Entity", from = "Column::InvoiceId", to = "super::invoice::Column::Id")]
    Invoice,
    /// The period that was paid.
    #[sea_orm(belongs_to = "super::period::Entity", from = "Column::PeriodId", to = "super::period::Column::Id")]
    Period,
}

impl Related<super::invoice::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Invoice.def()
    }
}

impl Related<super::period::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Period.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
