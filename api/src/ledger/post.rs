//! Posts entries inside a transaction: all but those of exports.

use chrono::{DateTime, Utc};
use entity::{
    credit_account,
    ledger_entry::{self, ChangeType},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait,
    IntoActiveModel, QueryFilter, QuerySelect,
};

use super::{Error, MAX_BALANCE, PostOutcome};
use crate::telemetry;

/// An entry to post.
#[derive(Clone, Debug)]
pub struct Posting {
    /// The user whose balance changes.
    pub user_id: i64,
    /// The reason of the change.
    pub change_type: ChangeType,
    /// Credits, negative if taken.
    pub delta: i64,
    /// The effect on unlimited.
    pub unlimited: Unlimited,
    /// The one fact that the entry records.
    pub source: String,
    /// The object that the entry is about.
    pub reference: Option<String>,
    /// The reason that a person or a service gave.
    pub notes: Option<String>,
    /// Business time.
    pub now: DateTime<Utc>,
}

/// The effect of an entry on unlimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlimited {
    /// Unlimited does not change.
    Keep,
    /// Unlimited lasts until this time, or ends.
    Until(Option<DateTime<Utc>>),
}

/// Locks an account until the transaction ends, and reads it. Callers lock before they read,
/// so that nothing they read changes before they post. (In SQLite, a writing transaction is alone from its start.)
///
/// # Errors
/// [`Error::UnknownAccount`], or [`Error::Database`].
pub async fn lock(tx: &DatabaseTransaction, user_id: i64) -> Result<credit_account::Model, Error> {
    let mut account = credit_account::Entity::find_by_id(user_id);
    if tx.get_database_backend() == DbBackend::Postgres {
        account = account.lock_exclusive();
    }
    account.one(tx).await?.ok_or(Error::UnknownAccount)
}

/// Posts an entry, once for its source.
///
/// # Errors
/// [`Error::SourceReused`], [`Error::UnknownAccount`], [`Error::OutOfRange`], or [`Error::Database`].
pub async fn post(tx: &DatabaseTransaction, posting: Posting) -> Result<PostOutcome, Error> {
    let account = lock(tx, posting.user_id).await?;
    let replay = ledger_entry::Entity::find().filter(ledger_entry::Column::Source.eq(&posting.source)).one(tx).await?;
    if let Some(entry) = replay {
        let same = entry.user_id == posting.user_id
            && entry.change_type == posting.change_type
            && entry.reference == posting.reference;
        return if same { Ok(PostOutcome::Replayed(entry)) } else { Err(Error::SourceReused) };
    }
    let balance = account.balance.checked_add(posting.delta).filter(|balance| balance.abs() <= MAX_BALANCE);
    let balance = balance.ok_or(Error::OutOfRange)?;
    if account.version >= MAX_BALANCE {
        return Err(Error::OutOfRange);
    }
    let version = account.version + 1;
    let mut account = account.into_active_model();
    account.balance = Set(balance);
    account.version = Set(version);
    account.updated_at = Set(posting.now);
    if let Unlimited::Until(until) = posting.unlimited {
        account.unlimited_until = Set(until);
    }
    account.update(tx).await?;
    let entry = posting.into_entry(version, balance).insert(tx).await?;
    telemetry::entry_posted(entry.change_type);
    Ok(PostOutcome::Applied(entry))
}

impl Posting {
    fn into_entry(self, version: i64, balance: i64) -> ledger_entry::ActiveModel {
        ledger_entry::ActiveModel {
            user_id: Set(self.user_id),
            version: Set(version),
            change_type: Set(self.change_type),
            credits_delta: Set(self.delta),
            balance_after: Set(balance),
            source: Set(self.source),
            reference: Set(self.reference),
            notes: Set(self.notes),
            created_at: Set(self.now),
            ..Default::default()
        }
    }
}
