//! Operations that a crash or a lost reply left open: each is finished by the type that its kind names.

use entity::operation::{Kind, Model, State};

use super::{
    checkout::session::{PackOpening, PlanOpening},
    duplicate::Duplicate,
    operation::{self, finish},
    subscription_change::SubscriptionChange,
    top_up,
};
use crate::{app::App, error::Error, stripe::NewCustomer, work::Next};

/// Finishes one operation. One that is closed already, or gone, needs nothing.
///
/// # Errors
/// [`Error::StripeUnavailable`] while the outcome is unknown; the database's.
pub async fn resume(app: &App, id: i64) -> Result<Next, Error> {
    let operation = operation::find(app, id).await?;
    let Some(operation) = operation.filter(|operation| operation.state == State::Open) else { return Ok(Next::Done) };
    match finish_by_kind(app, operation).await {
        Err(error) if operation::state(app, id).await? == State::Open => Err(error),
        // Stripe refused it, which the operation records.
        Ok(()) | Err(_) => Ok(Next::Done),
    }
}

async fn finish_by_kind(app: &App, operation: Model) -> Result<(), Error> {
    match operation.kind {
        Kind::Customer => finish::<NewCustomer>(app, operation).await.map(|_| ()),
        Kind::Checkout => finish::<PlanOpening>(app, operation).await.map(|_| ()),
        Kind::Purchase => finish::<PackOpening>(app, operation).await.map(|_| ()),
        Kind::SubscriptionChange => finish::<SubscriptionChange>(app, operation).await.map(|_| ()),
        Kind::Duplicate => finish::<Duplicate>(app, operation).await.map(|_| ()),
        Kind::TopUp => top_up::finish(app, operation).await,
    }
}
