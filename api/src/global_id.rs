//! Globally unique ids: the noun of an object and the id of its row, such as `user_1`. Objects of different types never share
//! an id, so that no client's cache takes one for another.

use std::fmt;

/// The noun of an object, which is the prefix of its ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noun {
    /// A user.
    User,
    /// The balance of a user, whose row it shares.
    Balance,
    /// A ledger entry.
    Entry,
    /// The charge of an export, which is a ledger entry seen by the export service.
    Charge,
    /// Credits that are held for an export, or were; its number is that of the ledger entry of its beginning.
    Hold,
    /// The purchase of a credit pack.
    Payment,
    /// An automatic top-up.
    TopUp,
    /// A subscription to a plan.
    Subscription,
    /// An alert.
    Alert,
    /// A change that an admin made.
    Action,
    /// A write to Stripe.
    Operation,
    /// A task of the queue.
    Task,
    /// An event for other services.
    Event,
    /// An endpoint that receives events.
    Endpoint,
    /// The delivery of an event to an endpoint.
    Delivery,
}

impl Noun {
    const ALL: [Self; 15] = [
        Self::User,
        Self::Balance,
        Self::Entry,
        Self::Charge,
        Self::Hold,
        Self::Payment,
        Self::TopUp,
        Self::Subscription,
        Self::Alert,
        Self::Action,
        Self::Operation,
        Self::Task,
        Self::Event,
        Self::Endpoint,
        Self::Delivery,
    ];

    /// The name of the noun, in ids and in messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Balance => "balance",
            Self::Entry => "entry",
            Self::Charge => "charge",
            Self::Hold => "hold",
            Self::Payment => "payment",
            Self::TopUp => "topup",
            Self::Subscription => "subscription",
            Self::Alert => "alert",
            Self::Action => "action",
            Self::Operation => "operation",
            Self::Task => "task",
            Self::Event => "event",
            Self::Endpoint => "endpoint",
            Self::Delivery => "delivery",
        }
    }

    /// The id of an object of this noun, by the id of its row.
    #[must_use]
    pub const fn id(self, row: i64) -> GlobalId {
        GlobalId { noun: self, row }
    }
}

/// The id of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GlobalId {
    /// The noun of the object.
    pub noun: Noun,
    /// The id of its row.
    pub row: i64,
}

impl GlobalId {
    /// Reads an id. Each object has one spelling: leading zeros and signs are refused.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, row) = text.split_once('_')?;
        let noun = Noun::ALL.into_iter().find(|noun| noun.name() == name)?;
        let id = noun.id(row.parse().ok()?);
        (id.to_string() == text).then_some(id)
    }
}

impl fmt::Display for GlobalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.noun.name(), self.row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_is_read_back_and_belongs_to_one_object() {
        let ids: Vec<_> = Noun::ALL.into_iter().flat_map(|noun| [1, 12, i64::MAX].map(|row| noun.id(row))).collect();
        for (place, id) in ids.iter().enumerate() {
            assert_eq!(GlobalId::parse(&id.to_string()), Some(*id));
            assert!(ids[..place].iter().all(|other| other.to_string() != id.to_string()));
        }
    }

    #[test]
    fn other_spellings_are_no_ids() {
        for text in ["", "1", "user", "user_", "user_01", "user_+1", "User_1", "user_1 ", "user_1_1", "ledger_1", "_1"]
        {
            assert_eq!(GlobalId::parse(text), None, "{text:?}");
        }
        assert_eq!(GlobalId::parse("user_9223372036854775808"), None);
    }
}
