//! Settings of the account and of the running sandbox.

use serde::{Deserialize, Serialize};

use crate::store::delivery_fault::DeliveryFaults;

/// The outcome for a subscription after the last retry of a payment failed. At Stripe, it is a setting of the account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterRetries {
    /// The subscription is canceled.
    #[default]
    Cancel,
    /// The subscription becomes unpaid: invoices are still drafted, but no longer collected.
    Unpaid,
    /// The subscription stays past due.
    PastDue,
}

/// The settings of Stripe Tax. The sandbox taxes everything at one rate, wherever the customer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tax {
    /// The rate in percent, at most 100.
    pub percent: u8,
    /// Prices that do not decide it themselves include the tax; otherwise the tax is added to them.
    pub inclusive: bool,
    /// Stripe Tax is set up. Otherwise, `automatic_tax` is refused.
    pub set_up: bool,
}

impl Default for Tax {
    fn default() -> Tax {
        Tax { percent: 20, inclusive: false, set_up: true }
    }
}

/// Settings from the start of the sandbox, which are not part of the state file.
#[derive(Debug, Default)]
pub(crate) struct WebhookSettings {
    pub(crate) addresses: Vec<String>,
    pub(crate) secret: String,
    pub(crate) delivery_faults: DeliveryFaults,
}
