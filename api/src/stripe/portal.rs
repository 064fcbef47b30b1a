//! The customer portal: Stripe's pages where customers look after cards, invoices and the end of their subscription.

use stripe::StripeRequest;
use stripe_billing::billing_portal_session::CreateBillingPortalSession;

use super::{Failure, Stripe};

impl Stripe {
    /// Opens the portal for a customer, and answers its page. Stripe documentation: "Create a portal session".
    ///
    /// # Errors
    /// [`Failure`] where there is no page to answer.
    pub async fn create_portal_session(
        &self,
        key: &str,
        customer: &str,
        configuration: &str,
        return_url: &str,
    ) -> Result<String, Failure> {
        let request =
            CreateBillingPortalSession::new().customer(customer).configuration(configuration).return_url(return_url);
        let call = |strategy| request.customize().request_strategy(strategy).send(&self.client);
        Ok(self.write("create portal session", key, call).await?.url)
    }
}
