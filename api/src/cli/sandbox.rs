//! `patch-hive sandbox`

use std::net::SocketAddr;

use clap::Args;
use sandbox::Settings;

use super::{failure::Failure, output::say, signals::Signals};
use crate::config::{DEMO, Problems};

/// Run only the sandbox, which stands in for Stripe
///
/// Serves Stripe's API on loopback, keeps its state in memory, and accepts any key that begins with `sk_test_`. It starts
/// with three recurring prices: `price_core`, `price_pro` and `price_studio`.
///
/// Example, for a gateway on port 8000:
///
///     patch-hive sandbox --webhook-url http://127.0.0.1:8000/api/payments/webhook
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Sandbox {
    /// Loopback address to listen on
    #[arg(long, default_value = "127.0.0.1:8001")]
    bind: SocketAddr,
    /// URL that events are delivered to; may be repeated. Without it, events are not delivered
    #[arg(long)]
    webhook_url: Vec<String>,
    /// Secret that signs deliveries
    #[arg(long, default_value = DEMO.webhook_secret)]
    webhook_secret: String,
}

impl Sandbox {
    pub(super) async fn run(self, problems: Problems) -> Result<(), Failure> {
        problems.none_or(())?;
        let sandbox = start(Settings {
            bind: self.bind,
            webhook_urls: self.webhook_url,
            webhook_secret: self.webhook_secret.clone(),
            state_file: None,
            seed: None,
        })
        .await?;
        say(format_args!("The sandbox runs at http://{}", sandbox.address()));
        say("\nSettings of a gateway that uses it, for .env:\n");
        say("STRIPE_SECRET_KEY=sk_test_sandbox");
        say(format_args!("STRIPE_WEBHOOK_SECRET={}", self.webhook_secret));
        say(format_args!("STRIPE_API_BASE=http://{}/", sandbox.address()));
        for tier in ["core", "pro", "studio"] {
            say(format_args!("STRIPE_PRICE_ID_{}=price_{tier}", tier.to_uppercase()));
        }
        Signals::listen()?.received().await;
        sandbox.stop().await;
        Ok(())
    }
}

/// Starts a sandbox.
///
/// # Errors
/// The address is not on loopback, or cannot be listened on; or the state file cannot be read.
pub(super) async fn start(settings: Settings) -> Result<sandbox::Sandbox, Failure> {
    sandbox::Sandbox::start(settings).await.map_err(|error| match error {
        sandbox::Error::NotLoopback(_) => Failure::Settings(error.to_string()),
        _ => Failure::Runtime(error.to_string()),
    })
}
