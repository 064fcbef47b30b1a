//! The Stripe customer of a user, made once and committed before anything is sold.

use entity::user;
use sea_orm::EntityTrait;

use super::operation::{self, Request};
use crate::{app::App, error::Error, settle, stripe::NewCustomer};

/// The user's `cus_...`, made now if there is none.
pub(super) async fn ensure(app: &App, user_id: i64) -> Result<String, Error> {
    if let Some(known) = settle::customer_of(app.database.read(), user_id).await? {
        return Ok(known);
    }
    let user = user::Entity::find_by_id(user_id).one(app.database.read()).await?.ok_or(Error::NotFound("user"))?;
    let name = user.display_name.unwrap_or(user.username);
    operation::run(app, user_id, Request::Customer(NewCustomer { user_id, email: user.email, name })).await?;
    settle::customer_of(app.database.read(), user_id)
        .await?
        .ok_or_else(|| Error::Internal("the new customer was not stored".to_owned()))
}
