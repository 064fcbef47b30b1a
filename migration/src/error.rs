//! The errors of migrations.

use sea_orm_migration::sea_orm::DbErr;

/// An error of a migration, which has changed nothing.
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
            // No driver returns this variant: it holds a sentence of a step or of the migrator.
            DbErr::Custom(sentence) => Self::Refused(sentence),
            other => Self::Database(other),
        }
    }
}
