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

    /// Voids an open invoice, so that it can no longer be paid: a plan change that waits for its payment is canceled. Stripe
    /// documentation: "Void an invoice" and "Pending updates".
    ///
    /// # Errors
    /// [`Failure`]; an invoice that is no longer open, or whose payment is processing, is [`Failure::Refused`].
    pub async fn void_invoice(&self, key: &str, invoice: &str) -> Result<(), Failure> {
        let request = VoidInvoiceInvoice::new(known_id(invoice)?);
        self.write("void invoice", key, request.build()).await.map(drop)
    }
}
