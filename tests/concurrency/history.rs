//! The requests and responses of one account, with the times of both.

use crate::harness::book::Entry;

/// A question and its answer. Both times are of one clock, in nanoseconds.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// Before it was sent.
    pub(super) begin: u64,
    /// After the answer was read.
    pub(super) end: u64,
    pub(super) asked: Asked,
    pub(super) answer: Answer,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Asked {
    Charge { key: String },
    Grant { key: String, credits: i64 },
    GiveBack { charge: String },
    Look,
}

/// A response.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// A charge: the id of its entry, and the balance as it was a moment later.
    Charged { id: String, replayed: bool, seen: Seen },
    /// A grant, or credits given back.
    Booked(Entry),
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
    /// The balance that it shows, if it shows one.
    pub(super) fn seen(&self) -> Option<Seen> {
        match self {
            Self::Charged { seen, .. } | Self::Saw(seen) => Some(*seen),
            Self::Booked(_) | Self::Refused { .. } => None,
        }
    }
}
