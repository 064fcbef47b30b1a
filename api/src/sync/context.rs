//! The types that every noun of `sync` uses: the context in which a fact is applied, and the outcome.

use sea_orm::{DatabaseTransaction, DbErr};

use super::{change::Change, object::Object};
use crate::{
    app::{App, Payments},
    clock::Clock,
    error::{DatabaseFault, Error, classify},
    ledger,
    stripe::Unreadable,
};

/// Reason recorded for events about customers that are not ours.
pub(super) const NOT_OURS: &str = "the customer is not ours";

/// Reason recorded for events about money without a payment intent: nothing is sold that way.
pub(super) const NO_PAYMENT: &str = "not about a payment intent";

/// The result of applying a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The fact is applied, now or earlier. The change is to be published after the commit.
    Applied(Option<Change>),
    /// The fact does not concern us. The reason is for the operator.
    Ignored(&'static str),
    /// The consequence depends on Stripe's current state, which a look reads.
    Look(Object),
}

/// The reason why a fact could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The fact is at fault: it fails again until a setting or the program changes.
    #[error("{0}")]
    Permanent(String),
    /// The gateway or its database is at fault: another attempt may succeed.
    #[error(transparent)]
    Transient(DbErr),
}

/// The context in which a fact is applied.
pub(super) struct Context<'a> {
    pub(super) tx: &'a DatabaseTransaction,
    pub(super) payments: &'a Payments,
    pub(super) clock: &'a Clock,
}

impl<'a> Context<'a> {
    pub(super) fn new(tx: &'a DatabaseTransaction, app: &'a App) -> Result<Self, ApplyError> {
        let payments = app.payments().map_err(|error| ApplyError::Permanent(error.to_string()))?;
        Ok(Self { tx, payments, clock: &app.clock })
    }
}

/// The error for a price that is not configured.
pub(super) fn unknown_price(price: Option<&str>) -> ApplyError {
    let price = price.unwrap_or("(none)");
    ApplyError::Permanent(format!("the price {price} is not among STRIPE_PRICE_ID_CORE, _PRO and _STUDIO"))
}

impl From<DbErr> for ApplyError {
    fn from(error: DbErr) -> Self {
        match classify(&error) {
            // Stripe's data broke one of our rules: another attempt would fail too.
            DatabaseFault::Rejected | DatabaseFault::Duplicate => Self::Permanent(error.to_string()),
            _ => Self::Transient(error),
        }
    }
}

impl From<ledger::Error> for ApplyError {
    fn from(error: ledger::Error) -> Self {
        match error {
            ledger::Error::Database(error) => error.into(),
            other => Self::Permanent(other.to_string()),
        }
    }
}

impl From<Unreadable> for ApplyError {
    fn from(error: Unreadable) -> Self {
        Self::Permanent(error.to_string())
    }
}

impl From<ApplyError> for Error {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Transient(error) => error.into(),
            ApplyError::Permanent(reason) => Self::Internal(reason),
        }
    }
}
