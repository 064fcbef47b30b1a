//! What a resolver knows of its request.

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::Context;
use chrono::{DateTime, Utc};
use entity::user::Role;

use super::loaders::Loaders;
use crate::{app::App, auth::Viewer, error::Error, throttle::Address};

/// Names a request in the log and in the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

/// When that was booked which a subscription tells: said as it is told, taken once it is written to the client.
#[derive(Clone, Debug, Default)]
pub struct BookedAt(Arc<Mutex<Option<DateTime<Utc>>>>);

impl BookedAt {
    /// Says it, or that it was not booked just now.
    pub fn say(&self, moment: Option<DateTime<Utc>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = moment;
    }

    /// Takes what was said last.
    #[must_use]
    pub fn take(&self) -> Option<DateTime<Utc>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Names the fields of a mutation's `input` by their path.
pub(super) fn in_input(error: Error) -> Error {
    error.within("input")
}

/// What a resolver asks of its context.
pub(super) trait Asked {
    /// The gateway.
    fn app(&self) -> Result<&App, Error>;
    /// The loaders of this execution.
    fn loaders(&self) -> Result<&Loaders, Error>;
    /// Where it is asked from.
    fn address(&self) -> Address;
    /// Who asks, if anybody.
    fn viewer_or_anonymous(&self) -> Option<Viewer>;
    /// Who asks.
    fn viewer(&self) -> Result<Viewer, Error>;
    /// Who asks for something that calls Stripe, unless they do so too often: Stripe counts the calls of all users together.
    fn viewer_at_stripe(&self) -> Result<Viewer, Error>;
    /// Who asks, when the role is among those that may.
    fn viewer_as(&self, role: Role) -> Result<Viewer, Error>;
}

impl Asked for Context<'_> {
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
