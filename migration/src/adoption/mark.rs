//! The changes made by adoption, one row each: enough to restore the old shape, and readable for an operator.

use sea_orm_migration::{
    prelude::*,
    schema::{pk_auto, text, text_null},
    sea_orm::{QueryResult, Statement},
};

use super::Connection;

/// The table of the changes.
pub(super) const TABLE: &str = "patch_hive_adopted";

/// A change of a column, or the fact that the table existed before the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change<'a> {
    /// The table existed.
    Adopted,
    /// The column did not exist.
    Added(&'a str),
    /// The column had another type: the mark's `was`.
    Retyped(&'a str),
    /// The column had another default: the mark's `was`.
    Defaulted(&'a str),
    /// The column allowed NULL.
    Required(&'a str),
    /// The column did not allow NULL.
    Relaxed(&'a str),
}

impl<'a> Change<'a> {
    const fn stored(self) -> (&'static str, &'a str) {
        match self {
            Self::Adopted => ("adopted", ""),
            Self::Added(column) => ("added", column),
            Self::Retyped(column) => ("retyped", column),
            Self::Defaulted(column) => ("defaulted", column),
            Self::Required(column) => ("required", column),
            Self::Relaxed(column) => ("relaxed", column),
        }
    }

    /// Reads a stored change.
    ///
    /// # Errors
    /// The change was recorded by another version of the program.
    pub(super) fn read(change: &str, column: &'a str) -> Result<Self, DbErr> {
        Ok(match change {
            "adopted" => Self::Adopted,
            "added" => Self::Added(column),
            "retyped" => Self::Retyped(column),
            "defaulted" => Self::Defaulted(column),
            "required" => Self::Required(column),
            "relaxed" => Self::Relaxed(column),
            odd => {
                return Err(DbErr::Custom(format!("{TABLE} contains a change that this version does not know: {odd}")));
            }
        })
    }
}

pub(super) fn table() -> TableCreateStatement {
    Table::create()
        .table(TABLE)
        .col(pk_auto("id"))
        .col(text("table_name"))
        .col(text("change"))
        .col(text("column_name"))
        .col(text_null("was"))
        .to_owned()
}

/// Records a change.
pub(super) async fn mark(db: &Connection<'_>, table: &str, change: Change<'_>, was: Option<&str>) -> Result<(), DbErr> {
    let (change, column) = change.stored();
    let sql = format!("INSERT INTO {TABLE} (table_name, change, column_name, was) VALUES ($1, $2, $3, $4)");
    let values = [table.into(), change.into(), column.into(), was.into()];
    db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
    Ok(())
}

/// Returns whether a table existed before the gateway.
pub(super) async fn is_adopted(db: &Connection<'_>, table: &str) -> Result<bool, DbErr> {
    Ok(!marks(db, table).await?.is_empty())
}

/// Returns whether a column was added.
pub(super) async fn is_added(db: &Connection<'_>, table: &str, column: &str) -> Result<bool, DbErr> {
    for row in marks(db, table).await? {
        if row.try_get::<String>("", "change")? == "added" && row.try_get::<String>("", "column_name")? == column {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The changes of a table, the newest first.
pub(super) async fn marks(db: &Connection<'_>, table: &str) -> Result<Vec<QueryResult>, DbErr> {
    let sql = format!("SELECT change, column_name, was FROM {TABLE} WHERE table_name = $1 ORDER BY id DESC");
    db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, [table.into()])).await
}
