//! The customer portal: Stripe's pages where customers look after cards, invoices and the end of their subscription.

use stripe::StripeRequest;
use stripe_billing::billing_portal_session::CreateBillingPortalSession;

use super::{Failure, Stripe, Unreadable};

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
        let session = self.write("create portal session", key, request.build()).await?;
        let url = session["url"].as_str().ok_or_else(|| Unreadable::missing("portal session.url"))?;
        Ok(url.to_owned())
    }
}
