//! `manual_entries`: the authors of ledger entries that were made by hand.

use sea_orm::entity::prelude::*;

/// One entry that an operator or a service made.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "manual_entries")]
pub struct Model {
    /// The entry's number in `credits_ledger`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub entry_id: i64,
    /// The user who made it.
    pub actor_id: i64,
}

/// A manual entry's relations are loaded explicitly, in batches.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
