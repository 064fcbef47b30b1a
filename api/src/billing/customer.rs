//! The Stripe customer of a user, made once and committed before anything is sold.

use entity::user;
use sea_orm::EntityTrait;

use super::operation::{self, Request};
use crate::{
    app::App,
    error::Error,
    settle::{self, Fact},
    stripe::{CustomerState, NewCustomer},
};

/// The user's `cus_...`, made now if there is none.
pub(super) async fn ensure(app: &App, user_id: i64) -> Result<String, Error> {
    if let Some(known) = settle::customer_of(app.database.read(), user_id).await? {
        return Ok(known);
    }
    let user = user::Entity::find_by_id(user_id).one(app.database.read()).await?.ok_or(Error::NotFound("user"))?;
    let name = user.display_name.unwrap_or(user.username);
    operation::run(app, user_id, Request::Customer(NewCustomer { user_id, email: Some(user.email), name })).await?;
    settle::customer_of(app.database.read(), user_id)
        .await?
        .ok_or_else(|| Error::Internal("the new customer was not stored".to_owned()))
}

/// Asks Stripe, which refused something for the user, whether their customer was deleted and nobody told us. If so it is
/// settled, and the next call of [`ensure`] makes another.
pub(super) async fn turns_out_deleted(app: &App, user_id: i64) -> Result<bool, Error> {
    let Some(customer) = settle::customer_of(app.database.read(), user_id).await? else { return Ok(false) };
    if app.payments()?.stripe.customer_state(&customer).await? != CustomerState::Deleted {
        return Ok(false);
    }
    settle::learn(app, Fact::CustomerDeleted(customer)).await?;
    Ok(true)
}
