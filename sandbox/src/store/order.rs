//! The content of a checkout session.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

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
    /// The billing mode of the subscription.
    #[serde(default)]
    pub(crate) billing_mode: BillingMode,
    /// The payment method of a purchase is saved for later payments without the customer.
    #[serde(default)]
    pub(crate) saves_method: bool,
}

/// The billing mode of a subscription, with the rendering of the discounts of its prorations
/// (docs.stripe.com/billing/subscriptions/billing-mode).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BillingMode {
    /// Discounts are included in the amounts of prorations.
    Classic,
    /// Flexible, with discounts included in the amounts of prorations.
    #[default]
    Included,
    /// Flexible, with discounts beside the amounts of prorations.
    Itemized,
}

impl BillingMode {
    pub(crate) fn render(self) -> Value {
        match self {
            BillingMode::Classic => json!({ "flexible": null, "type": "classic" }),
            BillingMode::Included => json!({ "flexible": { "proration_discounts": "included" }, "type": "flexible" }),
            BillingMode::Itemized => json!({ "flexible": { "proration_discounts": "itemized" }, "type": "flexible" }),
        }
    }
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
