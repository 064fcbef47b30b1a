//! Customers: only ever made by us, so only ever learned from a reply.

use entity::customer;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use super::{Context, Outcome, Trouble};
use crate::ledger;

pub(super) async fn settle(context: &Context<'_>, user_id: i64, customer: String) -> Result<Outcome, Trouble> {
    ledger::lock(context.tx, user_id).await?;
    let known = customer::Entity::find().filter(customer::Column::UserId.eq(user_id)).one(context.tx).await?;
    if known.is_none() {
        let row = customer::ActiveModel {
            user_id: Set(user_id),
            stripe_customer_id: Set(customer),
            created_at: Set(context.clock.now()),
            ..Default::default()
        };
        row.insert(context.tx).await?;
    }
    Ok(Outcome::Applied(None))
}
