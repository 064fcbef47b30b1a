//! Payments, and the amounts of them that were returned by refunds and disputes.

use entity::{auto_top_up::Pause, payment_intent};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter,
};

use super::{
    auto_top_up,
    change::{Change, change},
    context::{ApplyError, Context},
    payment_event, reversal,
};
use crate::{ledger, stripe::ReturnedAmounts};

pub(super) async fn find(tx: &impl ConnectionTrait, id: &str) -> Result<Option<payment_intent::Model>, DbErr> {
    payment_intent::Entity::find().filter(payment_intent::Column::StripePaymentIntentId.eq(id)).one(tx).await
}

/// Records a payment as one of a user, for an invoice or else for a pack. The account is locked already.
pub(super) async fn record(
    context: &Context<'_>,
    user_id: i64,
    id: &str,
    invoice: Option<i64>,
) -> Result<payment_intent::Model, ApplyError> {
    if let Some(stored) = find(context.tx, id).await? {
        if stored.user_id == user_id {
            return Ok(stored);
        }
        return Err(ApplyError::Permanent(format!("the payment {id} belongs to another user")));
    }
    let row = payment_intent::ActiveModel {
        user_id: Set(user_id),
        stripe_payment_intent_id: Set(id.to_owned()),
        invoice_id: Set(invoice),
        amount_refunded: Set(0),
        amount_refund_pending: Set(0),
        amount_disputed: Set(0),
        fence: Set(0),
        created_at: Set(context.clock.now()),
        ..Default::default()
    };
    Ok(row.insert(context.tx).await?)
}

/// Writes the returned amounts of a payment, as a look with this fence read them. `None` where a later look was applied.
pub(super) async fn apply(
    context: &Context<'_>,
    id: &str,
    returned: ReturnedAmounts,
    fence: i64,
) -> Result<Option<Change>, ApplyError> {
    let Some(found) = find(context.tx, id).await? else { return Ok(None) };
    ledger::lock(context.tx, found.user_id).await?;
    let Some(stored) = find(context.tx, id).await?.filter(|stored| stored.fence <= fence) else { return Ok(None) };
    let update = payment_intent::ActiveModel {
        id: Unchanged(stored.id),
        amount_refunded: Set(returned.refunded),
        amount_refund_pending: Set(returned.refund_pending),
        amount_disputed: Set(returned.disputed),
        fence: Set(fence),
        ..Default::default()
    };
    let payment = update.update(context.tx).await?;
    pause_top_ups(context, &stored, &payment).await?;
    reversal::apply(context, &payment).await?;
    payment_event::returned(context, &stored, &payment).await?;
    Ok(Some(change(context.tx, payment.user_id).await?))
}

/// Pauses automatic top-ups once more of a payment is returned: credits that were reversed are not bought again.
async fn pause_top_ups(
    context: &Context<'_>,
    before: &payment_intent::Model,
    after: &payment_intent::Model,
) -> Result<(), ApplyError> {
    let reason = if after.amount_disputed > before.amount_disputed {
        Pause::Disputed
    } else if after.amount_refunded > before.amount_refunded {
        Pause::Refunded
    } else {
        return Ok(());
    };
    Ok(auto_top_up::pause_top_ups(context.tx, context.clock, after.user_id, reason).await?)
}
