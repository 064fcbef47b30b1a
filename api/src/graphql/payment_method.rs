//! The payment method that a subscription charges.

use async_graphql::{Context, Enum, Object, SimpleObject};

use super::{context::RequestContext, owner::Owner};
use crate::{
    billing::{self, payment_method::Kind},
    error::Error,
};

/// The query of the payment method.
#[derive(Default)]
pub(super) struct PaymentMethodQuery(pub(super) Owner);

#[Object]
impl PaymentMethodQuery {
    /// The payment method that the subscription charges, or else the one saved for later. Null if none is saved: a credit pack
    /// saves none. Read from Stripe, so ask for it only where it is shown.
    async fn payment_method(&self, ctx: &Context<'_>) -> Option<Result<PaymentMethod, Error>> {
        let read = async {
            let user_id = self.0.id(ctx)?;
            let admit = || ctx.viewer_at_stripe().map(drop);
            billing::payment_method::payment_method(ctx.app()?, user_id, admit).await
        };
        // An error leaves out this field alone.
        read.await.transpose().map(|method| method.map(PaymentMethod::from))
    }
}

/// The kind of a payment method.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(remote = "Kind")]
pub(super) enum PaymentMethodKind {
    /// A card.
    Card,
    /// A bank account, whose payments take days.
    BankDebit,
    /// Any other kind, such as a wallet.
    Other,
}

/// A payment method that is saved at Stripe.
#[derive(SimpleObject)]
pub(super) struct PaymentMethod {
    /// The kind of the payment method.
    kind: PaymentMethodKind,
    /// The brand of the card, such as visa, or the name of the bank.
    brand: Option<String>,
    /// The last four digits of the card or the account.
    last4: Option<String>,
    /// The month in which the card expires, 1 to 12.
    expiry_month: Option<i32>,
    /// The year in which the card expires.
    expiry_year: Option<i32>,
}

impl From<billing::payment_method::PaymentMethod> for PaymentMethod {
    fn from(method: billing::payment_method::PaymentMethod) -> Self {
        Self {
            kind: method.kind.into(),
            brand: method.brand,
            last4: method.last4,
            expiry_month: method.expiry_month,
            expiry_year: method.expiry_year,
        }
    }
}
