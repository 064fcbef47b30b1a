//! The end of everything that the user of a closed account could still pay for, or be charged for. Nothing is refunded. Money
//! that arrives later, such as a bank debit that was on its way, is recorded like any other.

use entity::{
    operation::{ActiveModel, Column, Entity, Kind, State},
    user,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use super::{
    checkout::{
        earlier::close_all,
        session::{PackOpening, PlanOpening},
    },
    operation,
    subscription::{all_current, refresh},
    subscription_change::SubscriptionChange,
    top_up,
};
use crate::{app::App, error::Error, stripe::NewCustomer};

/// The reason that Stripe's dashboard shows.
const COMMENT: &str = "The user closed the Patch-Hive account";

/// Finishes what is open, closes the checkouts and ends the subscriptions of a customer. No operation begins once an account is
/// closed, so nothing is added meanwhile but what was paid a moment ago, which requests another attempt when it arrives.
///
/// # Errors
/// Those of Stripe and of the database: it is retried.
pub(super) async fn end_all(app: &App, user_id: i64, customer: &str) -> Result<(), Error> {
    operation::last::<PlanOpening>(app, user_id).await?;
    operation::last::<PackOpening>(app, user_id).await?;
    operation::last::<SubscriptionChange>(app, user_id).await?;
    close_all(app, user_id, customer).await?;
    let stripe = app.payments()?.stripe.in_background();
    for (_, row) in all_current(app.database.read(), &[user_id]).await? {
        let id = &row.stripe_subscription_id;
        match stripe.end_subscription(id, COMMENT).await {
            // It has ended meanwhile, perhaps by an attempt whose reply was lost.
            Err(failure) if failure.is_not_found() => {}
            ended => ended?,
        }
        refresh(app, id).await?;
        tracing::info!(user_id, subscription = id, "the subscription of a closed account was ended");
    }
    // Last: a card that Stripe does not remove keeps no subscription alive.
    top_up::end(app, user_id).await
}

/// Removes the email and the name of a closed account from the stored requests to Stripe. An open request stays as it is, since
/// it has to be repeated unchanged.
///
/// # Errors
/// The database's.
pub(super) async fn forget(app: &App, user: &user::Model) -> Result<(), Error> {
    if user.closed_at.is_none() {
        return Ok(());
    }
    let request = NewCustomer { user_id: user.id, email: None, name: String::new() };
    let request = serde_json::to_value(request).map_err(|error| Error::Internal(error.to_string()))?;
    Entity::update_many()
        .set(ActiveModel { request: Set(request), ..Default::default() })
        .filter(Column::UserId.eq(user.id))
        .filter(Column::Kind.eq(Kind::Customer))
        .filter(Column::State.ne(State::Open))
        .exec(app.database.write())
        .await?;
    Ok(())
}
