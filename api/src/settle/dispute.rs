//! Disputes: how they stand, and whether the bank holds the money.
//!
//! The two are kept apart, each with the second in which it was so. Money is held from its withdrawal, or a loss, until it
//! is reinstated, or the dispute is won; an inquiry (`warning_...`) moves nothing. Where a withdrawal is not told as such,
//! the movements that the dispute carries tell it.

use entity::{dispute, payment_intent};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{Set, Unchanged},
    ColumnTrait, EntityTrait, QueryFilter,
};

use super::{Context, Moved, NO_PAYMENT, Outcome, Trouble, news, payment_intent as payments, reversal};
use crate::stripe::Dispute;

/// What a fact says of a dispute.
struct Told {
    dispute: Dispute,
    at: i64,
    /// Whether the bank holds the money, where the fact says so.
    holds: Option<bool>,
}

pub(super) async fn settle(
    context: &Context<'_>,
    dispute: Dispute,
    at: i64,
    moved: Option<Moved>,
) -> Result<Outcome, Trouble> {
    let Some(payment) = dispute.payment_intent.as_deref() else { return Ok(Outcome::Ignored(NO_PAYMENT)) };
    let Some(payment) = payments::lock(context, payment).await? else {
        return Ok(Outcome::Waits(payment.to_owned()));
    };
    let holds = holds(&dispute, moved);
    record(context, &payment, Told { dispute, at, holds }).await?;
    reversal::settle(context, &payment).await?;
    Ok(Outcome::Applied(Some(news(context.tx, payment.user_id, false).await?)))
}

async fn record(context: &Context<'_>, payment: &payment_intent::Model, told: Told) -> Result<(), Trouble> {
    let known =
        dispute::Entity::find().filter(dispute::Column::StripeDisputeId.eq(&told.dispute.id)).one(context.tx).await?;
    let Some(known) = known else {
        let row = dispute::ActiveModel {
            payment_intent_id: Set(payment.id),
            stripe_dispute_id: Set(told.dispute.id),
            amount: Set(told.dispute.amount),
            status: Set(told.dispute.status),
            observed_at: Set(told.at),
            holds: Set(told.holds.unwrap_or_default()),
            moved_at: Set(if told.holds.is_some() { told.at } else { NEVER }),
            created_at: Set(context.clock.now()),
            ..Default::default()
        };
        row.insert(context.tx).await?;
        return Ok(());
    };
    let mut row = dispute::ActiveModel { id: Unchanged(known.id), ..Default::default() };
    let order = |at, status: &str, amount| (at, stage(status), amount);
    if order(told.at, &told.dispute.status, told.dispute.amount) > order(known.observed_at, &known.status, known.amount)
    {
        row.amount = Set(told.dispute.amount);
        row.status = Set(told.dispute.status);
        row.observed_at = Set(told.at);
    }
    // Within one second the money comes back after it was taken.
    if let Some(holds) = told.holds
        && (told.at, !holds) > (known.moved_at, !known.holds)
    {
        row.holds = Set(holds);
        row.moved_at = Set(told.at);
    }
    if row.is_changed() {
        row.update(context.tx).await?;
    }
    Ok(())
}

/// Before every second that Stripe knows.
const NEVER: i64 = 0;

/// Whether the bank holds the money, by what is told; `None` when that says nothing of it.
pub(super) fn holds(dispute: &Dispute, moved: Option<Moved>) -> Option<bool> {
    match (moved, dispute.status.as_str()) {
        (Some(Moved::Withdrawn), _) => Some(true),
        (Some(Moved::Reinstated), _) | (None, "won") => Some(false),
        (None, status) if dispute.movements.is_empty() => (status == "lost").then_some(true),
        // Also of a loss, since banks may give the money back even then.
        (None, _) => Some(dispute.movements.iter().sum::<i64>() < 0),
    }
}

/// How far a dispute is in its life, for those states that are told within one second.
fn stage(status: &str) -> u8 {
    match status {
        "warning_needs_response" => 0,
        "warning_under_review" => 1,
        "warning_closed" => 2,
        "needs_response" => 3,
        "lost" => 5,
        "won" => 6,
        // Under review, or something that Stripe has added since.
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dispute(status: &str, movements: &[i64]) -> Dispute {
        Dispute {
            id: "du_1".to_owned(),
            payment_intent: Some("pi_1".to_owned()),
            amount: 500,
            status: status.to_owned(),
            movements: movements.to_vec(),
        }
    }

    #[test]
    fn money_is_held_from_its_withdrawal_until_it_is_reinstated() {
        assert_eq!(holds(&dispute("needs_response", &[]), None), None);
        assert_eq!(holds(&dispute("needs_response", &[-500]), None), Some(true));
        assert_eq!(holds(&dispute("needs_response", &[]), Some(Moved::Withdrawn)), Some(true));
        assert_eq!(holds(&dispute("lost", &[]), None), Some(true));
        assert_eq!(holds(&dispute("lost", &[-500]), None), Some(true));
        assert_eq!(holds(&dispute("lost", &[-500, 500]), None), Some(false));
        assert_eq!(holds(&dispute("won", &[-500]), None), Some(false));
        assert_eq!(holds(&dispute("lost", &[-500, 500]), Some(Moved::Reinstated)), Some(false));
        assert_eq!(holds(&dispute("under_review", &[-500, 500]), None), Some(false));
    }

    #[test]
    fn an_inquiry_moves_nothing() {
        for status in ["warning_needs_response", "warning_under_review", "warning_closed"] {
            assert_eq!(holds(&dispute(status, &[]), None), None);
        }
    }
}
