//! The money behind entries of the ledger that reverse credits, or return reversed ones.

use std::collections::HashMap;

use entity::reversal::{Column, Entity, Model};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

/// Finds the money behind several entries at once, by their ids.
///
/// # Errors
/// The database's.
pub async fn by_entries(db: &impl ConnectionTrait, entries: &[i64]) -> Result<HashMap<i64, Model>, DbErr> {
    let found = Entity::find().filter(Column::EntryId.is_in(entries.iter().copied())).all(db).await?;
    Ok(found.into_iter().map(|reversal| (reversal.entry_id, reversal)).collect())
}
