//! `patch-hive stripe-setup`

use clap::Args;
use url::Url;

use super::{failure::Failure, output::say};
use crate::{
    config::StripeVariables,
    server,
    setup::{self, Wanted},
};

/// Where the gateway takes webhooks.
const WEBHOOK_PATH: &str = "/api/payments/webhook";

/// Make at Stripe what the gateway needs there
///
/// Makes or finds products and prices, the configuration of the customer portal, and the webhook endpoint with exactly the
/// events that the gateway reads; mends what has drifted; and prints the variables to set, as lines for .env. Safe to run
/// again: what is there already is left as it is. A price whose amount has changed gets a successor, and stays understood.
///
/// Stripe shows the secret of a webhook endpoint only when the endpoint is made.
///
/// Example, which only looks:
///
///     patch-hive stripe-setup --dry-run --webhook-url https://billing.example/api/payments/webhook
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct StripeSetup {
    /// Say what would be done, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Where Stripe reaches the gateway; of a mere host, the gateway's own path is added
    #[arg(long)]
    webhook_url: Option<Url>,
    #[command(flatten)]
    stripe: StripeVariables,
}

impl StripeSetup {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let stripe = server::stripe(&self.stripe.check().map_err(Failure::Settings)?)?;
        let webhook_url = self.webhook_url.map(|mut url| {
            if url.path() == "/" {
                url.set_path(WEBHOOK_PATH);
            }
            url.to_string()
        });
        let report = setup::run(&stripe, Wanted { webhook_url, dry_run: self.dry_run }).await?;
        say(report.to_string().trim_end());
        Ok(())
    }
}
