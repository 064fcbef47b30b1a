//! The door for everything but exports: books inside a transaction.

use chrono::{DateTime, Utc};
use entity::{
    credit_account,
    ledger_entry::{self, ChangeType},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait,
    IntoActiveModel, QueryFilter, QuerySelect,
};

use super::{Booking, Error, MAX_BALANCE};
use crate::telemetry;

/// An entry that is asked for.
#[derive(Clone, Debug)]
pub struct Posting {
    /// Whose balance changes.
    pub user_id: i64,
    /// Why.
    pub change_type: ChangeType,
    /// Credits, negative when taken.
    pub delta: i64,
    /// What becomes of unlimited.
    pub unlimited: Unlimited,
    /// The one fact that the entry records.
    pub source: String,
    /// What it is about.
    pub reference: Option<String>,
    /// A sentence for people.
    pub notes: Option<String>,
    /// Business time.
    pub now: DateTime<Utc>,
}

/// What an entry does to unlimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlimited {
    /// It stays as it is.
    Keep,
    /// It lasts until then, or is over.
    Until(Option<DateTime<Utc>>),
}

/// Locks an account until the transaction ends, and reads it. Whoever books locks first: what is read afterwards cannot
/// be overtaken. (In SQLite a writing transaction is alone from its start.)
///
/// # Errors
/// [`Error::UnknownAccount`], or what the database says.
pub async fn lock(tx: &DatabaseTransaction, user_id: i64) -> Result<credit_account::Model, Error> {
    let mut account = credit_account::Entity::find_by_id(user_id);
    if tx.get_database_backend() == DbBackend::Postgres {
        account = account.lock_exclusive();
    }
    account.one(tx).await?.ok_or(Error::UnknownAccount)
}

/// Books an entry, once for its source.
///
/// # Errors
/// [`Error::SourceReused`], [`Error::UnknownAccount`], [`Error::OutOfRange`], or what the database says.
pub async fn post(tx: &DatabaseTransaction, posting: Posting) -> Result<Booking, Error> {
    let account = lock(tx, posting.user_id).await?;
    let replay = ledger_entry::Entity::find().filter(ledger_entry::Column::Source.eq(&posting.source)).one(tx).await?;
    if let Some(entry) = replay {
        let same = entry.user_id == posting.user_id
            && entry.change_type == posting.change_type
            && entry.reference == posting.reference;
        return if same { Ok(Booking::Replayed(entry)) } else { Err(Error::SourceReused) };
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
    Ok(Booking::Applied(entry))
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
