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

mod auto_top_up;
mod change;
mod checkout;
mod context;
mod credits;
mod customer;
mod entitlement;
mod fact;
mod inbox;
mod invoice;
mod look;
mod object;
mod payment;
mod payment_event;
mod period;
mod prune;
mod reconcile;
mod refund;
mod replay;
mod reversal;
mod subscription;
mod subscription_event;
mod top_up;

use sea_orm::DatabaseTransaction;

use crate::{app::App, error::Error, retry::retry};

pub use auto_top_up::{pause_top_ups, top_up_settings, write_top_up_settings};
pub use change::{Change, publish, top_up_versions, versions};
pub use context::{ApplyError, Outcome};
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
pub use subscription::plan_of;
pub use top_up::{TopUpOutcome, TopUpReport};

use context::Context;

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
        Fact::Undone(subscription) => subscription::undo(&context, &subscription).await,
        Fact::TopUp(report) => top_up::apply(&context, *report).await,
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
