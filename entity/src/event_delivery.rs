//! `event_deliveries`: the events that are to be sent to endpoints, or were.

use sea_orm::entity::prelude::*;

/// The status of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Status {
    /// To be sent, for the first time or again.
    #[sea_orm(string_value = "pending")]
    Pending,
    /// The endpoint has accepted it.
    #[sea_orm(string_value = "delivered")]
    Delivered,
    /// Given up. An admin may send it again.
    #[sea_orm(string_value = "dead")]
    Dead,
}

/// One event for one endpoint.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event_deliveries")]
pub struct Model {
    /// The row's number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The event. Unique together with the endpoint.
    pub event_id: i64,
    /// The endpoint.
    pub endpoint_id: i64,
    /// The user whose account the event is about.
    pub user_id: i64,
    /// The status.
    pub status: Status,
    /// The number of attempts.
    pub attempts: i32,
    /// When it is due next if it is pending, in wall time.
    pub due_at: DateTimeUtc,
    /// A failed attempt after this time is the last one. Wall time.
    pub gives_up_at: DateTimeUtc,
    /// The HTTP status of the last response.
    pub response_status: Option<i32>,
    /// The reason why the last attempt failed.
    pub error: Option<String>,
    /// When it was accepted or given up, in wall time.
    pub finished_at: Option<DateTimeUtc>,
    /// When the row was added, in wall time.
    pub created_at: DateTimeUtc,
}

/// A delivery's relations are loaded explicitly, in batches.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
