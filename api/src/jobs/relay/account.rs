//! The changes of one account that are not in the stream yet.

use std::collections::BTreeMap;

use entity::{ledger_entry, pending_event};
use sea_orm::{DatabaseTransaction, DbErr};

use crate::ledger;

/// Maximum number of entries that are read to reach a pending event, where the relay is far behind. The event waits for the others.
const AHEAD: i64 = 500;

/// The changes of an account, without a gap after those that are in the stream.
pub(super) struct Account {
    pub(super) user_id: i64,
    /// The version of the last entry once these changes are in the stream.
    pub(super) version: i64,
    /// By version.
    pub(super) entries: Vec<ledger_entry::Model>,
    /// Those that are to be added with these entries, in the order in which they were written.
    pub(super) pending: Vec<pending_event::Model>,
}

impl Account {
    /// Completes the entries that were found, which may lack earlier ones of transactions that ended late.
    pub(super) async fn read(
        tx: &DatabaseTransaction,
        user_id: i64,
        cursor: Option<i64>,
        found: BTreeMap<i64, ledger_entry::Model>,
        pending: Vec<pending_event::Model>,
        started_after: i64,
    ) -> Result<Self, DbErr> {
        let of_entries = found.keys().copied().max().unwrap_or(0);
        let of_pending = pending.iter().map(|event| event.version).max().unwrap_or(0);
        let cursor = match cursor {
            Some(version) => version,
            None => ledger::version_at(tx, user_id, of_entries.max(of_pending), started_after).await?,
        };
        let version = cursor.max(of_entries).max(of_pending.min(cursor + AHEAD));
        let pending = pending.into_iter().filter(|event| event.version <= version).collect();
        let new: Vec<_> = found.into_values().filter(|entry| entry.version > cursor).collect();
        let is_complete = i64::try_from(new.len()).is_ok_and(|count| count == version - cursor);
        let entries = if is_complete { new } else { ledger::entries_after(tx, user_id, cursor, version).await? };
        Ok(Self { user_id, version, entries, pending })
    }
}
