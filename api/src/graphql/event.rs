//! The inbox of webhooks, for operators.

use async_graphql::{
    Context, Enum, ID, InputObject, Object,
    connection::{ConnectionNameType, EdgeNameType},
};
use entity::{
    event::{self, Summary},
    user::Role,
};

use super::{
    context::{RequestContext, in_input},
    cursors::{self, Arguments, List},
    date_time::Moment,
};
use crate::{
    billing::event::{Filter, Place, page, replay},
    error::Error,
};

/// The query of webhooks.
#[derive(Default)]
pub(super) struct EventQuery;

/// A page of webhooks.
pub(super) type WebhookEventConnection = List<WebhookEvent, WebhookEventConnectionName, WebhookEventEdgeName, Place>;

/// Names the connection in the schema.
pub(super) struct WebhookEventConnectionName;

impl ConnectionNameType for WebhookEventConnectionName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "WebhookEventConnection".to_owned()
    }
}

/// Names the connection's edges in the schema.
pub(super) struct WebhookEventEdgeName;

impl EdgeNameType for WebhookEventEdgeName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "WebhookEventEdge".to_owned()
    }
}

#[Object]
impl EventQuery {
    /// All webhook events that were received, newest first. Requires the role `admin`.
    async fn webhook_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Returns the first n events, at most 100. Defaults to 20.")] first: Option<i32>,
        #[graphql(desc = "Returns events after this cursor, which are older.")] after: Option<String>,
        #[graphql(desc = "Returns only events with this status.")] status: Option<WebhookEventStatus>,
        #[graphql(name = "type", desc = "Returns only events of this type, such as `invoice.paid`.")] kind: Option<
            String,
        >,
    ) -> Result<WebhookEventConnection, Error> {
        ctx.viewer_as(Role::Admin)?;
        let window = Arguments { first, after, ..Arguments::default() }.window()?;
        let page = page(ctx.app()?, &Filter { status: status.map(Into::into), kind }, window).await?;
        Ok(cursors::connection(page, |event| (event.received_at, event.event_id.clone()), WebhookEvent))
    }
}

/// The mutation that replays webhooks.
#[derive(Default)]
pub(super) struct EventMutation;

#[Object]
impl EventMutation {
    /// Processes a webhook event again, whatever its status, and returns it with its new status. Replaying an event
    /// never applies it twice. Requires the role `admin`.
    async fn replay_webhook_event(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The event to replay.")] input: ReplayWebhookEventInput,
    ) -> Result<WebhookEvent, Error> {
        let actor = ctx.viewer_as(Role::Admin)?.user_id;
        replay(ctx.app()?, actor, input.id.to_string()).await.map(WebhookEvent).map_err(in_input)
    }
}

/// The processing status of a webhook event.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(remote = "event::Status")]
pub(super) enum WebhookEventStatus {
    /// Stored and being processed.
    Received,
    /// Processed.
    Applied,
    /// Not relevant to this server.
    Ignored,
    /// Waiting for an object that is not known yet.
    Waiting,
    /// Processing failed; `error` has the reason.
    Failed,
}

/// A webhook event that Stripe sent.
pub(super) struct WebhookEvent(pub(super) Summary);

/// A webhook event that Stripe sent.
#[Object]
impl WebhookEvent {
    /// The id of the event at Stripe: `evt_...`.
    pub(super) async fn id(&self) -> ID {
        self.0.event_id.as_str().into()
    }

    /// The type of the event, such as `invoice.paid`.
    #[graphql(name = "type")]
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// The processing status.
    async fn status(&self) -> WebhookEventStatus {
        self.0.status.into()
    }

    /// When Stripe created the event.
    async fn created(&self) -> Moment {
        self.0.created.into()
    }

    /// When the event was received.
    async fn received_at(&self) -> Moment {
        self.0.received_at.into()
    }

    /// When the event was first applied; null if it was not.
    async fn applied_at(&self) -> Option<Moment> {
        self.0.applied_at.map(Moment)
    }

    /// The number of attempts to process the event.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// The reason why the last attempt failed or had no effect.
    async fn error(&self) -> Option<&str> {
        self.0.error.as_deref()
    }

    /// The id of the Stripe object that the event is waiting for.
    async fn waits_for(&self) -> Option<&str> {
        self.0.waits_for.as_deref()
    }
}

/// The input of `replayWebhookEvent`.
#[derive(InputObject)]
pub(super) struct ReplayWebhookEventInput {
    /// The id of the event at Stripe: `evt_...`.
    id: ID,
}
