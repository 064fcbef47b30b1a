//! Responses of the API as they are sent.

use std::{future, io};

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse as _, Response},
};
use futures_util::stream;
use serde_json::Value;

use crate::store::{fault::Effect, problem::Problem};

/// A response before it is sent.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
    /// The id of the original request, if this is its stored response.
    pub(crate) replay_of: Option<String>,
    /// A fault that damages the response.
    pub(crate) spoilt: Option<Effect>,
    /// Seconds after which the request may be retried.
    pub(crate) retry_after: Option<u32>,
}

/// The parts of a request that the headers of its response repeat.
pub(crate) struct Echo {
    pub(crate) request: String,
    pub(crate) version: Option<String>,
    pub(crate) idempotency_key: Option<String>,
}

impl Reply {
    pub(crate) fn new((status, body): (u16, Value)) -> Reply {
        Reply { status, body, replay_of: None, spoilt: None, retry_after: None }
    }

    pub(crate) fn refusal(problem: &Problem) -> Reply {
        Reply { retry_after: problem.retry_after, ..Reply::new((problem.status, problem.body())) }
    }

    pub(crate) fn into_response(self, echo: &Echo) -> Response {
        match self.spoilt {
            // A body that fails before its first byte makes the server close the connection.
            Some(Effect::Drop) => {
                let failure = future::ready(Err::<String, _>(io::Error::other("dropped by a fault")));
                Body::from_stream(stream::once(failure)).into_response()
            }
            Some(Effect::Garble) => "<html>this is not JSON".into_response(),
            _ => self.whole(echo),
        }
    }

    fn whole(self, echo: &Echo) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (should_retry, retry_after) = (self.should_retry(), self.retry_after);
        let body = serde_json::to_vec_pretty(&self.body).unwrap_or_default();
        let mut response = (status, body).into_response();
        let mut set = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                response.headers_mut().insert(HeaderName::from_static(name), value);
            }
        };
        set("content-type", "application/json");
        set("request-id", &echo.request);
        if let Some(version) = &echo.version {
            set("stripe-version", version);
        }
        if let Some(key) = &echo.idempotency_key {
            set("idempotency-key", key);
            set("original-request", self.replay_of.as_deref().unwrap_or(&echo.request));
        }
        if self.replay_of.is_some() {
            set("idempotent-replayed", "true");
        }
        if let Some(seconds) = retry_after {
            set("retry-after", &seconds.to_string());
            set("stripe-rate-limited-reason", "global-rate");
        }
        if let Some(should_retry) = should_retry {
            set("stripe-should-retry", should_retry);
        }
        response
    }

    /// Returns the value of `Stripe-Should-Retry`: a key in use will be free soon, and a stored response stays the
    /// same. `None` leaves the decision to the client (docs.stripe.com/error-low-level).
    fn should_retry(&self) -> Option<&'static str> {
        match self.status {
            409 => Some("true"),
            429 => None,
            400..=499 => Some("false"),
            500..=599 if self.replay_of.is_some() => Some("false"),
            _ => None,
        }
    }
}
