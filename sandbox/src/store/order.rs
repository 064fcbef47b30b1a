//! The content of a checkout session.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::store::calendar::DAY_SECONDS;

/// The content of a checkout session, and the data of the objects that its payment creates.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) lines: Vec<Value>,
    /// Metadata for the subscription or the payment intent. The session's own stays with the session.
    pub(crate) metadata: Map<String, Value>,
    pub(crate) description: Value,
    pub(crate) trial: Option<Trial>,
    /// The id of the coupon that discounts the session.
    pub(crate) coupon: Option<String>,
    /// The id of the promotion code that the customer entered for the coupon.
    #[serde(default)]
    pub(crate) promotion_code: Option<String>,
    /// Taxes are computed.
    #[serde(default)]
    pub(crate) automatic_tax: bool,
    /// The address that is entered is saved to the customer.
    #[serde(default)]
    pub(crate) saves_address: bool,
}

/// The trial of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Trial {
    /// The number of days from the payment.
    Days(i64),
    Until(i64),
}

impl Trial {
    /// Returns the end of a trial that starts now.
    pub(crate) fn end(self, now: i64) -> i64 {
        match self {
            Trial::Days(days) => now + days * DAY_SECONDS,
            Trial::Until(moment) => moment.max(now),
        }
    }
}
