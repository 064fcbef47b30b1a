//! `event_relay`: the position of the relay in the ledger. A single row, whose lock belongs to the transaction that adds events.

use sea_orm::entity::prelude::*;

/// The position.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event_relay")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// The newest ledger entry when the first endpoint was registered.
    pub started_after: i64,
    /// The last entry that was read.
    pub seen: i64,
    /// The entry up to which none can be missing.
    pub safe: i64,
    /// The entry up to which the ledger is to be read once more.
    pub check_id: i64,
    /// All transactions before this one must have ended by then.
    pub check_xid: i64,
}

/// The position has no relations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
