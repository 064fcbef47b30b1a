//! The objects whose state is read.

use crate::error::Error;

/// An object at Stripe whose state changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Object {
    /// A subscription (`sub_...`) with its schedule and its newest invoice.
    Subscription(String),
    /// A payment intent (`pi_...`): how much of it was returned.
    Payment(String),
    /// An invoice (`in_...`): whether it is paid, and what was credited for it.
    Invoice(String),
    /// A customer (`cus_...`): whether it was deleted.
    Customer(String),
    /// The card that a checkout (`cs_...`) has saved.
    Card(String),
}

impl Object {
    /// Its key in the queue.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Subscription(id) => format!("subscription:{id}"),
            Self::Payment(id) => format!("payment:{id}"),
            Self::Invoice(id) => format!("invoice:{id}"),
            Self::Customer(id) => format!("customer:{id}"),
            Self::Card(id) => format!("card:{id}"),
        }
    }

    /// True where the id has the form of a Stripe id.
    pub(super) fn is_plausible(&self) -> bool {
        let (Self::Subscription(id) | Self::Payment(id) | Self::Invoice(id) | Self::Customer(id) | Self::Card(id)) =
            self;
        (1..=255).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    }

    pub(super) fn from_key(key: &str) -> Result<Self, Error> {
        let (kind, id) = key.split_once(':').unwrap_or_default();
        let id = id.to_owned();
        match kind {
            "subscription" => Ok(Self::Subscription(id)),
            "payment" => Ok(Self::Payment(id)),
            "invoice" => Ok(Self::Invoice(id)),
            "customer" => Ok(Self::Customer(id)),
            "card" => Ok(Self::Card(id)),
            _ => Err(Error::Internal(format!("{key} is not the key of a look"))),
        }
    }
}
