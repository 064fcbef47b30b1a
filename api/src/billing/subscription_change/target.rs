//! The state that a user requests for a subscription.

use serde::{Deserialize, Serialize};

/// The state that a user requests for a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::billing) enum Target {
    /// It ends with its period.
    CancelAtPeriodEnd,
    /// It goes on as it is.
    Keep,
    /// It goes on at this price (`price_...`).
    Price(String),
}
