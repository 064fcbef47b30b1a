//! Invoices that Stripe would make, and does not.

use serde_json::json;
use stripe_client_core::{RequestBuilder, StripeMethod};

use super::{Cause, Failure, Invoice, PriceChange, Stripe, Subscription};

impl Stripe {
    /// The invoice that a change of price would make at once, or the next one after a change that charges nothing. Both as
    /// if no end were announced, since a change of plan takes that back. `None` where none would come. Stripe documentation:
    /// "Create a preview invoice".
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn preview(&self, subscription: &Subscription, change: &PriceChange) -> Result<Option<Invoice>, Failure> {
        let mut details = json!({ "items": [{ "id": change.item, "price": change.price }] });
        details["proration_behavior"] = match change.charged_from {
            Some(from) => {
                details["proration_date"] = from.into();
                "always_invoice".into()
            }
            None => "none".into(),
        };
        // A schedule lets nobody else speak of the end.
        if subscription.schedule.is_none() && subscription.cancel_at_period_end {
            details["cancel_at_period_end"] = false.into();
        } else if subscription.schedule.is_none() && subscription.cancel_at.is_some() {
            details["cancel_at"] = "".into();
        }
        let form = json!({ "subscription": subscription.id, "subscription_details": details });
        // It changes nothing, so it needs no key.
        let request = RequestBuilder::new(StripeMethod::Post, "/invoices/create_preview").form(&form);
        match self.read("preview invoice", request).await {
            Ok(invoice) => Ok(Some(Invoice::from_value(&invoice)?)),
            Err(Failure::Refused(refusal)) if refusal.cause() == Cause::NoUpcomingInvoice => Ok(None),
            Err(failure) => Err(failure),
        }
    }
}
