//! Customers. Only we create them, so their ids come from our own replies. A customer that was deleted at Stripe is replaced
//! by another; events about the deleted one still belong to its user.

use entity::{
    customer, former_customer,
    subscription::{self, Status},
    user,
    work::Kind,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter,
};

use super::{
    change::change,
    context::{ApplyError, Context, NOT_OURS, Outcome},
    entitlement, subscription_event,
};
use crate::{ledger, work};

/// The user that a customer belongs to.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    /// The user's current customer.
    pub(super) row: customer::Model,
    /// The customer in question was deleted at Stripe.
    pub(super) former: bool,
}

/// The owner of a customer, if the customer is ours.
pub(super) async fn owner(tx: &impl ConnectionTrait, customer: Option<&str>) -> Result<Option<Owner>, DbErr> {
    // PostgreSQL cannot store NUL in text.
    let Some(customer) = customer.filter(|customer| !customer.contains('\0')) else { return Ok(None) };
    let present = customer::Entity::find().filter(customer::Column::StripeCustomerId.eq(customer)).one(tx).await?;
    match (former(tx, customer).await?, present) {
        (None, Some(row)) => Ok(Some(Owner { row, former: false })),
        (None, None) => Ok(None),
        (Some(former), _) => {
            let row = customer::Entity::find().filter(customer::Column::UserId.eq(former.user_id)).one(tx).await?;
            Ok(row.map(|row| Owner { row, former: true }))
        }
    }
}

/// As [`owner`], with the account locked. The owner is read again under the lock: the customer may have been deleted
/// meanwhile.
pub(super) async fn owner_locked(context: &Context<'_>, customer: Option<&str>) -> Result<Option<Owner>, ApplyError> {
    let Some(found) = owner(context.tx, customer).await? else { return Ok(None) };
    ledger::lock(context.tx, found.row.user_id).await?;
    Ok(owner(context.tx, customer).await?)
}

/// The user's customer (`cus_...`), unless there is none or it was deleted at Stripe.
///
/// # Errors
/// The database's.
pub async fn customer_of(db: &impl ConnectionTrait, user_id: i64) -> Result<Option<String>, DbErr> {
    let stored = customer::Entity::find().filter(customer::Column::UserId.eq(user_id)).one(db).await?;
    let Some(stored) = stored else { return Ok(None) };
    let deleted = former(db, &stored.stripe_customer_id).await?.is_some();
    Ok((!deleted).then_some(stored.stripe_customer_id))
}

async fn former(tx: &impl ConnectionTrait, customer: &str) -> Result<Option<former_customer::Model>, DbErr> {
    former_customer::Entity::find().filter(former_customer::Column::StripeCustomerId.eq(customer)).one(tx).await
}

pub(super) async fn apply(context: &Context<'_>, user_id: i64, customer: String) -> Result<Outcome, ApplyError> {
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
pub(super) async fn apply_deletion(context: &Context<'_>, customer: String) -> Result<Outcome, ApplyError> {
    let Some(owner) = owner_locked(context, Some(&customer)).await? else { return Ok(Outcome::Ignored(NOT_OURS)) };
    let user_id = owner.row.user_id;
    if !owner.former {
        let row = former_customer::ActiveModel {
            user_id: Set(user_id),
            stripe_customer_id: Set(customer),
            created_at: Set(context.clock.now()),
            ..Default::default()
        };
        row.insert(context.tx).await?;
        end_subscriptions(context, user_id, owner.row.id).await?;
        entitlement::apply(context.tx, context.clock, user_id).await?;
    }
    Ok(Outcome::Applied(Some(change(context.tx, user_id).await?)))
}

async fn end_subscriptions(context: &Context<'_>, user_id: i64, customer_id: i64) -> Result<(), ApplyError> {
    let current = subscription::Entity::find()
        .filter(subscription::Column::CustomerId.eq(customer_id))
        .filter(subscription::Column::Status.is_not_in(Status::ENDED))
        .all(context.tx)
        .await?;
    for subscription in current {
        let row = subscription::ActiveModel {
            id: Unchanged(subscription.id),
            status: Set(Status::Canceled),
            version: Set(subscription.version + 1),
            updated_at: Set(context.clock.now()),
            ..Default::default()
        };
        let row = row.update(context.tx).await?;
        subscription_event::changed(context, user_id, &row).await?;
    }
    Ok(())
}

/// Requests the end of what was paid or saved while its user closed the account.
pub(super) async fn request_end_if_closed(context: &Context<'_>, user_id: i64) -> Result<(), ApplyError> {
    let closed = user::Entity::find_by_id(user_id).filter(user::Column::ClosedAt.is_not_null()).one(context.tx).await?;
    if closed.is_some() {
        work::due(context.tx, context.clock, Kind::Customer, &user_id.to_string()).await?;
    }
    Ok(())
}
