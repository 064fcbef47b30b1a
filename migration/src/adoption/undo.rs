//! Restores the shape of an adopted table.

use sea_orm_migration::sea_orm::{ConnectionTrait, DbErr};

use super::{
    Connection,
    mark::{Change, marks},
    postgres,
};

/// Reverts every change of a table, the newest first.
pub(super) async fn undo(db: &Connection<'_>, table: &str) -> Result<(), DbErr> {
    for row in marks(db, table).await? {
        let (change, column): (String, String) = (row.try_get("", "change")?, row.try_get("", "column_name")?);
        let was: Option<String> = row.try_get("", "was")?;
        match Change::read(&change, &column)? {
            Change::Adopted => {}
            Change::Added(column) => {
                db.execute_unprepared(&format!("ALTER TABLE {table} DROP COLUMN {column}")).await?;
            }
            // Columns are altered in PostgreSQL only.
            altered => postgres::restore(db, table, altered, was.as_deref().unwrap_or_default()).await?,
        }
    }
    Ok(())
}
