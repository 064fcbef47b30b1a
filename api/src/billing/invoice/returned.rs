//! The money of invoices that was returned. At Stripe an invoice stays paid, whatever was refunded of its payment.

use std::collections::HashMap;

use entity::{invoice, payment, payment_intent};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

/// The returned money of an invoice, in the smallest unit of the currency (cents). Both amounts are at most what was paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReturnedMoney {
    /// The amount that was refunded, or credited by a note. A refund that is under way counts.
    pub refunded: i64,
    /// The amount that banks hold for disputes, or took for good.
    pub disputed: i64,
}

impl ReturnedMoney {
    fn of(paid: i64, refunded: i64, disputed: i64) -> Self {
        let refunded = refunded.clamp(0, paid.max(0));
        Self { refunded, disputed: disputed.clamp(0, paid.max(0) - refunded) }
    }
}

/// The returned money of a user's invoices, by their ids at Stripe. Invoices of which nothing is stored are left out.
///
/// # Errors
/// The database's.
pub(super) async fn by_invoices(
    db: &impl ConnectionTrait,
    user_id: i64,
    ids: &[&str],
) -> Result<HashMap<String, ReturnedMoney>, DbErr> {
    let mut returned = of_plans(db, user_id, ids).await?;
    returned.extend(of_packs(db, user_id, ids).await?);
    Ok(returned)
}

async fn of_plans(
    db: &impl ConnectionTrait,
    user_id: i64,
    ids: &[&str],
) -> Result<HashMap<String, ReturnedMoney>, DbErr> {
    let invoices = invoice::Entity::find()
        .filter(invoice::Column::UserId.eq(user_id))
        .filter(invoice::Column::StripeInvoiceId.is_in(ids.iter().copied()))
        .all(db)
        .await?;
    let rows = invoices.iter().map(|invoice| invoice.id);
    let payments = payment_intent::Entity::find().filter(payment_intent::Column::InvoiceId.is_in(rows)).all(db).await?;
    let returned = invoices.into_iter().map(|invoice| {
        let own = || payments.iter().filter(|payment| payment.invoice_id == Some(invoice.id));
        let refunded = own().map(|payment| payment.amount_refunded).sum::<i64>() + invoice.amount_credited;
        let disputed = own().map(|payment| payment.amount_disputed).sum();
        (invoice.stripe_invoice_id.clone(), ReturnedMoney::of(invoice.amount_paid, refunded, disputed))
    });
    Ok(returned.collect())
}

async fn of_packs(
    db: &impl ConnectionTrait,
    user_id: i64,
    ids: &[&str],
) -> Result<HashMap<String, ReturnedMoney>, DbErr> {
    let packs = payment::Entity::find()
        .filter(payment::Column::UserId.eq(user_id))
        .filter(payment::Column::StripeInvoiceId.is_in(ids.iter().copied()))
        .all(db)
        .await?;
    let names = packs.iter().filter_map(|pack| pack.stripe_payment_intent_id.as_deref());
    let payments = payment_intent::Entity::find()
        .filter(payment_intent::Column::StripePaymentIntentId.is_in(names))
        .all(db)
        .await?;
    let returned = packs.iter().filter_map(|pack| {
        let own = |payment: &&payment_intent::Model| {
            pack.stripe_payment_intent_id.as_ref() == Some(&payment.stripe_payment_intent_id)
        };
        let disputed = payments.iter().find(own).map_or(0, |payment| payment.amount_disputed);
        let refunded = pack.amount_refunded + pack.amount_credited;
        Some((pack.stripe_invoice_id.clone()?, ReturnedMoney::of(pack.amount, refunded, disputed)))
    });
    Ok(returned.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_returned_than_was_paid() {
        let money = |refunded, disputed| ReturnedMoney { refunded, disputed };
        assert_eq!(ReturnedMoney::of(800, 200, 100), money(200, 100));
        assert_eq!(ReturnedMoney::of(800, 600, 400), money(600, 200));
        assert_eq!(ReturnedMoney::of(800, 900, 400), money(800, 0));
        assert_eq!(ReturnedMoney::of(0, 900, 400), money(0, 0));
    }
}
