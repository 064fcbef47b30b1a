//! The steps that a group commits: charges and reservations of exports, and changes of holds.

use chrono::{DateTime, Utc};

/// A spend that is requested.
#[derive(Clone, Debug)]
pub struct Spend {
    /// The user who pays.
    pub user_id: i64,
    /// Credits. An account that is unlimited at `now` pays none.
    pub cost: i64,
    /// The unique name of the charge, from its idempotency key.
    pub source: String,
    /// The exported run.
    pub run: String,
    /// Business time.
    pub now: DateTime<Utc>,
}

/// A hold that is requested.
#[derive(Clone, Debug)]
pub struct Reservation {
    /// The spend to hold credits for.
    pub spend: Spend,
    /// When the hold expires, in wall time.
    pub expires_at: DateTime<Utc>,
    /// The latest time to which it can be extended, in wall time.
    pub extendable_until: DateTime<Utc>,
    /// Wall time.
    pub wall: DateTime<Utc>,
}

/// A change of a hold that is requested.
#[derive(Clone, Debug)]
pub struct HoldChange {
    /// The user whose credits are held.
    pub user_id: i64,
    /// The hold.
    pub hold_id: i64,
    /// The change.
    pub action: HoldAction,
    /// Business time.
    pub now: DateTime<Utc>,
    /// Wall time, which decides whether the hold has expired.
    pub wall: DateTime<Utc>,
}

/// A kind of change of a hold. A hold that has expired is ended instead, whatever is requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldAction {
    /// Spends this many of the credits held, and releases the rest.
    Capture(i64),
    /// Lets the hold last until this wall time, if that is later.
    Extend(DateTime<Utc>),
    /// Releases the credits.
    Release,
    /// Ends a hold that has expired.
    Expire,
}

/// A step of a group. Each concerns one account.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Charge(Spend),
    Reserve(Reservation),
    Change(HoldChange),
}

impl Step {
    /// The user whose account changes.
    pub(super) const fn user_id(&self) -> i64 {
        match self {
            Self::Charge(spend) | Self::Reserve(Reservation { spend, .. }) => spend.user_id,
            Self::Change(change) => change.user_id,
        }
    }

    /// The spend of a charge.
    pub(super) const fn charge(&self) -> Option<&Spend> {
        match self {
            Self::Charge(spend) => Some(spend),
            Self::Reserve(_) | Self::Change(_) => None,
        }
    }

    /// The source of an export; `None` for a change of a hold.
    pub(super) fn source(&self) -> Option<&str> {
        match self {
            Self::Charge(spend) | Self::Reserve(Reservation { spend, .. }) => Some(&spend.source),
            Self::Change(_) => None,
        }
    }

    /// True for a reservation.
    pub(super) const fn reserves(&self) -> bool {
        matches!(self, Self::Reserve(_))
    }

    /// The hold that changes.
    pub(super) const fn hold_id(&self) -> Option<i64> {
        match self {
            Self::Charge(_) | Self::Reserve(_) => None,
            Self::Change(change) => Some(change.hold_id),
        }
    }
}
