//! `patch-hive dev`

mod files;
mod welcome;

use std::net::SocketAddr;

use clap::Args;
use entity::user::Role;
use sandbox::Settings;
use tokio::net::TcpListener;

use self::files::Files;
use super::{failure::Failure, output::say, sandbox::start, signals::Signals};
use crate::{
    clock::Clock,
    config::{Config, DEMO, check_url},
    database,
    server::{self, Options, Site},
};

/// Run everything on this machine, with nothing to set up
///
/// Serves the gateway with a Stripe of its own, a demo user and GraphiQL. What happened is kept in the working folder, and
/// the next start goes on from there. Its secrets are in the source code, so it listens on loopback only.
///
/// Example, from a clean slate:
///
///     patch-hive dev --fresh
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Dev {
    /// Loopback address of the gateway
    #[arg(long, default_value = "127.0.0.1:8000")]
    bind: SocketAddr,
    /// Loopback address of the Stripe stand-in
    #[arg(long, default_value = "127.0.0.1:8001")]
    sandbox_bind: SocketAddr,
    /// Where the rows are kept; the stand-in's state is kept beside it
    #[arg(long, default_value = "sqlite:patch-hive.db")]
    database_url: String,
    /// Discard what earlier starts left: the database and the stand-in's state
    #[arg(long)]
    fresh: bool,
}

impl Dev {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let files = Files::of(&self.database_url);
        self.check()?;
        // Before anything is discarded: what is in use now must stay, the database of another `dev` above all.
        free("--bind", self.bind).await?;
        free("--sandbox-bind", self.sandbox_bind).await?;
        let claim = database::claim(&self.database_url).await?;
        if self.fresh {
            files.discard()?;
        }
        let sandbox = start(Settings {
            bind: self.sandbox_bind,
            webhook_urls: Vec::new(),
            webhook_secret: DEMO.webhook_secret.to_owned(),
            state_file: Some(files.sandbox),
            seed: None,
        })
        .await?;
        let api_base = format!("http://{}", sandbox.address());
        let config = Config::development(self.bind, self.database_url, api_base).map_err(Failure::Settings)?;
        let clock = Clock::following(sandbox.clock_offset());
        // The gateway takes the same lock.
        drop(claim);
        let site = Site::built();
        // Before it is known to serve: who asks it to stop then must be heard.
        let mut signals = Signals::listen()?;
        let gateway = server::start_with(config, clock, Options { migrate: true, demo: Some(DEMO), site }).await?;
        sandbox.set_webhook_urls(vec![format!("http://{}/api/payments/webhook", gateway.address())]);
        if let Some(session) = gateway.demo() {
            let app = gateway.app();
            let (admin, _) = app.tokens.issue(&session.user, Role::Admin, app.clock.wall(), None)?;
            say(welcome::text([gateway.address(), sandbox.address()], [&session.token, &admin], site.is_there()));
        }
        // The gateway first: what it is about to finish may need its Stripe.
        signals.watch_over(gateway).await;
        sandbox.stop().await;
        Ok(())
    }

    fn check(&self) -> Result<(), Failure> {
        for (flag, address) in [("--bind", self.bind), ("--sandbox-bind", self.sandbox_bind)] {
            if !address.ip().is_loopback() {
                return Err(Failure::Settings(format!(
                    "set {flag} to a loopback address: dev's secrets are public, so it cannot listen on {address}"
                )));
            }
        }
        check_url(&self.database_url).map_err(Failure::Settings)
    }
}

/// Checks that an address is nobody's yet.
async fn free(flag: &str, address: SocketAddr) -> Result<(), Failure> {
    TcpListener::bind(address)
        .await
        .map(drop)
        .map_err(|error| Failure::Runtime(format!("cannot listen on {address}, choose another with {flag}: {error}")))
}
