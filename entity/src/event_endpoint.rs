//! `event_endpoints`: the endpoints of other services that receive events.

use sea_orm::entity::prelude::*;

use crate::account_event::Type;

/// One endpoint.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event_endpoints")]
pub struct Model {
    /// The row's number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The URL that events are sent to.
    pub url: String,
    /// The types of events that it receives, separated by spaces.
    pub types: String,
    /// A note of the admin who registered it.
    pub description: Option<String>,
    /// The secret that signs what is sent, `whsec_...`.
    pub secret: String,
    /// When it was disabled, in wall time.
    pub disabled_at: Option<DateTimeUtc>,
    /// The reason, where the gateway disabled it.
    pub disabled_reason: Option<String>,
    /// When it was registered, in wall time.
    pub created_at: DateTimeUtc,
}

/// The secret is left out, and the URL, which may contain another one.
impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model").field("id", &self.id).finish_non_exhaustive()
    }
}

/// An endpoint has no relations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The types of events that the endpoint receives.
    pub fn types(&self) -> impl Iterator<Item = Type> {
        self.types.split(' ').filter_map(|name| Type::try_from_value(&name.to_owned()).ok())
    }

    /// Returns true if new events of a type are sent to the endpoint.
    #[must_use]
    pub fn receives(&self, kind: Type) -> bool {
        self.disabled_at.is_none() && self.types().any(|one| one == kind)
    }
}
