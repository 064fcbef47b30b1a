//! The state that a user requests for a subscription.

use serde::{Deserialize, Serialize};

/// The state that a user requests for a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::billing) enum Target {
    /// The subscription ends with its period.
    CancelAtPeriodEnd,
    /// The subscription continues as it is.
    Keep,
    /// The subscription continues at this price (`price_...`).
    Price(String),
}
