//! The paid periods of subscriptions. A period is named by its end, which the full and the proration lines of all its
//! invoices share.

use entity::{Tier, invoice, invoice_period, ledger_entry::ChangeType, period};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{Set, Unchanged},
    ColumnTrait, EntityTrait, QueryFilter,
};

use super::{
    context::{ApplyError, Context},
    credits::Share,
    entitlement,
};
use crate::ledger::{self, Posting, Unlimited, source};

/// Records what an invoice grants to a period. The account is locked, and the invoice is new.
pub(super) async fn grant(context: &Context<'_>, invoice: &invoice::Model, share: Share) -> Result<(), ApplyError> {
    let reference = source::period(&share.subscription, share.period_end);
    let period = record(context, invoice.user_id, &reference, &share).await?;
    let line = invoice_period::ActiveModel {
        invoice_id: Set(invoice.id),
        period_id: Set(period.id),
        tier: Set(share.tier),
        prorated: Set(share.prorated),
        credits: Set(share.credits),
        paid: Set(share.paid),
        ..Default::default()
    };
    line.insert(context.tx).await?;
    if share.credits == 0 && share.tier != Tier::Studio {
        return Ok(());
    }
    let now = context.clock.now();
    let until = entitlement::unlimited_until(context.tx, invoice.user_id, now).await?;
    entitlement::request_end(context.tx, context.clock, invoice.user_id, until).await?;
    let posting = Posting {
        user_id: invoice.user_id,
        change_type: ChangeType::Grant,
        delta: share.credits,
        unlimited: Unlimited::Until(until),
        source: source::grant(&invoice.stripe_invoice_id, &reference),
        reference: Some(reference),
        notes: None,
        now,
    };
    ledger::post(context.tx, posting).await?;
    Ok(())
}

/// Adds the share to the period's sums.
async fn record(
    context: &Context<'_>,
    user_id: i64,
    reference: &str,
    share: &Share,
) -> Result<period::Model, ApplyError> {
    let stored = period::Entity::find().filter(period::Column::Reference.eq(reference)).one(context.tx).await?;
    let Some(stored) = stored else {
        let row = period::ActiveModel {
            user_id: Set(user_id),
            stripe_subscription_id: Set(share.subscription.clone()),
            period_end: Set(share.period_end),
            reference: Set(reference.to_owned()),
            tier: Set(share.tier),
            paid: Set(share.paid),
            returned: Set(0),
            credits_granted: Set(share.credits),
            credits_reversed: Set(0),
            created_at: Set(context.clock.now()),
            ..Default::default()
        };
        return Ok(row.insert(context.tx).await?);
    };
    if stored.user_id != user_id {
        return Err(ApplyError::Permanent(format!("the period {reference} belongs to another user")));
    }
    let update = period::ActiveModel {
        id: Unchanged(stored.id),
        tier: Set(stored.tier.max(share.tier)),
        paid: Set(stored.paid + share.paid),
        credits_granted: Set(stored.credits_granted + share.credits),
        ..Default::default()
    };
    Ok(update.update(context.tx).await?)
}
