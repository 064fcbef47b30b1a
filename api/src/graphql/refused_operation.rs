//! Writes to Stripe that were refused, for operators.

use async_graphql::{
    Context, Enum, ID, Object,
    connection::{ConnectionNameType, EdgeNameType},
};
use entity::{operation, user::Role};

use super::{
    context::RequestContext,
    cursors::{self, Arguments, List},
    date_time::Moment,
    user::User,
};
use crate::{
    billing::refused_operation::{self, Remedy},
    error::Error,
    global_id::Noun,
};

/// The query of refused operations.
#[derive(Default)]
pub(super) struct RefusedOperationQuery;

/// A page of refused operations.
pub(super) type RefusedOperationConnection =
    List<RefusedOperation, RefusedOperationConnectionName, RefusedOperationEdgeName>;

/// Names the connection in the schema.
pub(super) struct RefusedOperationConnectionName;

impl ConnectionNameType for RefusedOperationConnectionName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "RefusedOperationConnection".to_owned()
    }
}

/// Names the connection's edges in the schema.
pub(super) struct RefusedOperationEdgeName;

impl EdgeNameType for RefusedOperationEdgeName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "RefusedOperationEdge".to_owned()
    }
}

#[Object]
impl RefusedOperationQuery {
    /// All writes that Stripe refused for good, or that an operator has to decide, newest first. They are deleted after
    /// `OPERATION_RETENTION_DAYS`. Requires the role `admin`.
    async fn refused_operations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Returns the first n operations, at most 100. Defaults to 20.")] first: Option<i32>,
        #[graphql(desc = "Returns operations after this cursor, which are older.")] after: Option<String>,
    ) -> Result<RefusedOperationConnection, Error> {
        ctx.viewer_as(Role::Admin)?;
        let window = Arguments { first, after, ..Arguments::default() }.window()?;
        let page = refused_operation::page(ctx.app()?, window).await?;
        Ok(cursors::connection(page, |operation| operation.id, RefusedOperation))
    }
}

/// The kind of a write to Stripe.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(remote = "operation::Kind")]
pub(super) enum OperationKind {
    /// Creates a customer.
    Customer,
    /// Opens a checkout for a plan.
    Checkout,
    /// Opens a checkout for a credit pack.
    Purchase,
    /// Ends a second subscription and refunds its payments.
    Duplicate,
    /// Changes the plan of a subscription, or schedules or removes its end.
    SubscriptionChange,
    /// Charges a saved card for credits.
    TopUp,
}

/// The operator's part in a refused operation.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(remote = "Remedy")]
pub(super) enum OperationRemedy {
    /// The user pays for two subscriptions, and the newer one has been renewed. Ask the user which one to keep; cancel the
    /// other one at Stripe, and refund it.
    DecideDuplicate,
    /// The second subscription has ended, but Stripe refused to refund its payment. Refund it in another way.
    RefundDuplicate,
    /// The second subscription has ended, and its payment is disputed: the dispute takes the money back. Do not refund it, and
    /// wait for the outcome. If the dispute is won, the money stays here, and a refund is then possible.
    AwaitDispute,
    /// No checkout was opened, and the user saw an error. If it happens again, check the secret key, the prices and the
    /// payment methods at Stripe.
    CheckSettings,
    /// The subscription did not change, and the user saw the reason. Look at the subscription at Stripe if the user cannot
    /// repeat the change.
    ReviewSubscription,
    /// The user's automatic top-ups are paused, and nothing was charged. Look at the error and at the customer at Stripe; with
    /// Stripe Tax, the customer needs an address.
    ReviewTopUp,
}

/// A write that Stripe refused, or that an operator has to decide.
pub(super) struct RefusedOperation(operation::Model);

/// A write that Stripe refused, or that an operator has to decide.
#[Object]
impl RefusedOperation {
    /// The id of the operation.
    async fn id(&self) -> ID {
        Noun::Operation.id(self.0.id).into()
    }

    /// The kind of the operation.
    async fn kind(&self) -> OperationKind {
        self.0.kind.into()
    }

    /// The operator's part.
    async fn remedy(&self) -> OperationRemedy {
        refused_operation::remedy(&self.0).into()
    }

    /// The user who requested the operation, or whose subscription it is about.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>, Error> {
        Ok(ctx.loaders()?.user(self.0.user_id).await?.map(User::new))
    }

    /// The id at Stripe of the object to change; null where the operation would have created one.
    async fn stripe_object_id(&self) -> Option<&str> {
        self.0.stripe_object_id.as_deref()
    }

    /// The reason of the refusal, with Stripe's error code.
    async fn error(&self) -> Option<&str> {
        self.0.error.as_deref()
    }

    /// When the operation was requested.
    async fn created_at(&self) -> Moment {
        self.0.created_at.into()
    }
}
