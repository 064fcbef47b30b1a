//! Invoices that Stripe would make, and does not.

use stripe::StripeRequest;
use stripe_billing::invoice::{
    CreatePreviewInvoice, CreatePreviewInvoiceSubscriptionDetails, CreatePreviewInvoiceSubscriptionDetailsItems,
    CreatePreviewInvoiceSubscriptionDetailsProrationBehavior as ProrationBehavior,
};

use super::{Failure, Invoice, PriceChange, Stripe, known_id};

impl Stripe {
    /// The invoice that a change of price would make at once, or the next one after a change that charges nothing. Stripe
    /// documentation: "Create a preview invoice".
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn preview(&self, subscription: &str, change: &PriceChange) -> Result<Invoice, Failure> {
        let mut item = CreatePreviewInvoiceSubscriptionDetailsItems::new();
        item.id = Some(change.item.clone());
        item.price = Some(change.price.clone());
        let mut details = CreatePreviewInvoiceSubscriptionDetails::new();
        details.items = Some(vec![item]);
        details.proration_date = change.charged_from;
        details.proration_behavior = Some(match change.charged_from {
            Some(_) => ProrationBehavior::AlwaysInvoice,
            None => ProrationBehavior::None,
        });
        let request = CreatePreviewInvoice::new().subscription(known_id(subscription)?).subscription_details(details);
        // It changes nothing, so that it needs no key.
        let call = |strategy| request.customize().request_strategy(strategy).send(&self.client);
        Ok(self.read("preview invoice", subscription, call).await?.try_into()?)
    }
}
