//! What Stripe says happened, applied to our tables: the one door.
//!
//! [`receive`] takes a webhook's body and owns its transaction; [`apply`] takes a fact inside somebody's transaction and
//! serves the replies to our own calls too. Whichever of the two comes first does the work, the other finds nothing to
//! do: any order and any number of repeats of the same facts end with the same rows and balances.
//!
//! Ours is what belongs to a customer in `stripe_customers`, and nothing else: several installations may share one
//! Stripe account, so metadata alone never decides who gets credits.

mod customer;
mod dispute;
mod entitlement;
mod fact;
mod inbox;
mod invoice;
mod payment;
mod payment_intent;
mod period;
mod reconcile;
mod refund;
mod renewals;
mod replay;
mod reversal;
mod schedule;
mod subscription;
mod waiting;

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
pub use fact::{EVENTS, Fact, Moved};
pub use inbox::{Receipt, Refusal, receive, retry_event};
pub use reconcile::{Line, Report, reconcile};
pub use renewals::renewals_go_unheard;
pub use replay::replay;
pub use reversal::money_went_back;
pub use subscription::{Said, versions};
pub use waiting::{ask_for_missing, sweep_waiting};

use customer::{Owner, owner};

/// Why what is said of somebody else's customer means nothing to us.
const NOT_OURS: &str = "the customer is not ours";

/// Why what is said of money that no payment intent brought means nothing to us: we sell nothing otherwise.
const NO_PAYMENT: &str = "not of a payment intent";

/// What became of a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds now: it was applied, or had been before. To be announced after the commit.
    Applied(Option<News>),
    /// It means nothing to us. The reason is for the operator.
    Ignored(&'static str),
    /// It is about something (named by its id at Stripe) that is not known yet, and has to come again after that.
    Waits(String),
}

/// Whose rows changed, and how far they are now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct News {
    /// Whose.
    pub user_id: i64,
    /// How far.
    pub hint: Hint,
    /// Only Stripe can say what holds: two states were told within one second, or a schedule was named and never told.
    pub tied: bool,
}

/// Why a fact could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The fact's own fault: it will fail again until somebody does something.
    #[error("{0}")]
    Odd(String),
    /// Our fault: it may succeed another time.
    #[error(transparent)]
    Passing(DbErr),
}

/// What applying needs to know.
struct Context<'a> {
    tx: &'a DatabaseTransaction,
    payments: &'a Payments,
    clock: &'a Clock,
}

/// Applies a fact inside `tx`, which the caller commits; only then may the news be announced.
///
/// # Errors
/// [`Trouble`]; the caller rolls back.
pub async fn apply(tx: &DatabaseTransaction, app: &App, fact: Fact) -> Result<Outcome, Trouble> {
    let payments = app.payments().map_err(|error| Trouble::Odd(error.to_string()))?;
    let context = Context { tx, payments, clock: &app.clock };
    match fact {
        Fact::Customer { user_id, customer } => customer::settle(&context, user_id, customer).await,
        Fact::CustomerDeleted(customer) => customer::settle_deletion(&context, customer).await,
        Fact::Opened => Ok(Outcome::Applied(None)),
        Fact::Session { session, failed } => payment::settle(&context, session, failed).await,
        Fact::Subscription { subscription, said } => subscription::settle(&context, subscription, said).await,
        Fact::Schedule { schedule, said } => schedule::settle(&context, schedule, said).await,
        Fact::Invoice(invoice) => invoice::settle(&context, invoice).await,
        Fact::InvoicePayment(paid) => invoice::settle_payment(&context, paid).await,
        Fact::Charge(charge) => refund::settle_charge(&context, charge).await,
        Fact::Refund(refund) => refund::settle(&context, refund).await,
        Fact::Dispute { dispute, at, moved } => dispute::settle(&context, dispute, at, moved).await,
    }
}

/// Applies a fact in a transaction of its own, announces the news, and settles what has waited for it. Nothing keeps a fact
/// that has to wait: whoever learned it asks again.
///
/// # Errors
/// [`Error::Internal`] for the fact's own fault; what the database says.
pub async fn learn(app: &App, fact: Fact) -> Result<Outcome, Error> {
    let makes_known = fact.makes_known();
    let once = || async {
        let tx = app.database.begin().await?;
        let outcome = apply(&tx, app, fact.clone()).await?;
        tx.commit().await?;
        Ok::<_, Error>(outcome)
    };
    let outcome = retry(once).await?;
    if let Outcome::Applied(news) = &outcome {
        if let Some(news) = news {
            announce(app, *news);
        }
        waiting::wake(app, makes_known).await;
    }
    Ok(outcome)
}

/// Tells the watchers. After the commit, never before.
pub fn announce(app: &App, news: News) {
    app.feed.announce(news.user_id, news.hint);
}

/// Why a price that is not configured cannot be settled.
fn unknown_price(price: Option<&str>) -> Trouble {
    let price = price.unwrap_or("(none)");
    Trouble::Odd(format!("the price {price} is not among STRIPE_PRICE_ID_CORE, _PRO and _STUDIO"))
}

/// How far a user's rows are.
async fn news(tx: &impl ConnectionTrait, user_id: i64, tied: bool) -> Result<News, DbErr> {
    let ledger = ledger::account(tx, user_id).await?.map_or(0, |account| account.version);
    let subscription = versions(tx, &[user_id]).await?.get(&user_id).copied().unwrap_or_default();
    Ok(News { user_id, hint: Hint { ledger, subscription }, tied })
}

impl From<DbErr> for Trouble {
    fn from(error: DbErr) -> Self {
        match classify(&error) {
            // Stripe's data broke a rule of ours, or a statement is wrong: another attempt would end alike.
            DatabaseFault::Rejected | DatabaseFault::Duplicate => Self::Odd(error.to_string()),
            DatabaseFault::Passing | DatabaseFault::Waited | DatabaseFault::Bug => Self::Passing(error),
        }
    }
}

impl From<ledger::Error> for Trouble {
    fn from(error: ledger::Error) -> Self {
        match error {
            ledger::Error::Database(error) => error.into(),
            other => Self::Odd(other.to_string()),
        }
    }
}

impl From<Unreadable> for Trouble {
    fn from(error: Unreadable) -> Self {
        Self::Odd(error.to_string())
    }
}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Passing(error) => error.into(),
            Trouble::Odd(reason) => Self::Internal(reason),
        }
    }
}
