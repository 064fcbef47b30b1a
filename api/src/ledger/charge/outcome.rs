//! The outcomes of the steps of a group.

use entity::{credit_account, ledger_entry};

/// The outcome of a charge or a reservation, with the account as it was left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Charge {
    /// The entry is new.
    Applied {
        /// The new entry.
        entry: ledger_entry::Model,
        /// The account right after it.
        account: credit_account::Model,
    },
    /// The source was charged or reserved before.
    Replayed {
        /// The entry of that time.
        entry: ledger_entry::Model,
        /// The account now.
        account: credit_account::Model,
    },
    /// The available credits do not suffice. Nothing is stored: the same source may succeed later.
    Refused(credit_account::Model),
}

/// The outcome of a change of a hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HoldOutcome {
    /// The hold was changed, or ended because it had expired: the entry says which.
    Applied {
        /// The new entry.
        entry: ledger_entry::Model,
        /// The account right after it.
        account: credit_account::Model,
    },
    /// Nothing is to be changed: the hold lasts longer already.
    Unchanged(credit_account::Model),
    /// The user has no open hold of this number.
    NotOpen,
}

/// The outcome of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Charge(Charge),
    Hold(HoldOutcome),
}

impl Outcome {
    /// The entry that the step added, and the account after it.
    pub(super) const fn posted(&self) -> Option<(&ledger_entry::Model, &credit_account::Model)> {
        match self {
            Self::Charge(Charge::Applied { entry, account }) | Self::Hold(HoldOutcome::Applied { entry, account }) => {
                Some((entry, account))
            }
            Self::Charge(Charge::Replayed { .. } | Charge::Refused(_))
            | Self::Hold(HoldOutcome::Unchanged(_) | HoldOutcome::NotOpen) => None,
        }
    }
}
