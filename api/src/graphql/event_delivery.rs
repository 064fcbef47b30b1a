//! The deliveries of events to endpoints.

use async_graphql::{
    Context, Enum, ID, InputObject, Object,
    connection::{ConnectionNameType, EdgeNameType},
};
use entity::{
    event_delivery::{Model, Status},
    user::Role,
};

use super::{
    account_event::Event,
    context::{RequestContext, in_input},
    cursors::{self, Arguments, List},
    date_time::Moment,
};
use crate::{
    billing::event_delivery::{self as use_case, Delivery, Filter},
    error::Error,
    global_id::Noun,
};

/// The query of deliveries.
#[derive(Default)]
pub(super) struct EventDeliveryQuery;

/// A page of deliveries.
pub(super) type EventDeliveryConnection = List<EventDelivery, EventDeliveryConnectionName, EventDeliveryEdgeName>;

/// Names the connection in the schema.
pub(super) struct EventDeliveryConnectionName;

impl ConnectionNameType for EventDeliveryConnectionName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "EventDeliveryConnection".to_owned()
    }
}

/// Names the connection's edges in the schema.
pub(super) struct EventDeliveryEdgeName;

impl EdgeNameType for EventDeliveryEdgeName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "EventDeliveryEdge".to_owned()
    }
}

#[Object]
impl EventDeliveryQuery {
    /// The deliveries of events to endpoints, newest first. Requires the role `admin`.
    async fn event_deliveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Returns the first n deliveries, at most 100. Defaults to 20.")] first: Option<i32>,
        #[graphql(desc = "Returns deliveries after this cursor, which are older.")] after: Option<String>,
        #[graphql(desc = "Returns only deliveries with this status.")] status: Option<EventDeliveryStatus>,
        #[graphql(desc = "Returns only deliveries to the endpoint with this id.")] endpoint: Option<ID>,
    ) -> Result<EventDeliveryConnection, Error> {
        ctx.viewer_as(Role::Admin)?;
        let window = Arguments { first, after, ..Arguments::default() }.window()?;
        let filter = Filter { status: status.map(Into::into), endpoint: endpoint.map(|id| id.0) };
        let page = use_case::page(ctx.app()?, &filter, window).await?;
        Ok(cursors::connection(page, |delivery| delivery.row.id, EventDelivery::new))
    }
}

/// The mutation that sends events again.
#[derive(Default)]
pub(super) struct EventDeliveryMutation;

#[Object]
impl EventDeliveryMutation {
    /// Sends an event to an endpoint again, once; also if the endpoint does not receive its type. If the attempt fails, the delivery
    /// is DEAD. A delivery that is PENDING is tried now, and keeps its retries. Requires the role `admin`.
    async fn redeliver_event(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The event and the endpoint.")] input: RedeliverEventInput,
    ) -> Result<EventDelivery, Error> {
        let actor = ctx.viewer_as(Role::Admin)?.user_id;
        let RedeliverEventInput { event_id, endpoint_id } = input;
        let delivery = use_case::redeliver(ctx.app()?, actor, &event_id, &endpoint_id).await;
        delivery.map(EventDelivery::new).map_err(in_input)
    }
}

/// The status of a delivery.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(remote = "Status")]
pub(super) enum EventDeliveryStatus {
    /// It is to be sent, for the first time or again.
    Pending,
    /// The endpoint has accepted it.
    Delivered,
    /// It was given up: see `error`, and send it again with `redeliverEvent`.
    Dead,
}

/// The delivery of an event to an endpoint.
pub(super) struct EventDelivery {
    row: Model,
    event: Option<entity::account_event::Model>,
}

impl EventDelivery {
    fn new(delivery: Delivery) -> Self {
        Self { row: delivery.row, event: delivery.event }
    }
}

/// The delivery of an event to an endpoint.
#[Object]
impl EventDelivery {
    /// The id of the delivery.
    async fn id(&self) -> ID {
        Noun::Delivery.id(self.row.id).into()
    }

    /// The event; null if it was deleted.
    async fn event(&self) -> Option<Event> {
        self.event.clone().map(Event)
    }

    /// The id of the endpoint.
    async fn endpoint_id(&self) -> ID {
        Noun::Endpoint.id(self.row.endpoint_id).into()
    }

    /// The status.
    async fn status(&self) -> EventDeliveryStatus {
        self.row.status.into()
    }

    /// The number of attempts.
    async fn attempts(&self) -> i32 {
        self.row.attempts
    }

    /// When it is due next, or sooner if it follows an event of its account that waits; null unless it is pending.
    async fn due_at(&self) -> Option<Moment> {
        (self.row.status == Status::Pending).then_some(Moment(self.row.due_at))
    }

    /// The HTTP status of the last response; null if there was none.
    async fn response_status(&self) -> Option<i32> {
        self.row.response_status
    }

    /// The reason why the last attempt failed; null if it did not.
    async fn error(&self) -> Option<&str> {
        self.row.error.as_deref()
    }

    /// When the delivery was created.
    async fn created_at(&self) -> Moment {
        self.row.created_at.into()
    }

    /// When it was accepted or given up; null while it is pending.
    async fn finished_at(&self) -> Option<Moment> {
        self.row.finished_at.map(Moment)
    }
}

/// The input of `redeliverEvent`.
#[derive(InputObject)]
pub(super) struct RedeliverEventInput {
    /// The id of the event.
    event_id: ID,
    /// The id of the endpoint.
    endpoint_id: ID,
}
