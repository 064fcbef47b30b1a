//! Customers: only ever made by us, so only ever learned from a reply. One that is deleted at Stripe makes way for another,
//! and what is still said of it is said of its user.

use entity::{
    customer, former_customer,
    subscription::{self, Status},
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter,
};

use super::{Context, NOT_OURS, Outcome, Trouble, entitlement, news};
use crate::ledger;

/// Whom a customer belongs to.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    /// The user's row.
    pub(super) row: customer::Model,
    /// The customer was deleted at Stripe.
    pub(super) former: bool,
}

/// The owner of a customer, when the customer is ours.
pub(super) async fn owner(tx: &impl ConnectionTrait, customer: Option<&str>) -> Result<Option<Owner>, DbErr> {
    // PostgreSQL takes no NUL in a text.
    let Some(customer) = customer.filter(|customer| !customer.contains('\0')) else { return Ok(None) };
    let former = former(tx, customer).await?;
    let owner = match &former {
        Some(former) => customer::Entity::find().filter(customer::Column::UserId.eq(former.user_id)),
        None => customer::Entity::find().filter(customer::Column::StripeCustomerId.eq(customer)),
    };
    Ok(owner.one(tx).await?.map(|row| Owner { row, former: former.is_some() }))
}

/// The user's customer (`cus_...`), unless there is none, or it was deleted at Stripe.
///
/// # Errors
/// What the database says.
pub async fn customer_of(db: &impl ConnectionTrait, user_id: i64) -> Result<Option<String>, DbErr> {
    let known = customer::Entity::find().filter(customer::Column::UserId.eq(user_id)).one(db).await?;
    let Some(known) = known else { return Ok(None) };
    let deleted = former(db, &known.stripe_customer_id).await?.is_some();
    Ok((!deleted).then_some(known.stripe_customer_id))
}

async fn former(tx: &impl ConnectionTrait, customer: &str) -> Result<Option<former_customer::Model>, DbErr> {
    former_customer::Entity::find().filter(former_customer::Column::StripeCustomerId.eq(customer)).one(tx).await
}

pub(super) async fn settle(context: &Context<'_>, user_id: i64, customer: String) -> Result<Outcome, Trouble> {
    ledger::lock(context.tx, user_id).await?;
    if customer_of(context.tx, user_id).await?.is_some() {
        return Ok(Outcome::Applied(None));
    }
    let deleted = customer::Entity::find().filter(customer::Column::UserId.eq(user_id)).one(context.tx).await?;
    if let Some(deleted) = deleted {
        let id = Unchanged(deleted.id);
        let row = customer::ActiveModel { id, stripe_customer_id: Set(customer), ..Default::default() };
        row.update(context.tx).await?;
    } else {
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

/// The balance stays; the subscriptions are over.
pub(super) async fn settle_deletion(context: &Context<'_>, customer: String) -> Result<Outcome, Trouble> {
    let Some(owner) = owner(context.tx, Some(&customer)).await? else { return Ok(Outcome::Ignored(NOT_OURS)) };
    let user_id = owner.row.user_id;
    ledger::lock(context.tx, user_id).await?;
    if former(context.tx, &customer).await?.is_none() {
        let row = former_customer::ActiveModel {
            user_id: Set(user_id),
            stripe_customer_id: Set(customer),
            created_at: Set(context.clock.now()),
            ..Default::default()
        };
        row.insert(context.tx).await?;
        end_subscriptions(context, owner.row.id).await?;
        entitlement::settle(context, user_id).await?;
    }
    Ok(Outcome::Applied(Some(news(context.tx, user_id, false).await?)))
}

async fn end_subscriptions(context: &Context<'_>, customer_id: i64) -> Result<(), Trouble> {
    let living = subscription::Entity::find()
        .filter(subscription::Column::CustomerId.eq(customer_id))
        .filter(subscription::Column::Status.is_not_in([Status::Canceled, Status::IncompleteExpired]))
        .all(context.tx)
        .await?;
    for subscription in living {
        let row = subscription::ActiveModel {
            id: Unchanged(subscription.id),
            status: Set(Status::Canceled),
            version: Set(subscription.version + 1),
            updated_at: Set(context.clock.now()),
            ..Default::default()
        };
        row.update(context.tx).await?;
    }
    Ok(())
}
