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

/// Settings from the start of the sandbox, which are not part of the state file.
#[derive(Debug, Default)]
pub(crate) struct WebhookSettings {
    pub(crate) addresses: Vec<String>,
    pub(crate) secret: String,
    pub(crate) delivery_faults: DeliveryFaults,
}
