//! `credit_holds`: the credits that are held for exports in progress.

use sea_orm::entity::prelude::*;

/// One open hold. The row is removed when the hold ends: the ledger has the entries of its beginning and its end.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credit_holds")]
pub struct Model {
    /// The hold's number, which is that of the ledger entry of its beginning.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// The user whose credits are held.
    pub user_id: i64,
    /// The run to export.
    pub run: String,
    /// The credits held; 0 if exports were unlimited when it began.
    pub credits: i64,
    /// When it began, in business time.
    pub created_at: DateTimeUtc,
    /// When it expires, in wall time.
    pub expires_at: DateTimeUtc,
    /// The latest time to which it can be extended, in wall time.
    pub extendable_until: DateTimeUtc,
}

/// A hold's relations are loaded explicitly.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
