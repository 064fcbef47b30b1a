//! The stream of events for other services.

use async_graphql::{
    Context, Enum, ID, Object,
    connection::{ConnectionNameType, EdgeNameType},
};
use entity::{account_event, user::Role};

use super::{
    context::RequestContext,
    cursors::{self, Arguments, List},
    date_time::Moment,
};
use crate::{billing, error::Error, global_id::Noun};

/// The query of events.
#[derive(Default)]
pub(super) struct AccountEventQuery;

/// A page of events.
pub(super) type EventConnection = List<Event, EventConnectionName, EventEdgeName>;

/// Names the connection in the schema.
pub(super) struct EventConnectionName;

impl ConnectionNameType for EventConnectionName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "EventConnection".to_owned()
    }
}

/// Names the connection's edges in the schema.
pub(super) struct EventEdgeName;

impl EdgeNameType for EventEdgeName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "EventEdge".to_owned()
    }
}

#[Object]
impl AccountEventQuery {
    /// The events about all accounts, oldest first: those that endpoints receive, in the same order. Events exist from the time at
    /// which the first endpoint was registered, for `EVENT_RETENTION_DAYS`. Requires the role `admin`.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Returns the first n events, at most 100. Defaults to 20.")] first: Option<i32>,
        #[graphql(desc = "Returns events after this cursor, which are newer. No later event ever comes before it.")]
        after: Option<String>,
        #[graphql(desc = "Returns only events of these types.")] types: Option<Vec<EventType>>,
    ) -> Result<EventConnection, Error> {
        ctx.viewer_as(Role::Admin)?;
        let window = Arguments { first, after, ..Arguments::default() }.window()?;
        let types: Vec<_> = types.unwrap_or_default().into_iter().map(Into::into).collect();
        let page = billing::account_event::page(ctx.app()?, &types, window).await?;
        Ok(cursors::connection(page, |event| event.id, Event))
    }
}

/// The type of an event. More types may be added.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(remote = "account_event::Type")]
pub(super) enum EventType {
    /// `balance.changed`: an entry was added to an account's ledger. Each entry has this event.
    BalanceChanged,
    /// `export.charged`: an export was charged, reserved before or not.
    ExportCharged,
    /// `hold.created`: credits were held for an export.
    HoldCreated,
    /// `hold.captured`: a hold was captured.
    HoldCaptured,
    /// `hold.released`: a hold was released.
    HoldReleased,
    /// `hold.expired`: a hold expired.
    HoldExpired,
    /// `subscription.changed`: a subscription began, changed or ended.
    SubscriptionChanged,
    /// `payment.paid`: a pack or an invoice of a plan was paid.
    PaymentPaid,
    /// `payment.failed`: the delayed payment of a pack failed, such as a bank debit.
    PaymentFailed,
    /// `payment.refunded`: the refunded amount of a payment changed.
    PaymentRefunded,
    /// `payment.disputed`: the disputed amount of a payment changed.
    PaymentDisputed,
    /// `alert.raised`: the user was alerted, as the user's alerts are set.
    AlertRaised,
}

/// An event about an account.
pub(super) struct Event(pub(super) account_event::Model);

/// An event about an account.
#[Object]
impl Event {
    /// The id of the event, which is also the header `webhook-id`.
    async fn id(&self) -> ID {
        Noun::Event.id(self.0.id).into()
    }

    /// The type of the event.
    #[graphql(name = "type")]
    async fn kind(&self) -> EventType {
        self.0.kind.into()
    }

    /// The id of the user whose account the event is about.
    async fn user_id(&self) -> ID {
        Noun::User.id(self.0.user_id).into()
    }

    /// The body that endpoints receive: a JSON object with `type`, `timestamp` and `data`.
    async fn payload(&self) -> &str {
        &self.0.payload
    }

    /// When the event was added to the stream.
    async fn created_at(&self) -> Moment {
        self.0.created_at.into()
    }
}
