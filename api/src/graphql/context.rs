//! The context of a resolver: the gateway, the request and its caller.

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::Context;
use chrono::{DateTime, Utc};
use entity::user::Role;

use super::loaders::Loaders;
use crate::{app::App, auth::Viewer, error::Error, throttle::Address};

/// The id of a request, in the log and in its response. Shared, because a socket and its operations keep it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub Arc<str>);

/// The time at which the change was recorded that a subscription reports: set by the resolver, and taken once the result was
/// written to the client.
#[derive(Clone, Debug, Default)]
pub struct PostedAt(Arc<Mutex<Option<DateTime<Utc>>>>);

impl PostedAt {
    /// Sets the time. `None` for a result that reports no new change.
    pub fn set(&self, moment: Option<DateTime<Utc>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = moment;
    }

    /// Takes the time that was set last.
    #[must_use]
    pub fn take(&self) -> Option<DateTime<Utc>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Names the fields of a mutation's `input` by their path.
pub(super) fn in_input(error: Error) -> Error {
    error.within("input")
}

/// The parts of a context that resolvers use.
pub(super) trait RequestContext {
    /// The gateway.
    fn app(&self) -> Result<&App, Error>;
    /// The loaders of this execution.
    fn loaders(&self) -> Result<&Loaders, Error>;
    /// The address of the client.
    fn address(&self) -> Address;
    /// The caller; `None` without a token.
    fn viewer_or_anonymous(&self) -> Option<Viewer>;
    /// The caller.
    fn viewer(&self) -> Result<Viewer, Error>;
    /// The caller of an operation that calls Stripe, within a rate of their own: Stripe counts the calls of all users together.
    fn viewer_at_stripe(&self) -> Result<Viewer, Error>;
    /// The caller, if they have the role.
    fn viewer_as(&self, role: Role) -> Result<Viewer, Error>;
}

impl RequestContext for Context<'_> {
    fn app(&self) -> Result<&App, Error> {
        self.data_opt().ok_or_else(|| Error::Internal("the schema runs without a gateway".to_owned()))
    }

    fn loaders(&self) -> Result<&Loaders, Error> {
        self.data_opt().ok_or_else(|| Error::Internal("the execution has no loaders".to_owned()))
    }

    fn address(&self) -> Address {
        self.data_opt().copied().unwrap_or_default()
    }

    fn viewer_or_anonymous(&self) -> Option<Viewer> {
        self.data_opt().copied()
    }

    fn viewer(&self) -> Result<Viewer, Error> {
        self.viewer_or_anonymous().ok_or(Error::Unauthenticated("Log in and send the token as Authorization: Bearer."))
    }

    fn viewer_at_stripe(&self) -> Result<Viewer, Error> {
        let viewer = self.viewer()?;
        self.app()?.throttle.stripe(viewer.user_id)?;
        Ok(viewer)
    }

    fn viewer_as(&self, role: Role) -> Result<Viewer, Error> {
        let viewer = self.viewer()?;
        match role {
            Role::User => Ok(viewer),
            _ if viewer.role == role || viewer.role == Role::Admin => Ok(viewer),
            Role::Service => Err(Error::Forbidden("This operation requires the role service.")),
            Role::Admin => Err(Error::Forbidden("This operation requires the role admin.")),
        }
    }
}
