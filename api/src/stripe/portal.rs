//! The customer portal: Stripe's pages where customers manage cards and invoices, and cancel their subscription.

use stripe::StripeRequest;
use stripe_billing::billing_portal_session::CreateBillingPortalSession;

use super::{Failure, Stripe, Unreadable};

impl Stripe {
    /// Opens the portal for a customer, and returns its URL. Stripe documentation: "Create a portal session".
    ///
    /// # Errors
    /// [`Failure`] where there is no URL to return.
    pub async fn create_portal_session(
        &self,
        key: &str,
        customer: &str,
        configuration: &str,
        return_url: &str,
    ) -> Result<String, Failure> {
        let request =
            CreateBillingPortalSession::new().customer(customer).configuration(configuration).return_url(return_url);
        let session = self.write("create portal session", key, request.build()).await?;
        let url = session["url"].as_str().ok_or_else(|| Unreadable::missing("portal session.url"))?;
        Ok(url.to_owned())
    }
}
