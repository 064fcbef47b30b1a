//! Credit packs.

use std::collections::HashMap;

use entity::payment;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::checkout::{self, Redirects};
use crate::{
    app::App,
    error::{Error, Rule, both},
    ledger,
    page::{Page, Window},
    plan::MAX_PACK_CREDITS,
    stripe::{Item, Session},
};

/// The price of one credit. Cents (USD).
pub const UNIT_PRICE: i64 = 20;

/// The minimum price of a pack. Cents (USD).
pub const MIN_AMOUNT: i64 = 500;

/// The price of a credit pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The number of credits.
    pub credits: i64,
    /// The total price. Cents (USD).
    pub amount: i64,
    /// True where the minimum price of a pack applies instead of the price of its credits.
    pub minimum_applied: bool,
}

/// Quotes the price of a pack.
///
/// # Errors
/// [`Error::BadInput`] unless the pack has 1 to [`MAX_PACK_CREDITS`] credits.
pub fn quote(credits: i64) -> Result<Quote, Error> {
    if !(1..=MAX_PACK_CREDITS).contains(&credits) {
        let rule = Rule::Range { min: 1, max: MAX_PACK_CREDITS };
        return Err(Error::bad_field("credits", rule, format!("credits must be from 1 to {MAX_PACK_CREDITS}.")));
    }
    let amount = credits * UNIT_PRICE;
    Ok(Quote { credits, amount: amount.max(MIN_AMOUNT), minimum_applied: amount < MIN_AMOUNT })
}

/// The packs to offer to a user who lacks `shortfall` credits: the smallest that covers it, the largest at the minimum price,
/// and a larger one.
#[must_use]
pub fn packs_for(shortfall: i64) -> Vec<Quote> {
    let least = MIN_AMOUNT / UNIT_PRICE;
    let mut sizes: Vec<_> = [least, least * 4, shortfall].into_iter().filter(|size| *size >= shortfall).collect();
    sizes.sort_unstable();
    sizes.dedup();
    // A smaller pack costs the minimum price too.
    sizes.into_iter().filter(|size| *size >= least).filter_map(|size| quote(size).ok()).collect()
}

/// Opens a checkout of a pack. With `save_card`, its card is saved for automatic top-ups.
///
/// # Errors
/// [`Error::BadInput`] for a pack that is not sold, a balance that would exceed its limit, and URLs that are not allowed;
/// [`Error::TooManyCheckouts`]; those of Stripe.
pub async fn purchase(app: &App, user_id: i64, credits: i64, save_card: bool, to: Redirects) -> Result<Session, Error> {
    let (quote, ()) = both(quote(credits), to.check(app))?;
    app.payments()?;
    let account = ledger::account(app.database.read(), user_id).await?.ok_or(Error::NotFound("user"))?;
    if account.balance + credits > ledger::MAX_BALANCE {
        return Err(ledger::Error::OutOfRange.into());
    }
    let name = format!("{credits} Patch-Hive credits");
    let item = Item::Pack { credits, amount: quote.amount, name, save_card };
    let app = app.clone();
    app.clone().finish(async move { checkout::open_pack(&app, user_id, item, to).await }).await
}

/// One page of a user's payments, newest first, keyed by id.
///
/// # Errors
/// The database's.
pub async fn page(app: &App, user_id: i64, window: Window) -> Result<Page<payment::Model>, Error> {
    let mut cursor = payment::Entity::find().filter(payment::Column::UserId.eq(user_id)).cursor_by(payment::Column::Id);
    cursor.desc();
    window.apply(&mut cursor);
    Ok(Page::cut(cursor.all(app.database.read()).await?, &window))
}

/// Reads a payment of `owner`, or of any user if that is `None`.
///
/// # Errors
/// The database's.
pub async fn by_id(app: &App, id: i64, owner: Option<i64>) -> Result<Option<payment::Model>, Error> {
    let mut payment = payment::Entity::find_by_id(id);
    if let Some(owner) = owner {
        payment = payment.filter(payment::Column::UserId.eq(owner));
    }
    Ok(payment.one(app.database.read()).await?)
}

/// Finds several payments at once, by their references in the ledger.
///
/// # Errors
/// The database's.
pub async fn by_references(
    db: &impl ConnectionTrait,
    references: &[String],
) -> Result<HashMap<String, payment::Model>, DbErr> {
    let named = Condition::any()
        .add(payment::Column::StripePaymentIntentId.is_in(references))
        .add(payment::Column::StripeCheckoutSessionId.is_in(references));
    let payments = payment::Entity::find().filter(named).all(db).await?;
    Ok(payments.into_iter().map(|payment| (payment.reference().to_owned(), payment)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pack_costs_twenty_cents_a_credit_and_five_dollars_at_least() {
        assert_eq!(quote(1).unwrap(), Quote { credits: 1, amount: 500, minimum_applied: true });
        assert_eq!(quote(25).unwrap(), Quote { credits: 25, amount: 500, minimum_applied: false });
        assert_eq!(quote(26).unwrap(), Quote { credits: 26, amount: 520, minimum_applied: false });
        assert_eq!(quote(1000).unwrap().amount, 20_000);
    }

    #[test]
    fn a_pack_has_one_to_a_thousand_credits() {
        for credits in [i64::MIN, -1, 0, 1001, i64::MAX] {
            assert!(quote(credits).is_err(), "{credits}");
        }
    }

    #[test]
    fn every_pack_on_offer_covers_the_shortfall() {
        for shortfall in [1, 3, 25, 26, 100, 101, 1000] {
            let packs = packs_for(shortfall);
            assert!(!packs.is_empty(), "{shortfall}");
            assert!(packs.iter().all(|pack| pack.credits >= shortfall), "{shortfall}");
        }
        assert!(packs_for(1001).is_empty());
    }
}
