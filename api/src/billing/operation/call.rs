//! The trait of operations, and the context of their calls.

use std::ops::RangeInclusive;

use chrono::{DateTime, TimeDelta, Utc};
use entity::operation::{Kind, Model};
use sea_orm::DatabaseTransaction;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    app::App,
    error::Error,
    stripe::{Failure, Stripe},
    sync::Fact,
};

/// Time for the request that began an operation to finish it: two calls with one key get the same answer. An effect that
/// Stripe does not show yet may still appear within it.
pub(super) const PATIENCE: TimeDelta = TimeDelta::seconds(30);

/// The largest difference between our clock and Stripe's.
const SKEW: TimeDelta = TimeDelta::minutes(10);

/// A write to Stripe that is stored before it is sent, and sent again under its key until its outcome is known.
pub(in crate::billing) trait Operation:
    Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// Names the type in the table. A user has one open operation of each kind.
    const KIND: Kind;

    /// The result of the call.
    type Reply: Send + Sync;

    /// The id at Stripe of the object to change; `None` where the call creates one.
    fn target(&self) -> Option<&str> {
        None
    }

    /// Makes the call. However often it is made under one key, Stripe does it once. `None` when it had no effect and is given
    /// up.
    fn call(&self, call: &Call<'_>) -> impl Future<Output = Result<Option<Self::Reply>, Failure>> + Send;

    /// Looks at Stripe for the effect of earlier calls, once the key no longer shows it. `None` when Stripe shows none.
    fn look_up(&self, call: &Call<'_>) -> impl Future<Output = Result<Option<Self::Reply>, Failure>> + Send;

    /// The id at Stripe of what was created or changed.
    fn object(reply: &Self::Reply) -> &str;

    /// The facts to apply to our tables.
    fn facts(reply: &Self::Reply, user_id: i64) -> Vec<Fact>;

    /// True while the reply is still useful to its caller.
    fn is_usable(_reply: &Self::Reply) -> bool {
        true
    }

    /// The reply where the call is not needed because its effect exists already; called under the account's lock.
    fn existing(
        _tx: &DatabaseTransaction,
        _user_id: i64,
    ) -> impl Future<Output = Result<Option<Self::Reply>, Error>> + Send {
        async { Ok(None) }
    }

    /// True where a failure leaves the outcome open, so that the same call has to be made again. A refused secret key
    /// has nothing to do with the operation, and the operator can replace it.
    fn is_open_after(failure: &Failure) -> bool {
        match failure {
            Failure::Unknown { .. } | Failure::Unreachable { .. } | Failure::Unreadable(_) | Failure::Broken { .. } => {
                true
            }
            Failure::Refused(refusal) => matches!(refusal.status, 401 | 403),
            Failure::Settings(_) => false,
        }
    }

    /// The time after which an operation with an unknown outcome is given up; `None` where it never is.
    fn lifetime() -> Option<TimeDelta> {
        None
    }
}

/// The context of one call.
pub(in crate::billing) struct Call<'a> {
    /// The gateway.
    pub(in crate::billing) app: &'a App,
    /// The client to call with.
    pub(in crate::billing) stripe: &'a Stripe,
    /// The stored operation.
    pub(in crate::billing) operation: &'a Model,
}

impl Call<'_> {
    /// The operation's idempotency key, which objects at Stripe carry as metadata `operation`.
    pub(in crate::billing) fn key(&self) -> &str {
        &self.operation.idempotency_key
    }

    /// The idempotency key of one of several calls of the operation.
    pub(in crate::billing) fn key_of(&self, part: &str) -> String {
        format!("{}-{part}", self.operation.idempotency_key)
    }

    /// The time since the operation was begun.
    pub(in crate::billing) fn age(&self) -> TimeDelta {
        self.app.clock.wall() - self.operation.created_at
    }

    /// The times at which Stripe may have created an object for the operation. Stripe's clock is business time, which
    /// is never behind the wall time of the operation.
    pub(in crate::billing) fn created_at(&self) -> RangeInclusive<DateTime<Utc>> {
        let from = self.operation.created_at;
        let ahead = self.app.clock.now() - self.app.clock.wall();
        from - SKEW..=from + TimeDelta::hours(24) + ahead + SKEW
    }
}
