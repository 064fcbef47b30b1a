//! Automatic top-ups. The credits follow the paid invoice, from whatever shows it; everything else that Stripe reports about a
//! top-up only changes its state.

use entity::{
    auto_top_up::{self, Pause},
    payment::{self, Status},
    top_up::{ActiveModel, Column, Entity, Model, State},
    work::Kind,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter,
};

use super::{
    auto_top_up::{count_decline, count_success, end_confirmation, pause_top_ups, touch, wait},
    change::change,
    context::{ApplyError, Context, NOT_OURS, Outcome},
    customer::owner_locked,
    object::Object,
    payment::purchase,
    refund, reversal,
};
use crate::{ledger, stripe::Invoice, work};

/// The state of a top-up at Stripe, as it was read or replied.
#[derive(Clone, Debug)]
pub struct TopUpReport {
    /// The user.
    pub user_id: i64,
    /// The number of the top-up.
    pub top_up: i64,
    /// The invoice, where there is one.
    pub invoice: Option<Invoice>,
    /// The outcome so far.
    pub outcome: TopUpOutcome,
}

/// The outcome of the charge of a top-up so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TopUpOutcome {
    /// Paid.
    Paid,
    /// The bank has not decided yet.
    Processing,
    /// The customer has to confirm the payment.
    ActionRequired,
    /// Declined, for this reason, and the invoice can no longer be paid.
    Declined(Option<String>),
    /// The saved card does not exist any longer, and nothing was charged.
    NoCard,
    /// Stripe refused it for another reason, and nothing was charged.
    Refused,
    /// The charge was given up: there is no invoice, or it can no longer be paid.
    Abandoned,
}

/// Applies what was reported about a top-up. One that has ended does not change.
pub(super) async fn apply(context: &Context<'_>, report: TopUpReport) -> Result<Outcome, ApplyError> {
    let TopUpReport { user_id, top_up, invoice, outcome } = report;
    if let (TopUpOutcome::Paid, Some(invoice)) = (&outcome, &invoice) {
        return grant(context, invoice).await;
    }
    ledger::lock(context.tx, user_id).await?;
    let row = find(context.tx, user_id, top_up).await?;
    let Some(row) = row.filter(|row| row.state.is_under_way()) else { return Ok(Outcome::Applied(None)) };
    let state = match outcome {
        TopUpOutcome::Processing => State::Processing,
        TopUpOutcome::ActionRequired => State::ActionRequired,
        _ => State::Failed,
    };
    let decline_code = if let TopUpOutcome::Declined(code) = &outcome { code.clone() } else { None };
    let ended_at = (!state.is_under_way()).then(|| context.clock.now());
    let change_of_row = ActiveModel {
        state: Set(state),
        decline_code: Set(decline_code),
        ended_at: Set(ended_at),
        ..with_invoice(&row, invoice.as_ref())
    };
    let was = row.state;
    change_of_row.update(context.tx).await?;
    if was == State::ActionRequired && state != was {
        end_confirmation(context, user_id).await?;
    }
    match outcome {
        TopUpOutcome::Declined(_) => count_decline(context, user_id).await?,
        TopUpOutcome::Abandoned => wait(context, user_id).await?,
        _ => touch(context, user_id, auto_top_up::ActiveModel { ..Default::default() }).await?,
    }
    let reason = match outcome {
        TopUpOutcome::ActionRequired if was != state => Some(Pause::ActionRequired),
        TopUpOutcome::NoCard => Some(Pause::NoCard),
        TopUpOutcome::Refused => Some(Pause::Refused),
        _ => None,
    };
    if let Some(reason) = reason {
        pause_top_ups(context.tx, context.clock, user_id, reason).await?;
    }
    Ok(Outcome::Applied(Some(change(context.tx, user_id).await?)))
}

/// Applies a paid invoice from an event, which may lack the payments. Then a look follows.
pub(super) async fn apply_paid(context: &Context<'_>, invoice: &Invoice) -> Result<Outcome, ApplyError> {
    match &invoice.id {
        Some(id) if !invoice.is_paid() || (invoice.payment_intents.is_empty() && invoice.amount_paid > 0) => {
            Ok(Outcome::Look(Object::Invoice(id.clone())))
        }
        _ => grant(context, invoice).await,
    }
}

/// Posts the credits of a paid invoice that carries its payments, once.
pub(super) async fn grant(context: &Context<'_>, invoice: &Invoice) -> Result<Outcome, ApplyError> {
    let (Some(top_up), Some(id)) = (invoice.top_up(), &invoice.id) else {
        return Ok(Outcome::Ignored("not the invoice of a top-up"));
    };
    let Some(owner) = owner_locked(context, invoice.customer.as_deref()).await? else {
        return Ok(Outcome::Ignored(NOT_OURS));
    };
    let user_id = owner.row.user_id;
    let unknown = || ApplyError::Permanent(format!("{id} names a top-up that does not exist"));
    let row = find(context.tx, user_id, top_up).await?.ok_or_else(unknown)?;
    if row.stripe_invoice_id.as_ref().is_some_and(|known| known != id) {
        return Err(ApplyError::Permanent(format!("{id} names a top-up that has another invoice")));
    }
    let payment = match paid_by(context.tx, id).await? {
        Some(payment) => payment,
        None => new_payment(context, &row, invoice).insert(context.tx).await?,
    };
    purchase(context, &payment).await?;
    if let Some(intent) = invoice.payment_intents.first() {
        let paid = refund::record(context, user_id, intent, None).await?;
        reversal::apply(context, &paid).await?;
    }
    if row.state != State::Paid {
        let paid = ActiveModel {
            state: Set(State::Paid),
            payment_id: Set(Some(payment.id)),
            ended_at: Set(Some(context.clock.now())),
            decline_code: Set(None),
            ..with_invoice(&row, Some(invoice))
        };
        paid.update(context.tx).await?;
        end_confirmation(context, user_id).await?;
        count_success(context, user_id).await?;
    }
    Ok(Outcome::Applied(Some(change(context.tx, user_id).await?)))
}

/// Requests the task that goes on with a top-up whose invoice was read and is not paid.
pub(super) async fn go_on(context: &Context<'_>, invoice: &Invoice) -> Result<Outcome, ApplyError> {
    let Some(owner) = owner_locked(context, invoice.customer.as_deref()).await? else {
        return Ok(Outcome::Ignored(NOT_OURS));
    };
    work::due(context.tx, context.clock, Kind::TopUp, &owner.row.user_id.to_string()).await?;
    Ok(Outcome::Applied(None))
}

async fn find(tx: &impl ConnectionTrait, user_id: i64, top_up: i64) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(top_up).filter(Column::UserId.eq(user_id)).one(tx).await
}

/// The payment of an invoice of a top-up, once it is stored.
async fn paid_by(tx: &impl ConnectionTrait, invoice: &str) -> Result<Option<payment::Model>, DbErr> {
    payment::Entity::find().filter(payment::Column::StripeCheckoutSessionId.eq(invoice)).one(tx).await
}

/// The row with its invoice, once that is known.
fn with_invoice(row: &Model, invoice: Option<&Invoice>) -> ActiveModel {
    let id = invoice.and_then(|invoice| invoice.id.clone()).or_else(|| row.stripe_invoice_id.clone());
    let url = invoice.and_then(|invoice| invoice.hosted_url.clone()).or_else(|| row.invoice_url.clone());
    ActiveModel { id: Unchanged(row.id), stripe_invoice_id: Set(id), invoice_url: Set(url), ..Default::default() }
}

fn new_payment(context: &Context<'_>, row: &Model, invoice: &Invoice) -> payment::ActiveModel {
    let metadata = invoice.metadata.iter().map(|(key, value)| (key.clone(), value.as_str().into()));
    payment::ActiveModel {
        user_id: Set(row.user_id),
        stripe_payment_intent_id: Set(invoice.payment_intents.first().cloned()),
        stripe_checkout_session_id: Set(invoice.id.clone().unwrap_or_default()),
        stripe_invoice_id: Set(invoice.id.clone()),
        amount: Set(invoice.amount_paid),
        currency: Set(invoice.currency.clone()),
        status: Set(Status::Succeeded),
        credits_granted: Set(row.credits),
        amount_refunded: Set(0),
        amount_refund_pending: Set(0),
        amount_credited: Set(0),
        credit_fence: Set(0),
        credits_reversed: Set(0),
        metadata: Set(serde_json::Value::Object(metadata.collect())),
        created_at: Set(context.clock.now()),
        ..Default::default()
    }
}
