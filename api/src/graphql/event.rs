//! The inbox of webhooks, for operators.

use async_graphql::{
    Context, Enum, ID, InputObject, Object,
    connection::{ConnectionNameType, EdgeNameType},
};
use chrono::{DateTime, Utc};
use entity::{
    event::{self, Summary},
    user::Role,
};

use super::{
    context::Asked,
    cursors::{self, Arguments, List},
};
use crate::{
    billing::event::{Filter, Place, page, replay},
    error::Error,
};

/// Asks for webhooks.
#[derive(Default)]
pub(super) struct EventQuery;

/// A page of webhooks.
pub(super) type WebhookEventConnection = List<WebhookEvent, WebhookEventConnectionName, WebhookEventEdgeName, Place>;

/// Names the connection.
pub(super) struct WebhookEventConnectionName;

impl ConnectionNameType for WebhookEventConnectionName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "WebhookEventConnection".to_owned()
    }
}

/// Names its edges.
pub(super) struct WebhookEventEdgeName;

impl EdgeNameType for WebhookEventEdgeName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "WebhookEventEdge".to_owned()
    }
}

#[Object]
impl EventQuery {
    /// All webhooks that came, the last first. Needs the role admin.
    async fn webhook_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many of the newest events, at most 100; 20 without it.")] first: Option<i32>,
        #[graphql(desc = "Only events after this cursor, that is older ones.")] after: Option<String>,
        #[graphql(desc = "Only events of which this became.")] status: Option<WebhookEventStatus>,
        #[graphql(name = "type", desc = "Only events of this type, such as invoice.paid.")] kind: Option<String>,
    ) -> Result<WebhookEventConnection, Error> {
        ctx.viewer_as(Role::Admin)?;
        let window = Arguments { first, after, ..Arguments::default() }.window()?;
        let page = page(ctx.app()?, &Filter { status: status.map(Into::into), kind }, window).await?;
        Ok(cursors::connection(page, |event| (event.received_at, event.event_id.clone()), WebhookEvent))
    }
}

/// Replays webhooks.
#[derive(Default)]
pub(super) struct EventMutation;

#[Object]
impl EventMutation {
    /// Tries a webhook again now, whatever became of it before, and answers what has become of it. What is booked is booked
    /// once, however often it is replayed. Needs the role admin.
    async fn replay_webhook_event(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which webhook.")] input: ReplayWebhookEventInput,
    ) -> Result<WebhookEvent, Error> {
        ctx.viewer_as(Role::Admin)?;
        replay(ctx.app()?, input.id.to_string()).await.map(WebhookEvent)
    }
}

/// What became of a webhook.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(remote = "event::Status")]
pub(super) enum WebhookEventStatus {
    /// Stored, and being settled.
    Received,
    /// Settled.
    Applied,
    /// Not ours, or of a type that means nothing to us.
    Ignored,
    /// About something that is not known yet.
    Waiting,
    /// Could not be settled; the error says why.
    Failed,
}

/// One webhook, as Stripe sent it.
pub(super) struct WebhookEvent(Summary);

/// One webhook, as Stripe sent it.
#[Object]
impl WebhookEvent {
    /// Stripe's id of the event: `evt_...`.
    async fn id(&self) -> ID {
        self.0.event_id.as_str().into()
    }

    /// Stripe's name of what happened, such as `invoice.paid`.
    #[graphql(name = "type")]
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// What became of it.
    async fn status(&self) -> WebhookEventStatus {
        self.0.status.into()
    }

    /// When it happened, by Stripe's clock.
    async fn created(&self) -> DateTime<Utc> {
        self.0.created
    }

    /// When it came.
    async fn received_at(&self) -> DateTime<Utc> {
        self.0.received_at
    }

    /// When it was settled first; null while it is not.
    async fn applied_at(&self) -> Option<DateTime<Utc>> {
        self.0.applied_at
    }

    /// How often it was tried.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// Why the last attempt failed, or found nothing to do.
    async fn error(&self) -> Option<&str> {
        self.0.error.as_deref()
    }

    /// Stripe's id of what has to come first, while it waits.
    async fn waits_for(&self) -> Option<&str> {
        self.0.waits_for.as_deref()
    }
}

/// A webhook to try again.
#[derive(InputObject)]
pub(super) struct ReplayWebhookEventInput {
    /// Stripe's id of the event: `evt_...`.
    id: ID,
}
