//! Credit packs.

use async_graphql::{
    Context, Enum, ID, InputObject, Object,
    connection::{ConnectionNameType, EdgeNameType},
};
use chrono::{DateTime, Utc};
use entity::payment;

use super::{
    checkout::Checkout,
    context::Asked,
    cursors::{self, Arguments, List},
    money::Money,
};
use crate::{
    billing::{self, checkout::Redirects},
    error::Error,
};

/// Asks for payments.
#[derive(Default)]
pub(super) struct PaymentQuery;

/// A page of payments.
pub(super) type PaymentConnection = List<Payment, PaymentConnectionName, PaymentEdgeName>;

/// Names the connection.
pub(super) struct PaymentConnectionName;

impl ConnectionNameType for PaymentConnectionName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "PaymentConnection".to_owned()
    }
}

/// Names its edges.
pub(super) struct PaymentEdgeName;

impl EdgeNameType for PaymentEdgeName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "PaymentEdge".to_owned()
    }
}

#[Object]
impl PaymentQuery {
    /// The viewer's credit packs, newest first.
    #[graphql(complexity = "cursors::cost(first, last, child_complexity)")]
    async fn payments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many of the newest payments, at most 100; 20 without it.")] first: Option<i32>,
        #[graphql(desc = "Only payments after this cursor, that is older ones.")] after: Option<String>,
        #[graphql(desc = "How many of the oldest payments, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Only payments before this cursor, that is newer ones.")] before: Option<String>,
    ) -> Result<PaymentConnection, Error> {
        let window = Arguments { first, after, last, before }.window()?;
        let page = billing::payment::page(ctx.app()?, ctx.viewer()?.user_id, window).await?;
        Ok(cursors::connection(page, |payment| payment.id, Payment))
    }
}

/// Buys credit packs.
#[derive(Default)]
pub(super) struct PaymentMutation;

#[Object]
impl PaymentMutation {
    /// Opens a checkout of a credit pack. The credits are booked when Stripe says that it is paid.
    async fn purchase_credits(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to buy, and where to go on.")] input: PurchaseCreditsInput,
    ) -> Result<Checkout, Error> {
        let viewer = ctx.viewer_at_stripe()?;
        let to = Redirects { success_url: input.success_url, cancel_url: input.cancel_url };
        billing::payment::purchase(ctx.app()?, viewer.user_id, input.credits.into(), to).await?.try_into()
    }
}

/// Where a payment stands.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(remote = "payment::Status")]
pub(super) enum PaymentStatus {
    /// The checkout is complete, the money is on its way.
    Pending,
    /// Paid; the credits are booked.
    Succeeded,
    /// The money never came.
    Failed,
    /// Part of the money went back.
    PartiallyRefunded,
    /// All of the money went back.
    Refunded,
    /// The customer's bank holds the money.
    Disputed,
}

/// One credit pack.
pub(super) struct Payment(pub(super) payment::Model);

/// One credit pack.
#[Object]
impl Payment {
    /// The payment's id.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What was paid.
    async fn amount(&self) -> Money {
        Money::new(self.0.amount, &self.0.currency)
    }

    /// What went back so far.
    async fn refunded(&self) -> Money {
        Money::new(self.0.amount_refunded, &self.0.currency)
    }

    /// Credits that the pack holds.
    async fn credits(&self) -> i64 {
        self.0.credits_granted
    }

    /// Credits that were taken back for money that went back.
    async fn credits_reversed(&self) -> i64 {
        self.0.credits_reversed
    }

    /// Where it stands.
    async fn status(&self) -> PaymentStatus {
        self.0.status.into()
    }

    /// When the checkout was completed.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

/// A credit pack to buy.
#[derive(InputObject)]
pub(super) struct PurchaseCreditsInput {
    /// Credits in the pack, 1 to 1000.
    credits: i32,
    /// Where to go on after the payment: https, or http on loopback. Stripe fills in `{CHECKOUT_SESSION_ID}`.
    success_url: String,
    /// Where to go on after giving up: https, or http on loopback.
    cancel_url: String,
}
