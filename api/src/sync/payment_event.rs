//! The events of payments for other services.

use entity::{account_event::Type, payment, payment_intent};
use serde_json::{Value, json};

use super::context::{ApplyError, Context};
use crate::{events, global_id::Noun, stripe::Invoice};

/// A pack was paid.
pub(super) async fn paid_pack(context: &Context<'_>, payment: &payment::Model) -> Result<(), ApplyError> {
    record(context, payment.user_id, Type::PaymentPaid, of_pack(payment)).await
}

/// The delayed payment of a pack failed.
pub(super) async fn failed_pack(context: &Context<'_>, payment: &payment::Model) -> Result<(), ApplyError> {
    record(context, payment.user_id, Type::PaymentFailed, of_pack(payment)).await
}

fn of_pack(payment: &payment::Model) -> Value {
    json!({
        "product": "PACK", "paymentId": Noun::Payment.id(payment.id).to_string(), "amount": payment.amount,
        "currency": payment.currency.to_uppercase(), "credits": payment.credits_granted,
        "stripePaymentIntentId": payment.stripe_payment_intent_id,
    })
}

/// An invoice of a plan was paid.
pub(super) async fn paid_invoice(
    context: &Context<'_>,
    user_id: i64,
    id: &str,
    invoice: &Invoice,
) -> Result<(), ApplyError> {
    let facts = json!({
        "product": "PLAN", "invoiceId": id, "amount": invoice.amount_paid, "currency": invoice.currency.to_uppercase(),
        "stripeSubscriptionId": invoice.subscription,
    });
    record(context, user_id, Type::PaymentPaid, facts).await
}

/// The refunded or the disputed amount of a payment changed. The amounts are those that are returned now, in all.
pub(super) async fn returned(
    context: &Context<'_>,
    before: &payment_intent::Model,
    after: &payment_intent::Model,
) -> Result<(), ApplyError> {
    let facts = json!({
        "product": if after.invoice_id.is_some() { "PLAN" } else { "PACK" },
        "stripePaymentIntentId": after.stripe_payment_intent_id, "amountRefunded": after.amount_refunded,
        "amountDisputed": after.amount_disputed,
    });
    if before.amount_refunded != after.amount_refunded {
        record(context, after.user_id, Type::PaymentRefunded, facts.clone()).await?;
    }
    if before.amount_disputed != after.amount_disputed {
        record(context, after.user_id, Type::PaymentDisputed, facts).await?;
    }
    Ok(())
}

async fn record(context: &Context<'_>, user_id: i64, kind: Type, facts: Value) -> Result<(), ApplyError> {
    Ok(events::record(context.tx, user_id, kind, facts, context.clock.now()).await?)
}
