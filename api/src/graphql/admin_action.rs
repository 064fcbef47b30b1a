//! The changes that admins made, for operators.

use async_graphql::{
    Context, Enum, ID, Object,
    connection::{ConnectionNameType, EdgeNameType},
};
use entity::{admin_action, user::Role};

use super::{
    context::RequestContext,
    cursors::{self, Arguments, List},
    date_time::Moment,
    ledger::LedgerEntry,
    user::User,
};
use crate::{billing, error::Error, global_id::Noun, input};

/// The query of admins' actions.
#[derive(Default)]
pub(super) struct AdminActionQuery;

/// A page of actions.
pub(super) type AdminActionConnection = List<AdminAction, AdminActionConnectionName, AdminActionEdgeName>;

/// Names the connection in the schema.
pub(super) struct AdminActionConnectionName;

impl ConnectionNameType for AdminActionConnectionName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "AdminActionConnection".to_owned()
    }
}

/// Names the connection's edges in the schema.
pub(super) struct AdminActionEdgeName;

impl EdgeNameType for AdminActionEdgeName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "AdminActionEdge".to_owned()
    }
}

#[Object]
impl AdminActionQuery {
    /// All changes that admins made, newest first. Requires the role `admin`.
    async fn admin_actions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Returns the first n actions, at most 100. Defaults to 20.")] first: Option<i32>,
        #[graphql(desc = "Returns actions after this cursor, which are older.")] after: Option<String>,
        #[graphql(desc = "Returns only actions about the account of this user.")] user_id: Option<ID>,
    ) -> Result<AdminActionConnection, Error> {
        ctx.viewer_as(Role::Admin)?;
        let window = Arguments { first, after, ..Arguments::default() }.window()?;
        let user_id = user_id.map(|id| input::id(Noun::User, &id)).transpose()?;
        let page = billing::admin_action::page(ctx.app()?, user_id, window).await?;
        Ok(cursors::connection(page, |action| action.id, AdminAction))
    }
}

/// The kind of an admin's action.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(remote = "admin_action::Kind")]
pub(super) enum AdminActionKind {
    /// `grantCredits` added credits.
    GrantCredits,
    /// `adjustCredits` added or took credits.
    AdjustCredits,
    /// `refundExport` returned the credits of an export.
    RefundExport,
    /// `replayWebhookEvent` applied an event again.
    ReplayWebhookEvent,
    /// `createEventEndpoint` registered an endpoint.
    CreateEventEndpoint,
    /// `updateEventEndpoint` changed, disabled or enabled an endpoint.
    UpdateEventEndpoint,
    /// `deleteEventEndpoint` deleted an endpoint.
    DeleteEventEndpoint,
    /// `redeliverEvent` sent an event to an endpoint again.
    RedeliverEvent,
}

/// A change that an admin made.
pub(super) struct AdminAction(admin_action::Model);

/// A change that an admin made. A repeated request with the same idempotency key is one action.
#[Object]
impl AdminAction {
    /// The id of the action.
    async fn id(&self) -> ID {
        Noun::Action.id(self.0.id).into()
    }

    /// The kind of the action.
    async fn kind(&self) -> AdminActionKind {
        self.0.kind.into()
    }

    /// The admin, who is the user of the token.
    async fn actor(&self, ctx: &Context<'_>) -> Result<Option<User>, Error> {
        Ok(ctx.loaders()?.user(self.0.actor_id).await?.map(User::new))
    }

    /// The user whose account it is about; null for an event that is about no user of this server, and for an endpoint.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>, Error> {
        let Some(id) = self.0.user_id else { return Ok(None) };
        Ok(ctx.loaders()?.user(id).await?.map(User::new))
    }

    /// The ledger entry that was posted, with the credits and the reason; null if none was.
    async fn entry(&self, ctx: &Context<'_>) -> Result<Option<LedgerEntry>, Error> {
        let Some(id) = self.0.entry_id else { return Ok(None) };
        Ok(ctx.loaders()?.entry(id).await?.map(LedgerEntry))
    }

    /// The id of the event at Stripe that was replayed: `evt_...`. The event may have been deleted since.
    async fn webhook_event_id(&self) -> Option<ID> {
        self.0.event_id.as_deref().map(ID::from)
    }

    /// The id of the endpoint for events that it is about. The endpoint may have been deleted since.
    async fn event_endpoint_id(&self) -> Option<ID> {
        self.0.endpoint_id.map(|id| Noun::Endpoint.id(id).into())
    }

    /// The id of the event that was sent again. The event may have been deleted since.
    async fn event_id(&self) -> Option<ID> {
        self.0.account_event_id.map(|id| Noun::Event.id(id).into())
    }

    /// When the action was taken.
    async fn created_at(&self) -> Moment {
        self.0.created_at.into()
    }
}
