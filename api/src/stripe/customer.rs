//! Changes of customers.

use stripe::StripeRequest;
use stripe_core::customer::UpdateCustomer;

use super::{Failure, Stripe, known_id};

/// The details of a customer that we set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerDetails {
    /// The email address for receipts; empty to remove it.
    pub email: String,
    /// The name on receipts; empty to remove it.
    pub name: String,
}

impl Stripe {
    /// Sets the details of a customer. Doing it again changes nothing, so it needs no idempotency key. Stripe documentation:
    /// "Update a customer".
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn update_customer(&self, id: &str, details: &CustomerDetails) -> Result<(), Failure> {
        let request = UpdateCustomer::new(known_id(id)?).email(&details.email).name(&details.name);
        self.read("update customer", request.build()).await.map(drop)
    }
}
