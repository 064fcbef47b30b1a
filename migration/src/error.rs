//! The errors of migrations.

use sea_orm_migration::sea_orm::DbErr;

/// Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Data in the database must be corrected first, or would be lost: a sentence for the operator.
    #[error("{0}")]
    Refused(String),
    /// A database error.
    #[error(transparent)]
    Database(DbErr),
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        match error {
            // No driver makes these: they are sentences, of a step's or of the migrator's.
            DbErr::Custom(sentence) => Self::Refused(sentence),
            other => Self::Database(other),
        }
    }
}
