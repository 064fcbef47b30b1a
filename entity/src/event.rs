//! `stripe_events`: the inbox of webhooks.

use sea_orm::entity::prelude::*;

/// The status of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Status {
    /// Stored, and being applied by the transaction that stored it.
    #[sea_orm(string_value = "received")]
    Received,
    /// Applied.
    #[sea_orm(string_value = "applied")]
    Applied,
    /// Not about a customer of ours, or of a type that has no effect.
    #[sea_orm(string_value = "ignored")]
    Ignored,
    /// Waiting for the look that it requested.
    #[sea_orm(string_value = "waiting")]
    Waiting,
    /// Could not be applied; the row contains the error.
    #[sea_orm(string_value = "failed")]
    Failed,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stripe_events")]
pub struct Model {
    /// `evt_...`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: String,
    /// The type of the event, such as `invoice.paid`.
    #[sea_orm(column_name = "type")]
    pub kind: String,
    /// The API version in which the payload is rendered.
    pub api_version: Option<String>,
    /// True for real money, false for test mode.
    pub livemode: bool,
    /// When the event happened, by Stripe's clock.
    pub created: DateTimeUtc,
    /// The body, byte for byte as it was signed.
    #[sea_orm(column_type = "Text")]
    pub payload: String,
    /// The status.
    pub status: Status,
    /// The look that it requested, while that look is due.
    pub waits_for: Option<String>,
    /// Number of attempts to apply it.
    pub attempts: i32,
    /// The error of the last attempt.
    pub error: Option<String>,
    /// When the event was received, in wall time.
    pub received_at: DateTimeUtc,
    /// When the event was applied, in wall time.
    pub applied_at: Option<DateTimeUtc>,
}

/// An event without its payload, for lists.
#[derive(Clone, Debug, PartialEq, Eq, DerivePartialModel)]
#[sea_orm(entity = "Entity")]
pub struct Summary {
    /// `evt_...`.
    pub event_id: String,
    /// The type of the event.
    pub kind: String,
    /// When the event happened, by Stripe's clock.
    pub created: DateTimeUtc,
    /// The status.
    pub status: Status,
    /// The look that it requested, while that look is due.
    pub waits_for: Option<String>,
    /// Number of attempts to apply it.
    pub attempts: i32,
    /// The reason why it failed or was ignored.
    pub error: Option<String>,
    /// When the event was received, in wall time.
    pub received_at: DateTimeUtc,
    /// When the event was applied, in wall time.
    pub applied_at: Option<DateTimeUtc>,
}

/// An event's relations are loaded explicitly, in batches.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
