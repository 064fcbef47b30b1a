//! Credits taken back for money that went back, and given back when the money stays after all.
//!
//! How much is reversed is never added up from what happens, but follows from what is known: of what was granted, the
//! share of the money that is not ours any more, by refunds or by disputes. The difference to what was reversed so far is
//! booked. So any order of the same facts ends alike, and so does any number of them.
//!
//! A pack has one payment, which stands behind all of its credits.
//!
//! A period may have several invoices, each with payments of its own: one for its start, one for each upgrade in its
//! midst. What it granted is taken for layers, a layer for each tier that was paid, from the least credits to the most: who
//! went from CORE to PRO has a layer of 25 credits and upon it one of 75. An upgrade is invoiced for the difference to the
//! tier below, so the credits of a higher layer are cheaper. Whichever invoice money goes back of, it goes back of the
//! highest layer first: what is left has paid for the lower ones, and nobody keeps the cheaper credits alone. This does not
//! ask which invoice was told first; and a refund of the upgrade leaves what CORE had paid for. STUDIO's layer holds no
//! credits and stands apart: when all that was paid for it went back, the period gives no unlimited exports any more. An
//! invoice that cost nothing, by a coupon or a credit, stands behind nothing: no money can go back for it.
//!
//! An invoice that paid for several periods gives the same share back of each.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use entity::{
    Tier, invoice, invoice_period,
    ledger_entry::ChangeType,
    payment::{self, Status},
    payment_intent, period,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter,
};

use super::{
    Context, Trouble, entitlement,
    payment_intent::{Returned, returned},
};
use crate::{
    app::App,
    error::Error,
    ledger::{self, Posting, Unlimited, source},
};

/// Settles what went back of a payment. The account is locked already.
pub(super) async fn settle(context: &Context<'_>, payment: &payment_intent::Model) -> Result<(), Trouble> {
    match payment.invoice_id {
        Some(invoice) => of_invoice(context, invoice).await,
        None => of_pack(context, payment).await,
    }
}

/// Settles what went back of a pack, once its credits are booked.
pub(super) async fn of_pack(context: &Context<'_>, paid: &payment_intent::Model) -> Result<(), Trouble> {
    let pack = payment::Entity::find()
        .filter(payment::Column::StripePaymentIntentId.eq(&paid.stripe_payment_intent_id))
        .one(context.tx)
        .await?;
    let Some(pack) = pack.filter(|pack| !matches!(pack.status, Status::Pending | Status::Failed)) else {
        return Ok(());
    };
    let returned = returned(context.tx, std::slice::from_ref(paid)).await?;
    let returned = returned.get(&paid.id).copied().unwrap_or_default();
    let reversed = share(pack.credits_granted, returned.refunded + returned.disputed, pack.amount);
    let reference = pack.reference().to_owned();
    let booked = (pack.user_id, pack.credits_reversed);
    let row = payment::ActiveModel {
        id: Unchanged(pack.id),
        status: Set(status(&pack, returned)),
        amount_refunded: Set(returned.refunded.min(pack.amount)),
        credits_reversed: Set(reversed),
        ..Default::default()
    };
    row.update(context.tx).await?;
    post(context, booked, reversed, reference).await
}

fn status(pack: &payment::Model, returned: Returned) -> Status {
    match returned {
        Returned { disputed: 1.., .. } => Status::Disputed,
        Returned { refunded: 0, .. } => Status::Succeeded,
        Returned { refunded, .. } if refunded < pack.amount => Status::PartiallyRefunded,
        Returned { .. } => Status::Refunded,
    }
}

/// Settles what went back of everything that an invoice has paid for.
pub(super) async fn of_invoice(context: &Context<'_>, invoice: i64) -> Result<(), Trouble> {
    let paid_for = invoice_period::Entity::find()
        .filter(invoice_period::Column::InvoiceId.eq(invoice))
        .find_also_related(period::Entity)
        .all(context.tx)
        .await?;
    let periods: BTreeMap<_, _> =
        paid_for.into_iter().filter_map(|(_, period)| period.map(|period| (period.id, period))).collect();
    for period in periods.into_values() {
        of_period(context, period).await?;
    }
    Ok(())
}

async fn of_period(context: &Context<'_>, period: period::Model) -> Result<(), Trouble> {
    let layers = layers(context.tx, &period).await?;
    let reversed = reversed(period.credits_granted, &layers);
    let studio_refunded = layers.iter().any(|layer| layer.tier == Tier::Studio && layer.all_returned());
    let booked = (period.user_id, period.credits_reversed);
    if booked.1 == reversed && period.studio_refunded == studio_refunded {
        return Ok(());
    }
    let row = period::ActiveModel {
        id: Unchanged(period.id),
        credits_reversed: Set(reversed),
        studio_refunded: Set(studio_refunded),
        ..Default::default()
    };
    row.update(context.tx).await?;
    post(context, booked, reversed, period.reference).await?;
    entitlement::settle(context, booked.0).await
}

/// What was paid in a period for one tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Layer {
    tier: Tier,
    /// What a period of this tier grants, all lower layers included.
    credits: i64,
    /// In minor units.
    paid: i64,
    /// How much of that went back.
    returned: i64,
}

impl Layer {
    const fn all_returned(&self) -> bool {
        self.paid > 0 && self.returned >= self.paid
    }
}

/// The layers of a period, from the least credits to the most.
async fn layers(tx: &impl ConnectionTrait, period: &period::Model) -> Result<Vec<Layer>, DbErr> {
    let paid_for = invoice_period::Entity::find()
        .filter(invoice_period::Column::PeriodId.eq(period.id))
        .find_also_related(invoice::Entity)
        .all(tx)
        .await?;
    let invoices = paid_for.iter().map(|(paid_for, _)| paid_for.invoice_id);
    let returned = returned_of_invoices(tx, invoices.collect()).await?;
    let mut layers = BTreeMap::new();
    for (paid_for, invoice) in &paid_for {
        let Some(invoice) = invoice else { continue };
        let layer = Layer { tier: paid_for.tier, credits: paid_for.credits, paid: 0, returned: 0 };
        let layer = layers.entry((paid_for.credits, paid_for.tier)).or_insert(layer);
        let back = returned.get(&invoice.id).copied().unwrap_or_default();
        layer.paid += invoice.amount_paid;
        layer.returned += back.min(invoice.amount_paid);
    }
    Ok(layers.into_values().collect())
}

/// What went back of each invoice's payments, by the invoices' rows.
async fn returned_of_invoices(tx: &impl ConnectionTrait, invoices: Vec<i64>) -> Result<HashMap<i64, i64>, DbErr> {
    let payments =
        payment_intent::Entity::find().filter(payment_intent::Column::InvoiceId.is_in(invoices)).all(tx).await?;
    let returned = returned(tx, &payments).await?;
    let mut sums = HashMap::new();
    for payment in &payments {
        let back = returned.get(&payment.id).copied().unwrap_or_default();
        if let Some(invoice) = payment.invoice_id {
            *sums.entry(invoice).or_default() += back.refunded + back.disputed;
        }
    }
    Ok(sums)
}

/// Credits to be reversed of those that a period granted, by its layers from the least credits to the most.
fn reversed(granted: i64, layers: &[Layer]) -> i64 {
    let mut below = 0;
    let mut steps = Vec::new();
    for layer in layers.iter().filter(|layer| layer.credits > 0) {
        let upto = layer.credits.min(granted).max(below);
        steps.push((upto - below, layer));
        below = upto;
    }
    let mut back: i64 = steps.iter().map(|(_, layer)| layer.returned).sum();
    let mut reversed = 0;
    for (credits, layer) in steps.into_iter().rev() {
        let here = back.min(layer.paid);
        reversed += share(credits, here, layer.paid);
        back -= here;
    }
    reversed
}

/// Whether money that was paid for a period went back, all or some, by what is known.
///
/// # Errors
/// What the database says.
pub async fn money_went_back(app: &App, subscription: &str, end: DateTime<Utc>) -> Result<bool, Error> {
    let db = app.database.read();
    let reference = source::period(subscription, end);
    let period = period::Entity::find().filter(period::Column::Reference.eq(reference)).one(db).await?;
    let Some(period) = period else { return Ok(false) };
    Ok(layers(db, &period).await?.iter().any(|layer| layer.returned > 0))
}

/// The share of some credits for which money went back, rounded half up.
fn share(credits: i64, returned: i64, paid: i64) -> i64 {
    if paid <= 0 {
        return 0;
    }
    let (credits, returned, paid) = (i128::from(credits), i128::from(returned.clamp(0, paid)), i128::from(paid));
    i64::try_from((2 * credits * returned + paid) / (2 * paid)).unwrap_or(i64::MAX)
}

/// Books the difference to what was reversed so far.
async fn post(
    context: &Context<'_>,
    (user_id, so_far): (i64, i64),
    now: i64,
    reference: String,
) -> Result<(), Trouble> {
    let delta = so_far - now;
    if delta == 0 {
        return Ok(());
    }
    let account = ledger::lock(context.tx, user_id).await?;
    let notes = if delta < 0 { "taken back for money that went back" } else { "given back: the money stayed" };
    let posting = Posting {
        user_id,
        change_type: ChangeType::Refund,
        delta,
        unlimited: Unlimited::Keep,
        source: source::reversal(&reference, account.version),
        reference: Some(reference),
        notes: Some(notes.to_owned()),
        now: context.clock.now(),
    };
    ledger::post(context.tx, posting).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(tier: Tier, credits: i64, paid: i64, returned: i64) -> Layer {
        Layer { tier, credits, paid, returned }
    }

    #[test]
    fn credits_go_back_in_proportion_to_the_money() {
        assert_eq!(share(25, 500, 500), 25);
        assert_eq!(share(25, 250, 500), 13);
        assert_eq!(share(25, 1, 500), 0);
        assert_eq!(share(100, 333, 1000), 33);
        assert_eq!(share(1000, 600, 500), 1000);
        assert_eq!(share(i64::MAX, i64::MAX, i64::MAX), i64::MAX);
    }

    #[test]
    fn nothing_goes_back_of_what_cost_nothing() {
        assert_eq!(share(25, 0, 0), 0);
        assert_eq!(share(25, 100, 0), 0);
    }

    #[test]
    fn money_goes_back_of_the_highest_tier_first() {
        let core = |returned| layer(Tier::Core, 25, 499, returned);
        let pro = |returned| layer(Tier::Pro, 100, 1000, returned);
        assert_eq!(reversed(100, &[core(0), pro(1000)]), 75);
        assert_eq!(reversed(100, &[core(0), pro(500)]), 38);
        assert_eq!(reversed(100, &[core(499), pro(0)]), 37);
        assert_eq!(reversed(100, &[core(499), pro(500)]), 75);
        assert_eq!(reversed(100, &[core(499), pro(1000)]), 100);
    }

    #[test]
    fn a_tier_without_the_one_below_stands_behind_all() {
        assert_eq!(reversed(100, &[layer(Tier::Pro, 100, 1499, 1499)]), 100);
    }

    #[test]
    fn studio_reverses_no_credits() {
        let studio = layer(Tier::Studio, 0, 2500, 2500);
        assert_eq!(reversed(25, &[studio, layer(Tier::Core, 25, 499, 0)]), 0);
        assert!(studio.all_returned());
        assert!(!layer(Tier::Studio, 0, 2500, 2499).all_returned());
        assert!(!layer(Tier::Studio, 0, 0, 0).all_returned());
    }
}
