//! `revoked_tokens`: tokens that were logged out before they expired.

use sea_orm::entity::prelude::*;

/// One token. The row may be deleted once the token has expired.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "revoked_tokens")]
pub struct Model {
    /// A digest of the token, in hexadecimal.
    #[sea_orm(primary_key, auto_increment = false)]
    pub token: String,
    /// The token's user.
    pub user_id: i64,
    /// When the token was logged out, in wall time.
    pub revoked_at: DateTimeUtc,
    /// When the token would have ended, in wall time.
    pub expires_at: DateTimeUtc,
}

/// A token's user is loaded explicitly.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
