//! `stripe_operations`: outgoing writes, committed before the call is made.

use sea_orm::entity::prelude::*;

/// The kind of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Kind {
    /// Creates a customer.
    #[sea_orm(string_value = "customer")]
    Customer,
    /// Opens a checkout of a plan.
    #[sea_orm(string_value = "checkout")]
    Checkout,
    /// Opens a checkout of a credit pack.
    #[sea_orm(string_value = "purchase")]
    Purchase,
    /// Ends a subscription that was sold beside another, and refunds its payments.
    #[sea_orm(string_value = "duplicate")]
    Duplicate,
    /// Changes the plan of a subscription, or schedules or removes its end. These exclude each other, so they are one kind.
    #[sea_orm(string_value = "subscription_change")]
    SubscriptionChange,
    /// Charges a saved card for credits.
    #[sea_orm(string_value = "top_up")]
    TopUp,
}

/// The state of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum State {
    /// The outcome is not known yet. At most one operation for each user and kind is open.
    #[sea_orm(string_value = "open")]
    Open,
    /// Stripe did it, and its reply is applied.
    #[sea_orm(string_value = "done")]
    Done,
    /// Given up: Stripe failed, or may have forgotten the key. A new operation replaces it if its effect is still requested.
    #[sea_orm(string_value = "lapsed")]
    Lapsed,
    /// Stripe refused it.
    #[sea_orm(string_value = "refused")]
    Refused,
}

/// One outgoing write.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stripe_operations")]
pub struct Model {
    /// The row's number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The user.
    pub user_id: i64,
    /// The kind.
    pub kind: Kind,
    /// The idempotency key, sent with every attempt so that Stripe makes the write once. Random, unique.
    pub idempotency_key: String,
    /// The request, as the gateway serializes it.
    pub request: Json,
    /// The state.
    pub state: State,
    /// The id of the object that Stripe creates or changes, once that is known.
    pub stripe_object_id: Option<String>,
    /// The reason of a refusal, or the error of the last attempt.
    pub error: Option<String>,
    /// When the operation was requested, in wall time.
    pub created_at: DateTimeUtc,
}

/// An operation's relations are loaded explicitly, in batches.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
