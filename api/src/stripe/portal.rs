//! The customer portal: Stripe's pages where customers look after cards, invoices and the end of their subscription.

use std::collections::HashMap;

use stripe::StripeRequest;
use stripe_billing::{
    billing_portal_configuration::{
        CreateBillingPortalConfiguration, CreateBillingPortalConfigurationFeatures,
        CreateBillingPortalConfigurationFeaturesSubscriptionCancel as CancelFeature,
        CreateBillingPortalConfigurationFeaturesSubscriptionCancelMode as CancelMode,
        CreateBillingPortalConfigurationFeaturesSubscriptionUpdate as UpdateFeature, InvoiceListParam,
        ListBillingPortalConfiguration, PaymentMethodUpdateParam,
    },
    billing_portal_session::CreateBillingPortalSession,
};

use super::{Failure, Stripe};

/// Marks the configuration that the gateway made for itself. Another value means another set of features.
const MARK: (&str, &str) = ("patch_hive", "patch-hive-portal-1");

/// As many as Stripe puts on one page.
const PAGE: i64 = 100;

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

    /// The portal's configuration that the gateway made for itself (`bpc_...`), made now if there is none. In it plans are
    /// not switched, since that would go around what an upgrade costs here, and subscriptions end with their period.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn portal_configuration(&self) -> Result<String, Failure> {
        if let Some(known) = self.known_portal_configuration().await? {
            return Ok(known);
        }
        let metadata = HashMap::from([(MARK.0.to_owned(), MARK.1.to_owned())]);
        let request = CreateBillingPortalConfiguration::new(features()).metadata(metadata);
        let call = |strategy| request.customize().request_strategy(strategy).send(&self.client);
        // Several that find none at once ask under one key and are answered alike.
        Ok(self.write("create portal configuration", MARK.1, call).await?.id.to_string())
    }

    async fn known_portal_configuration(&self) -> Result<Option<String>, Failure> {
        let request = ListBillingPortalConfiguration::new().active(true).limit(PAGE);
        let call = |strategy| request.customize().request_strategy(strategy).send(&self.client);
        let page = self.read("list portal configurations", MARK.1, call).await?;
        let ours = |metadata: &HashMap<String, String>| metadata.get(MARK.0).is_some_and(|mark| mark == MARK.1);
        let known = page.data.iter().find(|configuration| configuration.metadata.as_ref().is_some_and(ours));
        Ok(known.map(|configuration| configuration.id.to_string()))
    }
}

fn features() -> CreateBillingPortalConfigurationFeatures {
    let mut cancel = CancelFeature::new(true);
    cancel.mode = Some(CancelMode::AtPeriodEnd);
    let mut features = CreateBillingPortalConfigurationFeatures::new();
    features.invoice_history = Some(InvoiceListParam::new(true));
    features.payment_method_update = Some(PaymentMethodUpdateParam::new(true));
    features.subscription_cancel = Some(cancel);
    features.subscription_update = Some(UpdateFeature::new(false));
    features
}
