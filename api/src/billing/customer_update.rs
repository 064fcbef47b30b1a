//! Brings a user's Stripe customer in line with the user's row: the email and the name on receipts, and the end of everything
//! that can be paid once the account is closed. The row is read at each attempt, so that the last change counts.

use entity::user;
use sea_orm::EntityTrait;

use super::{closing, operation};
use crate::{
    app::App,
    error::Error,
    stripe::{Cause, CustomerDetails, Failure, NewCustomer},
    sync,
    work::Next,
};

/// Updates the customer of one user, if there is one.
///
/// # Errors
/// Those of Stripe and of the database: it is retried.
pub async fn update(app: &App, user_id: i64) -> Result<Next, Error> {
    let Some(user) = user::Entity::find_by_id(user_id).one(app.database.read()).await? else { return Ok(Next::Done) };
    let Ok(payments) = app.payments() else {
        return closing::forget(app, &user).await.map(|()| Next::Done);
    };
    // One that is being created has the details of an earlier row.
    operation::last::<NewCustomer>(app, user_id).await?;
    let Some(customer) = sync::customer_of(app.database.read(), user_id).await? else {
        return closing::forget(app, &user).await.map(|()| Next::Done);
    };
    let details = if user.closed_at.is_some() {
        closing::end_all(app, user_id, &customer).await?;
        closing::forget(app, &user).await?;
        CustomerDetails::default()
    } else {
        CustomerDetails { email: user.email, name: user.display_name.unwrap_or(user.username) }
    };
    let stripe = payments.stripe.in_background();
    let updated = match stripe.update_customer(&customer, &details).await {
        Err(Failure::Refused(refusal)) if refusal.cause() == Cause::Email => {
            tracing::warn!(user_id, "Stripe does not accept the user's email address; it is left out");
            stripe.update_customer(&customer, &CustomerDetails { email: String::new(), ..details }).await
        }
        updated => updated,
    };
    match updated {
        // It was deleted at Stripe, and another one will have the details of the row.
        Err(failure) if failure.is_not_found() => Ok(Next::Done),
        updated => Ok(updated.map(|()| Next::Done)?),
    }
}
