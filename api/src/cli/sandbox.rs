//! `patch-hive sandbox`

use std::net::SocketAddr;

use clap::Args;
use sandbox::Settings;

use super::{failure::Failure, output::say, signals::Signals};
use crate::config::DEMO;

/// Run the Stripe stand-in alone
///
/// Speaks Stripe's API on loopback, keeps its state in memory, and takes any key that begins with `sk_test_`. Three
/// recurring prices are there from the start: `price_core`, `price_pro` and `price_studio`.
///
/// Example, for a gateway that runs on port 8000:
///
///     patch-hive sandbox --webhook-url http://127.0.0.1:8000/api/payments/webhook
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Sandbox {
    /// Loopback address to listen on
    #[arg(long, default_value = "127.0.0.1:8001")]
    bind: SocketAddr,
    /// Where events are delivered; may be given several times, and nothing is delivered without
    #[arg(long)]
    webhook_url: Vec<String>,
    /// Secret that deliveries are signed with
    #[arg(long, default_value = DEMO.webhook_secret)]
    webhook_secret: String,
}

impl Sandbox {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let sandbox = start(Settings {
            bind: self.bind,
            webhook_urls: self.webhook_url,
            webhook_secret: self.webhook_secret.clone(),
            state_file: None,
            seed: None,
        })
        .await?;
        say(format_args!("The sandbox is at http://{}", sandbox.address()));
        say("\nFor the .env of a gateway that shall use it:\n");
        say("STRIPE_SECRET_KEY=sk_test_sandbox");
        say(format_args!("STRIPE_WEBHOOK_SECRET={}", self.webhook_secret));
        say(format_args!("STRIPE_API_BASE=http://{}/", sandbox.address()));
        for tier in ["core", "pro", "studio"] {
            say(format_args!("STRIPE_PRICE_ID_{}=price_{tier}", tier.to_uppercase()));
        }
        Signals::listen()?.asked_to_stop().await;
        sandbox.stop().await;
        Ok(())
    }
}

/// Starts a sandbox.
///
/// # Errors
/// A sentence that says why not.
pub(super) async fn start(settings: Settings) -> Result<sandbox::Sandbox, Failure> {
    sandbox::Sandbox::start(settings).await.map_err(|error| match error {
        sandbox::Error::NotLoopback(_) => Failure::Settings(error.to_string()),
        _ => Failure::Runtime(error.to_string()),
    })
}
