//! The endpoints of other services that receive events.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{event_endpoint, user::Role};

use super::{
    account_event::EventType,
    context::{RequestContext, in_input},
    date_time::Moment,
};
use crate::{
    billing::event_endpoint::{self as use_case, EndpointChange, NewEndpoint},
    error::Error,
    global_id::Noun,
};

/// The query of endpoints.
#[derive(Default)]
pub(super) struct EventEndpointQuery;

#[Object]
impl EventEndpointQuery {
    /// All endpoints that receive events, oldest first. Requires the role `admin`.
    async fn event_endpoints(&self, ctx: &Context<'_>) -> Result<Vec<EventEndpoint>, Error> {
        ctx.viewer_as(Role::Admin)?;
        Ok(use_case::list(ctx.app()?).await?.into_iter().map(EventEndpoint).collect())
    }
}

/// The mutations of endpoints.
#[derive(Default)]
pub(super) struct EventEndpointMutation;

#[Object]
impl EventEndpointMutation {
    /// Registers an endpoint that receives signed events about all accounts from now on. Requires the role `admin`.
    async fn create_event_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The endpoint and its events.")] input: CreateEventEndpointInput,
    ) -> Result<CreatedEventEndpoint, Error> {
        let actor = ctx.viewer_as(Role::Admin)?.user_id;
        let CreateEventEndpointInput { url, types, description } = input;
        let new = NewEndpoint { url, types: types.into_iter().map(Into::into).collect(), description };
        let endpoint = use_case::create(ctx.app()?, actor, new).await.map_err(in_input)?;
        Ok(CreatedEventEndpoint { secret: endpoint.secret.clone(), endpoint: EventEndpoint(endpoint) })
    }

    /// Changes an endpoint, disables it or enables it again. Events that wait for a disabled endpoint are sent when it is enabled;
    /// events of the meantime are not: read them with `events`. Requires the role `admin`.
    async fn update_event_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The endpoint and its changes.")] input: UpdateEventEndpointInput,
    ) -> Result<EventEndpoint, Error> {
        let actor = ctx.viewer_as(Role::Admin)?.user_id;
        let UpdateEventEndpointInput { id, url, types, description, disabled } = input;
        let types = types.map(|types| types.into_iter().map(Into::into).collect());
        let change = EndpointChange { id: id.0, url, types, description, disabled };
        use_case::update(ctx.app()?, actor, change).await.map(EventEndpoint).map_err(in_input)
    }

    /// Deletes an endpoint, and returns it as it was. Events that wait for it are not sent. Requires the role `admin`.
    async fn delete_event_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The endpoint.")] input: DeleteEventEndpointInput,
    ) -> Result<EventEndpoint, Error> {
        let actor = ctx.viewer_as(Role::Admin)?.user_id;
        use_case::delete(ctx.app()?, actor, &input.id).await.map(EventEndpoint).map_err(in_input)
    }
}

/// An endpoint that receives events.
pub(super) struct EventEndpoint(event_endpoint::Model);

/// An endpoint that receives events.
#[Object]
impl EventEndpoint {
    /// The id of the endpoint.
    async fn id(&self) -> ID {
        Noun::Endpoint.id(self.0.id).into()
    }

    /// The URL that events are sent to.
    async fn url(&self) -> &str {
        &self.0.url
    }

    /// The types of events that it receives.
    async fn types(&self) -> Vec<EventType> {
        self.0.types().map(Into::into).collect()
    }

    /// A note for people.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// When the endpoint was disabled; null if it is enabled.
    async fn disabled_at(&self) -> Option<Moment> {
        self.0.disabled_at.map(Moment)
    }

    /// The reason why the gateway disabled it; null if an admin did.
    async fn disabled_reason(&self) -> Option<&str> {
        self.0.disabled_reason.as_deref()
    }

    /// When the endpoint was registered.
    async fn created_at(&self) -> Moment {
        self.0.created_at.into()
    }
}

/// The result of `createEventEndpoint`.
#[derive(SimpleObject)]
pub(super) struct CreatedEventEndpoint {
    /// The endpoint.
    endpoint: EventEndpoint,
    /// The secret that verifies the signatures of events: `whsec_...`. It is not shown again.
    secret: String,
}

/// The input of `createEventEndpoint`.
#[derive(InputObject)]
pub(super) struct CreateEventEndpointInput {
    /// The URL to send events to: https, at a public address.
    url: String,
    /// The types of events to send, at least one.
    types: Vec<EventType>,
    /// A note for people, at most 500 bytes.
    description: Option<String>,
}

/// The input of `updateEventEndpoint`. Fields that are left out stay as they are.
#[derive(InputObject)]
pub(super) struct UpdateEventEndpointInput {
    /// The id of the endpoint.
    id: ID,
    /// The URL to send events to.
    url: Option<String>,
    /// The types of events to send, at least one.
    types: Option<Vec<EventType>>,
    /// A note for people; empty for none.
    description: Option<String>,
    /// True disables the endpoint, and false enables it again.
    disabled: Option<bool>,
}

/// The input of `deleteEventEndpoint`.
#[derive(InputObject)]
pub(super) struct DeleteEventEndpointInput {
    /// The id of the endpoint.
    id: ID,
}
