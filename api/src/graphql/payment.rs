//! Purchases of credits.

use async_graphql::{
    Context, Enum, ID, InputObject, Object,
    connection::{ConnectionNameType, EdgeNameType},
};
use entity::{payment, user::Role};

use super::{
    checkout::Checkout,
    context::{RequestContext, in_input},
    cursors::{self, Arguments, List},
    date_time::Moment,
    money::Money,
    owner::Owner,
};
use crate::{
    billing::{self, checkout::Redirects},
    error::Error,
    global_id::Noun,
};

/// The query of payments.
#[derive(Default)]
pub(super) struct PaymentQuery(pub(super) Owner);

/// A page of payments.
pub(super) type PaymentConnection = List<Payment, PaymentConnectionName, PaymentEdgeName>;

/// Names the connection in the schema.
pub(super) struct PaymentConnectionName;

impl ConnectionNameType for PaymentConnectionName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "PaymentConnection".to_owned()
    }
}

/// Names the connection's edges in the schema.
pub(super) struct PaymentEdgeName;

impl EdgeNameType for PaymentEdgeName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "PaymentEdge".to_owned()
    }
}

#[Object]
impl PaymentQuery {
    /// All purchases of credits, newest first: packs, and automatic top-ups that were paid.
    async fn payments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Returns the first n payments, at most 100. Defaults to 20.")] first: Option<i32>,
        #[graphql(desc = "Returns payments after this cursor, which are older.")] after: Option<String>,
        #[graphql(desc = "Returns the last n payments, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Returns payments before this cursor, which are newer.")] before: Option<String>,
    ) -> Result<PaymentConnection, Error> {
        let window = Arguments { first, after, last, before }.window()?;
        let page = billing::payment::page(ctx.app()?, self.0.id(ctx)?, window).await?;
        Ok(cursors::connection(page, |payment| payment.id, Payment))
    }
}

/// The mutation that buys credit packs.
#[derive(Default)]
pub(super) struct PaymentMutation;

#[Object]
impl PaymentMutation {
    /// Opens a checkout for a credit pack. The credits are added once Stripe confirms the payment. Each request opens another one,
    /// and earlier ones stay open; a repeated request joins one that is still in progress.
    async fn purchase_credits(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The pack, and where to redirect afterwards.")] input: PurchaseCreditsInput,
    ) -> Result<Checkout, Error> {
        let viewer = ctx.viewer_at_stripe()?;
        let to = Redirects { success_url: input.success_url, cancel_url: input.cancel_url };
        let save_card = input.save_card.unwrap_or_default();
        let session = billing::payment::purchase(ctx.app()?, viewer.user_id, input.credits.into(), save_card, to).await;
        session.map_err(in_input)?.try_into()
    }
}

/// The status of a payment.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(remote = "payment::Status")]
pub(super) enum PaymentStatus {
    /// The checkout is complete and the payment is processing.
    Pending,
    /// Paid; the credits were added.
    Succeeded,
    /// The payment failed.
    Failed,
    /// Part of the payment was refunded. `refundPending` is what of it is still under way.
    PartiallyRefunded,
    /// The whole payment was refunded. `refundPending` is what of it is still under way.
    Refunded,
    /// The payment is disputed and held by the customer's bank.
    Disputed,
}

/// The purchase of a credit pack.
pub(super) struct Payment(pub(super) payment::Model);

/// The purchase of a credit pack.
#[Object]
impl Payment {
    /// The id of the payment.
    pub(super) async fn id(&self) -> ID {
        Noun::Payment.id(self.0.id).into()
    }

    /// The amount paid.
    async fn amount(&self) -> Money {
        Money::new(self.0.amount, &self.0.currency)
    }

    /// The amount refunded so far.
    async fn refunded(&self) -> Money {
        Money::new(self.0.amount_refunded, &self.0.currency)
    }

    /// The part of `refunded` that is still under way to the customer. A refund to a bank account takes days, and may fail: then
    /// it is no longer refunded, and its credits are restored.
    async fn refund_pending(&self) -> Money {
        Money::new(self.0.amount_refund_pending, &self.0.currency)
    }

    /// The credits in the pack.
    async fn credits(&self) -> i64 {
        self.0.credits_granted
    }

    /// The credits reversed because the payment was refunded or disputed.
    async fn credits_reversed(&self) -> i64 {
        self.0.credits_reversed
    }

    /// The status of the payment.
    async fn status(&self) -> PaymentStatus {
        self.0.status.into()
    }

    /// The id of the payment intent at Stripe, `pi_...`; null if nothing had to be paid. Requires the role `admin`.
    async fn stripe_payment_intent_id(&self, ctx: &Context<'_>) -> Result<Option<&str>, Error> {
        ctx.viewer_as(Role::Admin)?;
        Ok(self.0.stripe_payment_intent_id.as_deref())
    }

    /// When checkout was completed.
    async fn created_at(&self) -> Moment {
        self.0.created_at.into()
    }
}

/// The input of `purchaseCredits`.
#[derive(InputObject)]
pub(super) struct PurchaseCreditsInput {
    /// The credits in the pack, 1 to 1000.
    credits: i32,
    /// Where to redirect after the payment: an https URL, or http on loopback. Stripe replaces `{CHECKOUT_SESSION_ID}`.
    success_url: String,
    /// Where to redirect if checkout is canceled: an https URL, or http on loopback.
    cancel_url: String,
    /// True to save the card, so that automatic top-ups can charge it without the user. Defaults to false.
    save_card: Option<bool>,
}
