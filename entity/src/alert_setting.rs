//! `alert_settings`: the kinds of alerts that users switched on or off.

use sea_orm::entity::prelude::*;

pub use crate::alert::Kind;

/// One user's setting of one kind. Without a row, the default of the kind applies.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "alert_settings")]
pub struct Model {
    /// The row's number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The user. Unique together with the kind.
    pub user_id: i64,
    /// The kind.
    pub kind: Kind,
    /// True if such alerts are on.
    pub enabled: bool,
    /// The threshold of [`Kind::LowBalance`].
    pub below: Option<i64>,
    /// Grows by one with each change by the user.
    pub revision: i64,
    /// The account's version from which on crossings are alerted: when the threshold was set, or when exports were last unlimited.
    pub since_version: i64,
    /// The available credits at that version; null if exports were unlimited then.
    pub since_available: Option<i64>,
    /// The account's version up to which the ledger was followed.
    pub seen_version: i64,
    /// The credits held at that version.
    pub seen_held: i64,
    /// The available credits at that version; null if exports were unlimited then.
    pub seen_available: Option<i64>,
    /// When the user last changed the row, in wall time.
    pub updated_at: DateTimeUtc,
}

/// A setting has no relations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
