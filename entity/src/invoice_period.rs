//! `stripe_invoice_periods`: the periods that each invoice has paid for.

use sea_orm::entity::prelude::*;

use crate::Tier;

/// The part of one invoice that pays for one period. Unique.
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
    /// The highest tier that the invoice billed for the period.
    pub tier: Tier,
    /// True where the invoice billed or credited shares of the period: for a change of the plan within it.
    pub prorated: bool,
    /// Credits that the invoice granted; negative where it took more away than it granted.
    pub credits: i64,
    /// The part of the invoice's amount that paid for the period, in minor units.
    pub paid: i64,
}

/// Relations of the row.
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
