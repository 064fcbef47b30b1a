//! Checkouts of credit packs, and of plans, whose subscription is looked at.

use entity::{
    auto_top_up::Pause,
    ledger_entry::ChangeType,
    payment::{self, Status},
    work::Kind,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{Set, Unchanged},
    ColumnTrait, EntityTrait, QueryFilter,
};

use super::{
    auto_top_up::pause_top_ups,
    change::change,
    checkout,
    context::{ApplyError, Context, NOT_OURS, Outcome},
    customer::owner_locked,
    object::Object,
    payment_event, refund, reversal,
};
use crate::{
    alert::{self, Reason},
    ledger::{self, PostOutcome, Posting, Unlimited, source},
    stripe::{Session, SessionMode, SessionStatus},
    work,
};

pub(super) async fn apply(context: &Context<'_>, session: Session, failed: bool) -> Result<Outcome, ApplyError> {
    let Some(customer) = owner_locked(context, session.customer.as_deref()).await? else {
        return Ok(Outcome::Ignored(NOT_OURS));
    };
    let user_id = customer.row.user_id;
    checkout::record(context, user_id, &session, failed).await?;
    if matches!(session.status, Some(SessionStatus::Open | SessionStatus::Expired)) {
        return Ok(Outcome::Applied(None));
    }
    if session.mode == SessionMode::Subscription {
        let subscription = session.subscription.map(Object::Subscription);
        return Ok(subscription.map_or(Outcome::Ignored("a checkout without a subscription"), Outcome::Look));
    }
    if session.is_of_card() {
        return Ok(Outcome::Look(Object::Card(session.id)));
    }
    if !checkout::is_of_pack(&session) {
        return Ok(Outcome::Ignored("not a checkout of a credit pack"));
    }
    let paid = session.is_paid();
    let status = match (paid, failed) {
        (true, _) => Status::Succeeded,
        (false, true) => Status::Failed,
        (false, false) => Status::Pending,
    };
    let payment = record(context, user_id, &session, status).await?;
    if paid {
        purchase(context, &payment).await?;
        let card = Some(Object::Card(session.id.clone())).filter(|card| session.saves_card() && card.is_plausible());
        if let Some(card) = card {
            work::due(context.tx, context.clock, Kind::Look, &card.key()).await?;
        }
    }
    if let Some(id) = &payment.stripe_payment_intent_id {
        let paid = refund::record(context, user_id, id, None).await?;
        reversal::apply(context, &paid).await?;
    }
    Ok(Outcome::Applied(Some(change(context.tx, user_id).await?)))
}

/// Writes the payment's row. A payment that succeeded stays so, and one that failed does not become pending again. Its invoice
/// may become known later.
async fn record(
    context: &Context<'_>,
    user_id: i64,
    session: &Session,
    status: Status,
) -> Result<payment::Model, ApplyError> {
    let stored = payment::Entity::find()
        .filter(payment::Column::StripeCheckoutSessionId.eq(&session.id))
        .one(context.tx)
        .await?;
    let is_forward = stored.as_ref().is_none_or(|stored| is_forward(stored.status, status));
    let payment = match stored {
        None => new(context, user_id, session, status)?.insert(context.tx).await?,
        Some(stored) => update(context, stored, session, is_forward.then_some(status)).await?,
    };
    if is_forward && status == Status::Failed {
        payment_event::failed_pack(context, &payment).await?;
        alert_of_failure(context, &payment).await?;
    }
    Ok(payment)
}

fn is_forward(stored: Status, incoming: Status) -> bool {
    match stored {
        Status::Pending => incoming != Status::Pending,
        Status::Failed => incoming == Status::Succeeded,
        _ => false,
    }
}

/// Writes a status, if there is a new one, and the invoice once it is known.
async fn update(
    context: &Context<'_>,
    stored: payment::Model,
    session: &Session,
    status: Option<Status>,
) -> Result<payment::Model, ApplyError> {
    let is_billed = stored.stripe_invoice_id.is_none() && session.invoice.is_some();
    if status.is_none() && !is_billed {
        return Ok(stored);
    }
    let mut update = payment::ActiveModel { id: Unchanged(stored.id), ..Default::default() };
    if let Some(status) = status {
        update.status = Set(status);
    }
    if is_billed {
        update.stripe_invoice_id = Set(session.invoice.clone());
    }
    Ok(update.update(context.tx).await?)
}

/// Alerts the user of a payment that failed after processing, such as a bank debit.
async fn alert_of_failure(context: &Context<'_>, payment: &payment::Model) -> Result<(), ApplyError> {
    let reason = Reason::PaymentFailed {
        payment: payment.stripe_checkout_session_id.clone(),
        tier: None,
        amount: Some((payment.amount, payment.currency.clone())),
    };
    alert::raise(context.tx, context.clock, payment.user_id, reason).await?;
    Ok(())
}

/// Records the invoice that a pack's payment has paid.
pub(super) async fn record_invoice(
    context: &Context<'_>,
    payment_intent: &str,
    invoice: &str,
) -> Result<(), ApplyError> {
    let update = payment::ActiveModel { stripe_invoice_id: Set(Some(invoice.to_owned())), ..Default::default() };
    payment::Entity::update_many()
        .set(update)
        .filter(payment::Column::StripePaymentIntentId.eq(payment_intent))
        .filter(payment::Column::StripeInvoiceId.is_null())
        .exec(context.tx)
        .await?;
    Ok(())
}

fn new(
    context: &Context<'_>,
    user_id: i64,
    session: &Session,
    status: Status,
) -> Result<payment::ActiveModel, ApplyError> {
    let credits = checkout::credits(session).ok_or_else(|| {
        ApplyError::Permanent(format!("the metadata of {} has no valid number of credits", session.id))
    })?;
    let metadata = session.metadata.iter().map(|(key, value)| (key.clone(), value.as_str().into()));
    Ok(payment::ActiveModel {
        user_id: Set(user_id),
        stripe_payment_intent_id: Set(session.payment_intent.clone()),
        stripe_checkout_session_id: Set(session.id.clone()),
        stripe_invoice_id: Set(session.invoice.clone()),
        amount: Set(session.amount_total),
        currency: Set(session.currency.clone()),
        status: Set(status),
        credits_granted: Set(credits),
        amount_refunded: Set(0),
        amount_refund_pending: Set(0),
        amount_credited: Set(0),
        credit_fence: Set(0),
        credits_reversed: Set(0),
        metadata: Set(serde_json::Value::Object(metadata.collect())),
        created_at: Set(context.clock.now()),
        ..Default::default()
    })
}

/// Writes the amount that was credited for the invoice of a pack, other than by a refund.
pub(super) async fn apply_credit(
    context: &Context<'_>,
    payment_intent: &str,
    invoice: &str,
    credited: i64,
    fence: i64,
) -> Result<Outcome, ApplyError> {
    let of_intent = || payment::Entity::find().filter(payment::Column::StripePaymentIntentId.eq(payment_intent));
    let Some(found) = of_intent().one(context.tx).await? else { return Ok(Outcome::Ignored(NO_PACK)) };
    ledger::lock(context.tx, found.user_id).await?;
    let stored = of_intent().one(context.tx).await?;
    let Some(stored) = stored.filter(|stored| stored.credit_fence <= fence) else { return Ok(Outcome::Applied(None)) };
    if credited > stored.amount_credited {
        pause_top_ups(context.tx, context.clock, stored.user_id, Pause::Refunded).await?;
    }
    let update = payment::ActiveModel {
        id: Unchanged(stored.id),
        amount_credited: Set(credited),
        credit_fence: Set(fence),
        ..Default::default()
    };
    update.update(context.tx).await?;
    record_invoice(context, payment_intent, invoice).await?;
    let paid = refund::record(context, stored.user_id, payment_intent, None).await?;
    reversal::apply(context, &paid).await?;
    Ok(Outcome::Applied(Some(change(context.tx, stored.user_id).await?)))
}

/// The reason recorded with an event about the invoice of a pack that is not stored.
const NO_PACK: &str = "the invoice bills no pack that is stored";

/// Posts the credits of a paid pack or top-up, once, and adds the event about it.
pub(super) async fn purchase(context: &Context<'_>, payment: &payment::Model) -> Result<(), ApplyError> {
    let posting = Posting {
        user_id: payment.user_id,
        change_type: ChangeType::Purchase,
        delta: payment.credits_granted,
        unlimited: Unlimited::Keep,
        source: source::payment(payment.reference()),
        reference: Some(payment.reference().to_owned()),
        notes: None,
        now: context.clock.now(),
    };
    if let PostOutcome::Applied(_) = ledger::post(context.tx, posting).await? {
        payment_event::paid_pack(context, payment).await?;
    }
    Ok(())
}
