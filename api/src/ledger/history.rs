//! Reads the ledger.

use std::collections::HashMap;

use entity::ledger_entry::{self, ChangeType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect, sea_query::Expr,
};

use crate::page::{Page, Window};

/// One page of a user's entries, newest first, keyed by version.
///
/// # Errors
/// A failed statement.
pub async fn page(
    db: &impl ConnectionTrait,
    user_id: i64,
    change_type: Option<ChangeType>,
    window: Window,
) -> Result<Page<ledger_entry::Model>, DbErr> {
    let mut query = ledger_entry::Entity::find().filter(ledger_entry::Column::UserId.eq(user_id));
    if let Some(change_type) = change_type {
        query = query.filter(ledger_entry::Column::ChangeType.eq(change_type));
        if change_type != ChangeType::Spend {
            // In the words of the index over all other kinds.
            query = query.filter(Expr::cust("change_type <> 'Spend'"));
        }
    }
    let mut cursor = query.cursor_by(ledger_entry::Column::Version);
    cursor.desc();
    window.apply(&mut cursor);
    Ok(Page::cut(cursor.all(db).await?, &window))
}

/// A user's entries with versions above `after` and up to `until`, oldest first.
///
/// # Errors
/// A failed statement.
pub async fn entries_after(
    db: &impl ConnectionTrait,
    user_id: i64,
    after: i64,
    until: i64,
) -> Result<Vec<ledger_entry::Model>, DbErr> {
    ledger_entry::Entity::find()
        .filter(ledger_entry::Column::UserId.eq(user_id))
        .filter(ledger_entry::Column::Version.gt(after))
        .filter(ledger_entry::Column::Version.lte(until))
        .order_by_asc(ledger_entry::Column::Version)
        .all(db)
        .await
}

/// The entries of all users whose ids are above `after` and up to `until`, at most `limit`, the lowest ids first.
///
/// # Errors
/// A failed statement.
pub async fn entries_between(
    db: &impl ConnectionTrait,
    after: i64,
    until: i64,
    limit: u64,
) -> Result<Vec<ledger_entry::Model>, DbErr> {
    ledger_entry::Entity::find()
        .filter(ledger_entry::Column::Id.gt(after))
        .filter(ledger_entry::Column::Id.lte(until))
        .order_by_asc(ledger_entry::Column::Id)
        .limit(limit)
        .all(db)
        .await
}

/// The version that an account had after the entry with id `entry_id`, which may belong to another account; at most `newest`.
/// The number of rows read depends on the entries since.
///
/// # Errors
/// A failed statement.
pub async fn version_at(db: &impl ConnectionTrait, user_id: i64, newest: i64, entry_id: i64) -> Result<i64, DbErr> {
    let version = ledger_entry::Entity::find()
        .select_only()
        .column(ledger_entry::Column::Version)
        .filter(ledger_entry::Column::UserId.eq(user_id))
        .filter(ledger_entry::Column::Version.lte(newest))
        .filter(ledger_entry::Column::Id.lte(entry_id))
        .order_by_desc(ledger_entry::Column::Version)
        .limit(1);
    Ok(version.into_tuple::<i64>().one(db).await?.unwrap_or_default())
}

/// A user whose ledger has grown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct LedgerGrowth {
    /// The user.
    pub user_id: i64,
    /// The account's newest version among the entries looked at.
    pub version: i64,
    /// The id of the newest entry looked at.
    pub entry_id: i64,
}

/// The users with entries whose id is above `after`: by the primary key, so that the cost depends on the number of new
/// entries.
///
/// # Errors
/// A failed statement.
pub async fn grown_since(db: &impl ConnectionTrait, after: i64) -> Result<Vec<LedgerGrowth>, DbErr> {
    let added: Vec<LedgerGrowth> = ledger_entry::Entity::find()
        .select_only()
        .columns([ledger_entry::Column::UserId, ledger_entry::Column::Version])
        .column_as(ledger_entry::Column::Id, "entry_id")
        .filter(ledger_entry::Column::Id.gt(after))
        .order_by_asc(ledger_entry::Column::Id)
        .into_model()
        .all(db)
        .await?;
    // Grouped here: SQLite would group along the index of versions, which is a scan of the whole ledger.
    let newest: HashMap<_, _> = added.into_iter().map(|grown| (grown.user_id, grown)).collect();
    Ok(newest.into_values().collect())
}

/// The id of the newest entry; 0 if there is none.
///
/// # Errors
/// A failed statement.
pub async fn newest_entry_id(db: &impl ConnectionTrait) -> Result<i64, DbErr> {
    let newest = ledger_entry::Entity::find().select_only().column(ledger_entry::Column::Id);
    let newest = newest.order_by_desc(ledger_entry::Column::Id).into_tuple::<i64>().one(db).await?;
    Ok(newest.unwrap_or_default())
}

/// The id of the newest entry, as a boundary: each entry that is committed later has a higher one. On PostgreSQL, this waits a
/// second at most for the transactions that are posting, and others wait until this one ends.
///
/// # Errors
/// A failed statement, also when a transaction goes on posting for longer.
pub async fn boundary(tx: &DatabaseTransaction) -> Result<i64, DbErr> {
    if tx.get_database_backend() == DbBackend::Postgres {
        tx.execute_unprepared("SET LOCAL lock_timeout = '1s'; LOCK TABLE credits_ledger IN SHARE MODE").await?;
    }
    newest_entry_id(tx).await
}

/// Reads an entry of `owner`, or of any user if that is `None`.
///
/// # Errors
/// A failed statement.
pub async fn entry(
    db: &impl ConnectionTrait,
    id: i64,
    owner: Option<i64>,
) -> Result<Option<ledger_entry::Model>, DbErr> {
    let mut entry = ledger_entry::Entity::find_by_id(id);
    if let Some(owner) = owner {
        entry = entry.filter(ledger_entry::Column::UserId.eq(owner));
    }
    entry.one(db).await
}

/// These entries, by their ids.
///
/// # Errors
/// A failed statement.
pub async fn entries(db: &impl ConnectionTrait, ids: &[i64]) -> Result<HashMap<i64, ledger_entry::Model>, DbErr> {
    let entries = ledger_entry::Entity::find().filter(ledger_entry::Column::Id.is_in(ids.iter().copied()));
    Ok(entries.all(db).await?.into_iter().map(|entry| (entry.id, entry)).collect())
}

/// Reads the entry with a source.
///
/// # Errors
/// A failed statement.
pub async fn entry_of(db: &impl ConnectionTrait, source: &str) -> Result<Option<ledger_entry::Model>, DbErr> {
    ledger_entry::Entity::find().filter(ledger_entry::Column::Source.eq(source)).one(db).await
}

/// Returns true if an entry with this source exists.
///
/// # Errors
/// A failed statement.
pub async fn is_posted(db: &impl ConnectionTrait, source: &str) -> Result<bool, DbErr> {
    let found = ledger_entry::Entity::find()
        .select_only()
        .column(ledger_entry::Column::Id)
        .filter(ledger_entry::Column::Source.eq(source))
        .into_tuple::<i64>()
        .one(db)
        .await?;
    Ok(found.is_some())
}
