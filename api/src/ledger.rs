//! The ledger: every change of every balance, in the order in which it was committed.
//!
//! Entries are added in two ways. [`Charges`] charges and reserves exports, each in a transaction that it shares with others that
//! arrive at the same time. [`post`] adds all other entries inside the caller's transaction, after [`lock`].
//!
//! These rules hold after crashes, repetitions and races:
//! - one source has one entry: a repeated source returns [`PostOutcome::Replayed`];
//! - an account's versions are 1, 2, 3 ... without gaps, taken under its row lock, and so in commit order;
//! - what is held for exports is part of the balance, and is available neither to charges nor to further holds;
//! - a charge never takes what is available below zero (a reversal of refunded money may), and a hold that was granted can be
//!   captured until it ends;
//! - a hold ends once: it is captured, released, or expires;
//! - no entry is ever changed or removed, and no balance exceeds [`MAX_BALANCE`].
//!
//! [`verify`] proves them from the rows.

mod account;
mod changes;
mod charge;
mod history;
mod hold;
mod post;
pub mod source;
mod usage;
mod verify;

use entity::{credit_account, ledger_entry};
use sea_orm::DbErr;

pub use account::{account, accounts, open};
pub use changes::Changes;
pub use charge::{Charge, Charges, HoldAction, HoldChange, HoldOutcome, Reservation, Spend};
pub use history::{
    LedgerGrowth, boundary, entries, entries_after, entries_between, entry, entry_of, grown_since, is_posted,
    newest_entry_id, page, version_at,
};
pub use hold::{Hold, HoldEnd, HoldEnding, hold, open_holds};
pub use post::{Posting, Unlimited, lock, post};
pub use usage::{ExportCount, exports_between};
pub use verify::{Check, Report, verify};

/// The largest balance and version, which is that of GraphQL's `Int`.
pub const MAX_BALANCE: i64 = i32::MAX as i64;

/// The largest number of open holds of a user. Without it, reservations that cost nothing would have no limit but the rate of
/// operations.
pub const MAX_OPEN_HOLDS: u16 = 100;

/// The outcome of posting an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PostOutcome {
    /// The entry is new.
    Applied(ledger_entry::Model),
    /// The source was posted before: this is its entry.
    Replayed(ledger_entry::Model),
    /// The credits were insufficient. Nothing is stored: the same source may succeed later.
    Refused(credit_account::Model),
}

/// The reason for which nothing was posted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The source was posted for another user, change type or reference.
    #[error("this source was posted with other contents")]
    SourceReused,
    /// The user has no account.
    #[error("the account does not exist")]
    UnknownAccount,
    /// The balance or the version would exceed [`MAX_BALANCE`], or a capture the credits held.
    #[error("the balance would exceed its limit")]
    OutOfRange,
    /// The user has [`MAX_OPEN_HOLDS`] open holds.
    #[error("the user has too many open holds")]
    TooManyHolds,
    /// A statement failed.
    #[error(transparent)]
    Database(#[from] DbErr),
}
