//! Money that was paid to us, and how much of it went back.

use std::collections::HashMap;

use entity::{dispute, payment_intent, refund};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::{Context, Trouble};
use crate::ledger;

/// What went back of a payment, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Returned {
    /// By refunds that did not fail.
    pub(super) refunded: i64,
    /// By disputes.
    pub(super) disputed: i64,
}

/// Finds a payment that is known to be ours, and locks its user's account: what is read of it then cannot be overtaken.
pub(super) async fn lock(context: &Context<'_>, id: &str) -> Result<Option<payment_intent::Model>, Trouble> {
    let Some(found) = find(context.tx, id).await? else { return Ok(None) };
    ledger::lock(context.tx, found.user_id).await?;
    Ok(find(context.tx, id).await?)
}

async fn find(tx: &impl ConnectionTrait, id: &str) -> Result<Option<payment_intent::Model>, DbErr> {
    payment_intent::Entity::find().filter(payment_intent::Column::StripePaymentIntentId.eq(id)).one(tx).await
}

/// Makes a payment known as one of a user, for an invoice or else for a pack. The account is locked already.
pub(super) async fn know(
    context: &Context<'_>,
    user_id: i64,
    id: &str,
    invoice: Option<i64>,
) -> Result<payment_intent::Model, Trouble> {
    if let Some(known) = find(context.tx, id).await? {
        let same = known.user_id == user_id;
        return same.then_some(known).ok_or_else(|| Trouble::Odd(format!("the payment {id} is another user's")));
    }
    let row = payment_intent::ActiveModel {
        user_id: Set(user_id),
        stripe_payment_intent_id: Set(id.to_owned()),
        invoice_id: Set(invoice),
        amount_refunded: Set(0),
        created_at: Set(context.clock.now()),
        ..Default::default()
    };
    Ok(row.insert(context.tx).await?)
}

/// What went back of some payments, by their rows' numbers.
pub(super) async fn returned(
    tx: &impl ConnectionTrait,
    payments: &[payment_intent::Model],
) -> Result<HashMap<i64, Returned>, DbErr> {
    let ids: Vec<_> = payments.iter().map(|payment| payment.id).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let refunds = refund::Entity::find().filter(refund::Column::PaymentIntentId.is_in(ids.clone())).all(tx).await?;
    let disputes = dispute::Entity::find().filter(dispute::Column::PaymentIntentId.is_in(ids)).all(tx).await?;
    let of = |payment: &payment_intent::Model| {
        let refunds = refunds.iter().filter(|refund| refund.payment_intent_id == payment.id);
        let disputes = disputes.iter().filter(|dispute| dispute.payment_intent_id == payment.id && dispute.holds);
        let returned = Returned {
            refunded: refunded(payment.amount_refunded, refunds.map(|refund| (refund.amount, refund.state))),
            disputed: disputes.map(|dispute| dispute.amount).sum(),
        };
        (payment.id, returned)
    };
    Ok(payments.iter().map(of).collect())
}

/// What was refunded by what a charge and its refunds say, either of whom may not have been heard. A charge counts its
/// failed refunds too. Stripe documentation: "Refund failures".
fn refunded(by_charge: i64, refunds: impl Iterator<Item = (i64, refund::State)>) -> i64 {
    let (mut sum, mut failed) = (0, 0);
    for (amount, state) in refunds {
        sum += amount;
        failed += if state == refund::State::Failed { amount } else { 0 };
    }
    (by_charge.max(sum) - failed).max(0)
}

#[cfg(test)]
mod tests {
    use refund::State::{Failed, Pending, Succeeded};

    use super::*;

    #[test]
    fn charge_and_refunds_together_count_once() {
        assert_eq!(refunded(0, [(200, Succeeded), (100, Pending)].into_iter()), 300);
        assert_eq!(refunded(300, [].into_iter()), 300);
        assert_eq!(refunded(300, [(200, Succeeded), (100, Pending)].into_iter()), 300);
        assert_eq!(refunded(300, [(200, Succeeded)].into_iter()), 300);
    }

    #[test]
    fn a_failed_refund_does_not_count_whoever_told_of_it() {
        assert_eq!(refunded(0, [(200, Failed)].into_iter()), 0);
        assert_eq!(refunded(200, [(200, Failed)].into_iter()), 0);
        assert_eq!(refunded(500, [(200, Failed)].into_iter()), 300);
        assert_eq!(refunded(500, [(200, Failed), (300, Succeeded)].into_iter()), 300);
        assert_eq!(refunded(100, [(200, Failed)].into_iter()), 0);
    }
}
