//! Applies Stripe's state to our tables. This is the only module that writes it.
//!
//! Two kinds of fact come from Stripe. Money that was paid is final: a paid invoice or checkout session is applied once, from
//! whatever shows it ([`apply`]). States change: a subscription, and how much of a payment was returned. An event about one of
//! those only shows that it may have changed; [`look`] reads it from Stripe and writes what it read. Looks are fenced, so one
//! that began earlier never overwrites one that began later, on any number of replicas. Order of arrival, duplicates and
//! clock skew therefore do not matter.
//!
//! [`receive`] stores a webhook event, applies it or requests its look in one transaction, and runs the look before it
//! answers where that is possible at once. Otherwise the look stays due in the queue.
//!
//! An object is ours if it belongs to a customer in `stripe_customers`. Several installations may share one Stripe account,
//! so metadata alone never decides who gets credits.

mod credits;
mod customer;
mod entitlement;
mod fact;
mod inbox;
mod invoice;
mod look;
mod object;
mod payment;
mod period;
mod prune;
mod reconcile;
mod refund;
mod replay;
mod reversal;
mod subscription;

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};

use crate::{
    app::{App, Payments},
    clock::Clock,
    error::{DatabaseFault, Error, classify},
    feed::Hint,
    ledger,
    retry::retry,
    stripe::Unreadable,
};

pub use customer::customer_of;
pub use entitlement::end_unlimited;
pub use fact::{EVENTS, Fact};
pub use inbox::{Receipt, Refusal, receive, retry_event};
pub use look::{look, look_at_subscription, request_look, work_off_look};
pub use object::Object;
pub use prune::prune;
pub use reconcile::{Line, Report, reconcile, reconcile_due};
pub use replay::replay;
pub use reversal::was_refunded;
pub use subscription::{plan_of, versions};

use customer::{Owner, owner};

/// Reason recorded for events about customers that are not ours.
const NOT_OURS: &str = "the customer is not ours";

/// Reason recorded for events about money without a payment intent: nothing is sold that way.
const NO_PAYMENT: &str = "not about a payment intent";

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

/// A user whose rows changed, and their versions now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The user's number.
    pub user_id: i64,
    /// The versions.
    pub hint: Hint,
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
struct Context<'a> {
    tx: &'a DatabaseTransaction,
    payments: &'a Payments,
    clock: &'a Clock,
}

impl<'a> Context<'a> {
    fn new(tx: &'a DatabaseTransaction, app: &'a App) -> Result<Self, ApplyError> {
        let payments = app.payments().map_err(|error| ApplyError::Permanent(error.to_string()))?;
        Ok(Self { tx, payments, clock: &app.clock })
    }
}

/// Applies a fact inside `tx`, which the caller commits; only then may the change be published.
///
/// # Errors
/// [`ApplyError`]; the caller rolls back.
pub async fn apply(tx: &DatabaseTransaction, app: &App, fact: Fact) -> Result<Outcome, ApplyError> {
    let context = Context::new(tx, app)?;
    match fact {
        Fact::Customer { user_id, customer } => customer::apply(&context, user_id, customer).await,
        Fact::CustomerDeleted(customer) => customer::apply_deletion(&context, customer).await,
        Fact::Session { session, failed } => payment::apply(&context, session, failed).await,
        Fact::Invoice(invoice) => invoice::apply(&context, invoice).await,
        Fact::InvoicePayment(paid) => invoice::apply_payment(&context, paid).await,
        Fact::Changed(object) => Ok(Outcome::Look(object)),
    }
}

/// Applies a fact in a transaction of its own and publishes the change.
///
/// # Errors
/// [`Error::Internal`] for a fault of the fact; those of Stripe, where a look follows; the database's.
pub async fn learn(app: &App, fact: Fact) -> Result<Outcome, Error> {
    let once = || async {
        let _turn = app.database.turn_at(fact.account()).await?;
        let tx = app.database.begin().await?;
        let outcome = apply(&tx, app, fact.clone()).await?;
        tx.commit().await?;
        Ok::<_, Error>(outcome)
    };
    match retry(once).await? {
        Outcome::Look(object) => look(app, &object).await,
        outcome => {
            if let Outcome::Applied(Some(change)) = &outcome {
                publish(app, *change);
            }
            Ok(outcome)
        }
    }
}

/// Notifies the user's watchers. Call it after the commit, never before.
pub fn publish(app: &App, change: Change) {
    app.feed.publish(change.user_id, change.hint);
}

/// The error for a price that is not configured.
fn unknown_price(price: Option<&str>) -> ApplyError {
    let price = price.unwrap_or("(none)");
    ApplyError::Permanent(format!("the price {price} is not among STRIPE_PRICE_ID_CORE, _PRO and _STUDIO"))
}

/// The current versions of a user's rows.
async fn change(tx: &impl ConnectionTrait, user_id: i64) -> Result<Change, DbErr> {
    let ledger = ledger::account(tx, user_id).await?.map_or(0, |account| account.version);
    let subscription = versions(tx, &[user_id]).await?.get(&user_id).copied().unwrap_or_default();
    Ok(Change { user_id, hint: Hint { ledger, subscription } })
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
