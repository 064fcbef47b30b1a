//! `event_cursors`: the version of each account up to which its entries are in the stream of events.

use sea_orm::entity::prelude::*;

/// One account's position.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event_cursors")]
pub struct Model {
    /// The user.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: i64,
    /// The start of the relay for which this position counts.
    pub started_after: i64,
    /// The version of the last entry that is in the stream.
    pub version: i64,
}

/// A position has no relations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
