//! Refunds, and what a charge says of them in one figure.

use entity::{
    payment_intent,
    refund::{self, State},
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{Set, Unchanged},
    ColumnTrait, EntityTrait, QueryFilter,
};

use super::{Context, NO_PAYMENT, NOT_OURS, Outcome, Trouble, news, owner, payment_intent as payments, reversal};
use crate::stripe::{Charge, Refund, RefundStatus};

pub(super) async fn settle(context: &Context<'_>, refund: Refund) -> Result<Outcome, Trouble> {
    let Some(payment) = refund.payment_intent.as_deref() else { return Ok(Outcome::Ignored(NO_PAYMENT)) };
    if refund.customer.is_some() && owner(context.tx, refund.customer.as_deref()).await?.is_none() {
        return Ok(Outcome::Ignored(NOT_OURS));
    }
    let Some(payment) = payments::lock(context, payment).await? else {
        return Ok(Outcome::Waits(payment.to_owned()));
    };
    record(context, &payment, &refund).await?;
    reversal::settle(context, &payment).await?;
    Ok(Outcome::Applied(Some(news(context.tx, payment.user_id, false).await?)))
}

/// A refund only moves on: its state's order is that of its life.
async fn record(context: &Context<'_>, payment: &payment_intent::Model, refund: &Refund) -> Result<(), Trouble> {
    let state = match refund.status {
        RefundStatus::Pending => State::Pending,
        RefundStatus::Succeeded => State::Succeeded,
        RefundStatus::Failed => State::Failed,
    };
    let known = refund::Entity::find().filter(refund::Column::StripeRefundId.eq(&refund.id)).one(context.tx).await?;
    let Some(known) = known else {
        let row = refund::ActiveModel {
            payment_intent_id: Set(payment.id),
            stripe_refund_id: Set(refund.id.clone()),
            amount: Set(refund.amount),
            state: Set(state),
            created_at: Set(context.clock.now()),
            ..Default::default()
        };
        row.insert(context.tx).await?;
        return Ok(());
    };
    if state > known.state {
        let row = refund::ActiveModel { id: Unchanged(known.id), state: Set(state), ..Default::default() };
        row.update(context.tx).await?;
    }
    Ok(())
}

/// The figure of a charge only grows. An older API version names the invoice too, and so links the two.
pub(super) async fn settle_charge(context: &Context<'_>, charge: Charge) -> Result<Outcome, Trouble> {
    if owner(context.tx, charge.customer.as_deref()).await?.is_none() {
        return Ok(Outcome::Ignored(NOT_OURS));
    }
    let Some(id) = charge.payment_intent.as_deref() else { return Ok(Outcome::Ignored(NO_PAYMENT)) };
    if let Some(invoice) = &charge.invoice
        && !super::invoice::link(context, invoice, id).await?
    {
        return Ok(Outcome::Waits(invoice.clone()));
    }
    let Some(payment) = payments::lock(context, id).await? else { return Ok(Outcome::Waits(id.to_owned())) };
    if charge.amount_refunded > payment.amount_refunded {
        let row = payment_intent::ActiveModel {
            id: Unchanged(payment.id),
            amount_refunded: Set(charge.amount_refunded),
            ..Default::default()
        };
        let payment = row.update(context.tx).await?;
        reversal::settle(context, &payment).await?;
    }
    Ok(Outcome::Applied(Some(news(context.tx, payment.user_id, false).await?)))
}
