//! Money.

use async_graphql::SimpleObject;

/// An amount of money.
#[derive(Clone, Debug, SimpleObject)]
pub(super) struct Money {
    /// The amount in the smallest unit of the currency, such as cents.
    amount: i64,
    /// The ISO 4217 code of the currency, such as USD.
    currency: String,
}

impl Money {
    /// Takes minor units, and the currency as Stripe spells it.
    pub(super) fn new(amount: i64, currency: &str) -> Self {
        Self { amount, currency: currency.to_uppercase() }
    }

    /// Takes cents.
    pub(super) fn usd(amount: i64) -> Self {
        Self::new(amount, "USD")
    }
}
