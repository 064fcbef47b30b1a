//! The owners of the objects of a page, read at once.

use std::collections::HashMap;

use entity::{customer, former_customer, payment_intent};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use crate::app::App;

/// The users of those customers that are ours, or were.
pub(super) async fn customers(app: &App, customers: Vec<String>) -> Result<HashMap<String, i64>, DbErr> {
    let db = app.database.read();
    let customers: Vec<_> = customers.into_iter().filter(|customer| !customer.contains('\0')).collect();
    let id = customer::Column::StripeCustomerId;
    let present = customer::Entity::find().select_only().column(id).column(customer::Column::UserId);
    let mut owned: HashMap<_, _> =
        present.filter(id.is_in(&customers)).into_tuple::<(String, i64)>().all(db).await?.into_iter().collect();
    let id = former_customer::Column::StripeCustomerId;
    let former = former_customer::Entity::find().select_only().column(id).column(former_customer::Column::UserId);
    owned.extend(former.filter(id.is_in(&customers)).into_tuple::<(String, i64)>().all(db).await?);
    Ok(owned)
}

/// The users of those payments that are ours.
pub(super) async fn payments(app: &App, intents: Vec<String>) -> Result<HashMap<String, i64>, DbErr> {
    let id = payment_intent::Column::StripePaymentIntentId;
    let rows = payment_intent::Entity::find().select_only().column(id).column(payment_intent::Column::UserId);
    let rows = rows.filter(id.is_in(intents)).into_tuple::<(String, i64)>().all(app.database.read()).await?;
    Ok(rows.into_iter().collect())
}
