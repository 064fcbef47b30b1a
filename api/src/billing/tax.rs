//! The relation of taxes to our prices, which pages show beside them. Stripe decides it: a price may specify it, and the settings
//! of Stripe Tax do for those that do not, and for packs.

use entity::Tier;

use crate::{app::App, error::Error, stripe::Stripe};

pub use crate::stripe::TaxBehavior;

/// The tiers that have a price at Stripe.
const SOLD: [Tier; 3] = [Tier::Core, Tier::Pro, Tier::Studio];

/// The relation of taxes to all of our prices, as it was read last. `None` where no taxes are computed, before it was read, and
/// where prices differ in it.
#[must_use]
pub fn behavior(app: &App) -> Option<TaxBehavior> {
    app.payments.as_ref().and_then(|payments| *payments.tax.lock().ok()?)
}

/// Reads it from Stripe, if taxes are computed.
///
/// # Errors
/// Those of Stripe.
pub async fn refresh(app: &App) -> Result<(), Error> {
    let payments = app.payments()?;
    let stripe = payments.stripe.in_background();
    let default = stripe.default_tax_behavior().await?;
    let mut same = true;
    for price in SOLD.into_iter().filter_map(|tier| payments.prices.sold(tier)) {
        same &= of_price(&stripe, price, default).await? == default;
    }
    if let Ok(mut read) = payments.tax.lock() {
        *read = if same { default } else { None };
    }
    Ok(())
}

async fn of_price(stripe: &Stripe, price: &str, default: Option<TaxBehavior>) -> Result<Option<TaxBehavior>, Error> {
    Ok(stripe.tax_behavior(price).await?.or(default))
}
