//! Open invoices of a subscription.

use serde_json::json;
use stripe::StripeRequest;
use stripe_billing::invoice::VoidInvoiceInvoice;

use super::{Failure, Invoice, Stripe, known_id};

impl Stripe {
    /// All open invoices of a subscription, the newest first.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn open_invoices(&self, subscription: &str) -> Result<Vec<Invoice>, Failure> {
        let query = json!({ "subscription": known_id(subscription)?, "status": "open" });
        let invoices = self.list_all("list open invoices", "/invoices", &query).await?;
        Ok(invoices.iter().map(Invoice::from_value).collect::<Result<_, _>>()?)
    }

    /// Voids an open invoice, so that it can no longer be paid. Stripe documentation: "Void an invoice".
    ///
    /// # Errors
    /// [`Failure`]; an invoice that is no longer open, or whose payment is processing, is [`Failure::Refused`]. So it needs no
    /// idempotency key.
    pub async fn void_open_invoice(&self, invoice: &str) -> Result<(), Failure> {
        let request = VoidInvoiceInvoice::new(known_id(invoice)?);
        self.read("void invoice", request.build()).await.map(drop)
    }
}
