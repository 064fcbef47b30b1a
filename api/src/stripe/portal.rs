//! The customer portal: Stripe's pages where customers manage cards and invoices, and cancel their subscription.

use stripe::StripeRequest;
use stripe_billing::billing_portal_session::{
    CreateBillingPortalSession, CreateBillingPortalSessionFlowData, CreateBillingPortalSessionFlowDataAfterCompletion,
    CreateBillingPortalSessionFlowDataAfterCompletionRedirect,
    CreateBillingPortalSessionFlowDataAfterCompletionType as After, CreateBillingPortalSessionFlowDataType as Flow,
};

use super::{Failure, Stripe, Unreadable};

/// The part of the portal to open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortalPart {
    /// All of it.
    Home,
    /// The change of the payment method alone, which leads back when it is done.
    PaymentMethod,
}

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
        part: PortalPart,
    ) -> Result<String, Failure> {
        let request =
            CreateBillingPortalSession::new().customer(customer).configuration(configuration).return_url(return_url);
        let request = match part {
            PortalPart::Home => request,
            PortalPart::PaymentMethod => request.flow_data(payment_method_flow(return_url)),
        };
        let session = self.write("create portal session", key, request.build()).await?;
        let url = session["url"].as_str().ok_or_else(|| Unreadable::missing("portal session.url"))?;
        Ok(url.to_owned())
    }
}

fn payment_method_flow(return_url: &str) -> CreateBillingPortalSessionFlowData {
    let mut after = CreateBillingPortalSessionFlowDataAfterCompletion::new(After::Redirect);
    after.redirect = Some(CreateBillingPortalSessionFlowDataAfterCompletionRedirect::new(return_url));
    let mut flow = CreateBillingPortalSessionFlowData::new(Flow::PaymentMethodUpdate);
    flow.after_completion = Some(after);
    flow
}
