//! Previews of invoices, which Stripe does not create.

use serde_json::{Value, json};
use stripe_client_core::{RequestBuilder, StripeMethod};

use super::{Cause, Failure, Invoice, PriceChange, Stripe, Subscription, known_id};

impl Stripe {
    /// The invoice that a change of price would create at once, or the next one after a change that charges nothing. Both
    /// are as if no end were scheduled, since a change of plan removes that. `None` where there would be none. Stripe
    /// documentation: "Create a preview invoice".
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
        // The end of a subscription under a schedule cannot be set.
        if subscription.schedule.is_none() && subscription.cancel_at_period_end {
            details["cancel_at_period_end"] = false.into();
        } else if subscription.schedule.is_none() && subscription.cancel_at.is_some() {
            details["cancel_at"] = "".into();
        }
        self.previewed(&json!({ "subscription": subscription.id, "subscription_details": details })).await
    }

    /// The next invoice of a subscription, or that of the schedule which controls it: only the latter contains what is
    /// scheduled. `None` where there will be none.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn upcoming_invoice(
        &self,
        subscription: &str,
        schedule: Option<&str>,
    ) -> Result<Option<Invoice>, Failure> {
        let form = match schedule {
            Some(schedule) => json!({ "schedule": known_id(schedule)? }),
            None => json!({ "subscription": known_id(subscription)? }),
        };
        self.previewed(&form).await
    }

    async fn previewed(&self, form: &Value) -> Result<Option<Invoice>, Failure> {
        // It changes nothing, so it needs no key.
        let request = RequestBuilder::new(StripeMethod::Post, "/invoices/create_preview").form(form);
        match self.read("preview invoice", request).await {
            Ok(invoice) => Ok(Some(Invoice::from_value(&invoice)?)),
            Err(Failure::Refused(refusal)) if refusal.cause() == Cause::NoUpcomingInvoice => Ok(None),
            Err(failure) => Err(failure),
        }
    }
}
