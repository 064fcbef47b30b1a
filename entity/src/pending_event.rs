//! `pending_events`: events that transactions have written with their changes, until the relay adds them to the stream.

use sea_orm::entity::prelude::*;

use crate::account_event::Type;

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pending_events")]
pub struct Model {
    /// The row's number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The user whose account it is about.
    pub user_id: i64,
    /// The type.
    #[sea_orm(column_name = "type")]
    pub kind: Type,
    /// The account's version when it was written: it follows the events of the entries up to that version.
    pub version: i64,
    /// The body that is sent.
    #[sea_orm(column_type = "Text")]
    pub payload: String,
}

/// A pending event has no relations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
