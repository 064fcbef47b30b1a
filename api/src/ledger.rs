//! The ledger: every change of every balance, in the order in which it was committed.
//!
//! There are two doors. [`Charges`] takes exports, each in a transaction that it shares with others that arrive at the same
//! time. [`post`] books everything else inside somebody's transaction, after [`lock`].
//!
//! What holds, whatever crashes, repeats or races:
//! - one source, one entry: asking again with the same source answers [`Booking::Replayed`];
//! - an account's versions are 1, 2, 3 ... without gaps, taken under its row lock, and so in commit order;
//! - a spend never takes a balance below zero (a reversal of refunded money may);
//! - no entry is ever changed or removed, and no balance passes [`MAX_BALANCE`].
//!
//! [`verify`] proves all of this from the rows.

mod account;
mod charge;
mod history;
mod post;
pub mod source;
mod verify;

use entity::{credit_account, ledger_entry};
use sea_orm::DbErr;

pub use account::{account, accounts, open};
pub use charge::{Charge, Charges, Spend};
pub use history::{Grown, booked, changes, entry, grown_since, newest_entry_id, page};
pub use post::{Posting, Unlimited, lock, post};
pub use verify::{Check, Report, verify};

/// The largest balance and version: what GraphQL's `Int` can carry.
pub const MAX_BALANCE: i64 = i32::MAX as i64;

/// What became of a request to book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Booking {
    /// It was booked now.
    Applied(ledger_entry::Model),
    /// It had been booked before: this is that entry.
    Replayed(ledger_entry::Model),
    /// The balance did not suffice. Nothing is remembered: the same source may succeed later.
    Refused(credit_account::Model),
}

/// Why nothing could be booked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The source stands for another user, change type or reference already.
    #[error("this source was booked with another content")]
    SourceReused,
    /// The user has no account.
    #[error("there is no such account")]
    UnknownAccount,
    /// The balance or the version would pass [`MAX_BALANCE`].
    #[error("the balance would pass its limit")]
    OutOfRange,
    /// What the database says.
    #[error(transparent)]
    Database(#[from] DbErr),
}
