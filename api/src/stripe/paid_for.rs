//! What a payment has paid for: asked when nobody told.

use serde_json::json;

use super::{Failure, InvoicePayment, Session, Stripe, known_id};

impl Stripe {
    /// The invoice that a payment intent has paid, if it has paid one.
    ///
    /// # Errors
    /// [`Failure`] where Stripe does not tell.
    pub async fn invoice_paid_by(&self, payment_intent: &str) -> Result<Option<InvoicePayment>, Failure> {
        let payment = json!({ "type": "payment_intent", "payment_intent": known_id(payment_intent)? });
        let query = json!({ "payment": payment, "status": "paid" });
        let listed = self.list(("list invoice payments", "/invoice_payments"), query, None).await?;
        Ok(listed.objects.first().map(InvoicePayment::from_value).transpose()?)
    }

    /// The Checkout Session that a payment intent has paid, if it has paid one.
    ///
    /// # Errors
    /// [`Failure`] where Stripe does not tell.
    pub async fn session_paid_by(&self, payment_intent: &str) -> Result<Option<Session>, Failure> {
        let query = json!({ "payment_intent": known_id(payment_intent)? });
        let listed = self.list(("list sessions", "/checkout/sessions"), query, None).await?;
        Ok(listed.objects.first().map(Session::from_value).transpose()?)
    }
}
