//! `account_events`: the stream of events about accounts, for other services.

use sea_orm::entity::prelude::*;

/// The type of an event, as its payload spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Type {
    /// An entry was added to the ledger of an account.
    #[sea_orm(string_value = "balance.changed")]
    BalanceChanged,
    /// An export was charged, reserved before or not.
    #[sea_orm(string_value = "export.charged")]
    ExportCharged,
    /// Credits were held for an export.
    #[sea_orm(string_value = "hold.created")]
    HoldCreated,
    /// A hold was captured.
    #[sea_orm(string_value = "hold.captured")]
    HoldCaptured,
    /// A hold was released.
    #[sea_orm(string_value = "hold.released")]
    HoldReleased,
    /// A hold expired.
    #[sea_orm(string_value = "hold.expired")]
    HoldExpired,
    /// A subscription began, changed or ended.
    #[sea_orm(string_value = "subscription.changed")]
    SubscriptionChanged,
    /// A pack, or an invoice of a plan, was paid.
    #[sea_orm(string_value = "payment.paid")]
    PaymentPaid,
    /// The delayed payment of a pack failed.
    #[sea_orm(string_value = "payment.failed")]
    PaymentFailed,
    /// The refunded amount of a payment changed.
    #[sea_orm(string_value = "payment.refunded")]
    PaymentRefunded,
    /// The disputed amount of a payment changed.
    #[sea_orm(string_value = "payment.disputed")]
    PaymentDisputed,
    /// A user was alerted.
    #[sea_orm(string_value = "alert.raised")]
    AlertRaised,
}

/// One event. Rows are added by one transaction at a time, so that they become visible in the order of their numbers.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account_events")]
pub struct Model {
    /// The event's number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The user whose account it is about.
    pub user_id: i64,
    /// The type.
    #[sea_orm(column_name = "type")]
    pub kind: Type,
    /// The body that is sent, byte for byte.
    #[sea_orm(column_type = "Text")]
    pub payload: String,
    /// When the row was added, in wall time.
    pub created_at: DateTimeUtc,
}

/// An event's relations are loaded explicitly, in batches.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
