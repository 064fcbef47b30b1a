//! `admin_actions`: the changes that admins made, with their authors.

use sea_orm::entity::prelude::*;

/// The kind of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Kind {
    /// Credits were added.
    #[sea_orm(string_value = "grant_credits")]
    GrantCredits,
    /// Credits were added or taken.
    #[sea_orm(string_value = "adjust_credits")]
    AdjustCredits,
    /// The credits of an export were returned.
    #[sea_orm(string_value = "refund_export")]
    RefundExport,
    /// A webhook event was applied again.
    #[sea_orm(string_value = "replay_webhook_event")]
    ReplayWebhookEvent,
    /// An endpoint was registered to receive events.
    #[sea_orm(string_value = "create_event_endpoint")]
    CreateEventEndpoint,
    /// An endpoint was changed, disabled or enabled.
    #[sea_orm(string_value = "update_event_endpoint")]
    UpdateEventEndpoint,
    /// An endpoint was deleted.
    #[sea_orm(string_value = "delete_event_endpoint")]
    DeleteEventEndpoint,
    /// An event was sent to an endpoint again.
    #[sea_orm(string_value = "redeliver_event")]
    RedeliverEvent,
}

/// One action. Rows are only ever added.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "admin_actions")]
pub struct Model {
    /// The row's number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The admin: the user of the token.
    pub actor_id: i64,
    /// The kind.
    pub kind: Kind,
    /// The user whose account it is about; null for an event that is about no user, and for an endpoint.
    pub user_id: Option<i64>,
    /// The number of the ledger entry that it posted.
    pub entry_id: Option<i64>,
    /// The event that was replayed, `evt_...`. It may have been deleted since.
    pub event_id: Option<String>,
    /// The endpoint that it is about. It may have been deleted since.
    pub endpoint_id: Option<i64>,
    /// The event for other services that was sent again. It may have been deleted since.
    pub account_event_id: Option<i64>,
    /// When it was done, in wall time.
    pub created_at: DateTimeUtc,
}

/// An action's relations are loaded explicitly, in batches.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
