//! `patch-hive stripe-setup`

use clap::Args;
use url::Url;

use super::{failure::Failure, output::say};
use crate::{
    config::{Problems, StripeVariables},
    server,
    setup::{self, SetupOptions},
};

/// Path of the gateway's webhook endpoint.
const WEBHOOK_PATH: &str = "/api/payments/webhook";

/// Create products, prices and the webhook endpoint at Stripe
///
/// Creates or finds the products and prices, the customer portal configuration, and the webhook endpoint with exactly the
/// events that the gateway reads; corrects what differs; and prints the variables to set, as lines for .env. It is safe to
/// run again: existing objects are kept. A price whose amount has changed gets a successor, and stays recognized.
///
/// Stripe reveals the secret of a webhook endpoint only when the endpoint is created.
///
/// Example, which changes nothing:
///
///     patch-hive stripe-setup --dry-run --webhook-url https://billing.example/api/payments/webhook
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct StripeSetup {
    /// Print the changes without making them
    #[arg(long)]
    dry_run: bool,
    /// Public URL of the webhook endpoint; the gateway's path is added to a URL without one
    #[arg(long)]
    webhook_url: Option<Url>,
    #[command(flatten)]
    stripe: StripeVariables,
}

impl StripeSetup {
    pub(super) async fn run(self, problems: Problems) -> Result<(), Failure> {
        let stripe = server::stripe(&self.stripe.check(problems)?)?;
        let webhook_url = self.webhook_url.map(|mut url| {
            if url.path() == "/" {
                url.set_path(WEBHOOK_PATH);
            }
            url.to_string()
        });
        let report = setup::run(&stripe, SetupOptions { webhook_url, dry_run: self.dry_run }).await?;
        say(report.to_string().trim_end());
        Ok(())
    }
}
