//! The payment method that a user's subscription charges. Customers change it on Stripe's pages, and no event about the
//! subscription reports that. So it is read on request, and not stored.

use super::subscription::current;
use crate::{
    app::App,
    error::Error,
    stripe::{self, is_delayed},
    sync,
};

/// A saved payment method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentMethod {
    /// Its kind.
    pub kind: Kind,
    /// The brand of a card, or the name of a bank.
    pub brand: Option<String>,
    /// The last four digits of the number.
    pub last4: Option<String>,
    /// The month in which a card expires, 1 to 12.
    pub expiry_month: Option<i32>,
    /// The year in which a card expires.
    pub expiry_year: Option<i32>,
}

/// The kind of a payment method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A card.
    Card,
    /// A bank account, whose payments take days.
    BankDebit,
    /// Any other kind.
    Other,
}

impl From<stripe::PaymentMethod> for PaymentMethod {
    fn from(method: stripe::PaymentMethod) -> Self {
        let kind = match method.kind.as_str() {
            "card" => Kind::Card,
            kind if is_delayed(kind) => Kind::BankDebit,
            _ => Kind::Other,
        };
        let stripe::PaymentMethod { brand, last4, expiry_month, expiry_year, .. } = method;
        Self { kind, brand, last4, expiry_month, expiry_year }
    }
}

/// Reads a user's payment method from Stripe: that of the subscription, or else the customer's default. `None` where none is
/// saved. `admit` is called before Stripe is, and may refuse.
///
/// # Errors
/// Those of `admit` and of Stripe.
pub async fn payment_method(
    app: &App,
    user_id: i64,
    admit: impl FnOnce() -> Result<(), Error>,
) -> Result<Option<PaymentMethod>, Error> {
    let Some(customer) = sync::customer_of(app.database.read(), user_id).await? else { return Ok(None) };
    admit()?;
    let stripe = &app.payments()?.stripe;
    let method = match current(app, user_id).await? {
        Some(subscription) => stripe.payment_method_of(&subscription.stripe_subscription_id).await?,
        None => stripe.default_payment_method(&customer).await?,
    };
    Ok(method.map(PaymentMethod::from))
}
