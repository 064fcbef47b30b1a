//! The requests and responses of one account, with the times of both.

use crate::harness::book::Entry;

/// A request and its response. Both times are of one clock, in nanoseconds.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// Time before the request was sent.
    pub(super) begin: u64,
    /// Time after the response was read.
    pub(super) end: u64,
    pub(super) invocation: Invocation,
    pub(super) answer: Answer,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Invocation {
    Charge { key: String },
    Grant { key: String, credits: i64 },
    Refund { charge: String },
    Reserve { key: String },
    Capture { hold: String },
    Release { hold: String },
    Look,
}

/// A response.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// A charge: the id of its entry, and the balance as it was a moment later.
    Charged { id: String, replayed: bool, seen: Seen },
    /// A hold that was reserved, now or before: the id of its entry.
    Reserved { id: String },
    /// A hold that was released, now or before.
    Released { seen: Seen },
    /// A hold that had ended in this state.
    Ended { state: String },
    /// A grant or a refund.
    Posted(Entry),
    /// The balance did not suffice.
    Refused { available: i64 },
    /// The balance.
    Saw(Seen),
}

/// A balance that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) version: i64,
    pub(super) credits: i64,
}

impl Answer {
    /// The balance in the response, if it contains one.
    pub(super) fn seen(&self) -> Option<Seen> {
        match self {
            Self::Charged { seen, .. } | Self::Released { seen } | Self::Saw(seen) => Some(*seen),
            Self::Posted(_) | Self::Reserved { .. } | Self::Ended { .. } | Self::Refused { .. } => None,
        }
    }
}
