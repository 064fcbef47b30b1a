//! The Stripe customer of a user, made once and committed before anything is sold.

use entity::{customer, user};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::operation::{self, Request};
use crate::{app::App, error::Error, stripe::NewCustomer};

/// The user's `cus_...`, made now if there is none.
pub(super) async fn ensure(app: &App, user_id: i64) -> Result<String, Error> {
    if let Some(known) = find(app, user_id).await? {
        return Ok(known);
    }
    let user = user::Entity::find_by_id(user_id).one(app.database.read()).await?.ok_or(Error::NotFound("user"))?;
    let name = user.display_name.unwrap_or(user.username);
    operation::run(app, user_id, Request::Customer(NewCustomer { user_id, email: user.email, name })).await?;
    find(app, user_id).await?.ok_or_else(|| Error::Internal("the new customer was not stored".to_owned()))
}

async fn find(app: &App, user_id: i64) -> Result<Option<String>, Error> {
    let customer =
        customer::Entity::find().filter(customer::Column::UserId.eq(user_id)).one(app.database.read()).await?;
    Ok(customer.map(|customer| customer.stripe_customer_id))
}
