//! `users`: the holders of credits, with operators and services.

use sea_orm::entity::prelude::*;

/// The rights of a token's bearer beyond the own account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Role {
    /// Only what concerns the own account.
    #[sea_orm(string_value = "user")]
    User,
    /// The export service: refunds the credits of a failed export.
    #[sea_orm(string_value = "service")]
    Service,
    /// An operator: reads the data of any user, and grants credits.
    #[sea_orm(string_value = "admin")]
    Admin,
}

/// One user.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    /// The user's number, the same in every table.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The email address, unique regardless of case.
    pub email: String,
    /// The name that others see.
    pub username: String,
    /// A longer name, where the user gave one.
    pub display_name: Option<String>,
    /// The bcrypt hash of the password. Null for users of another issuer, who cannot log in here.
    pub password_hash: Option<String>,
    /// Issuer and subject of another issuer's tokens, unique. Null for users who signed up here.
    pub auth_subject: Option<String>,
    /// The highest role of tokens that are issued to this user.
    pub role: Role,
    /// When the row was created.
    pub created_at: DateTimeUtc,
    /// Tokens issued before this moment (wall time, a whole second) are invalid. Null if none was revoked.
    pub tokens_valid_from: Option<DateTimeUtc>,
    /// When the user followed a link that was sent to the email, in wall time.
    pub email_verified_at: Option<DateTimeUtc>,
    /// When the user closed the account, in wall time. The row then holds neither an email nor a name of the user.
    pub closed_at: Option<DateTimeUtc>,
}

/// A user's relations are loaded explicitly, in batches.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
