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
    accounts,
    clock::Clock,
    config::{Config, DEMO, DevelopmentVariables, Problems, check_url},
    database,
    server::{self, Options, Site},
};

/// Run everything locally, without any settings
///
/// Runs the gateway together with a sandbox that stands in for Stripe, a demo user and GraphiQL. Data is kept in the
/// working folder, and the next start continues with it. The secrets are public, so it listens on loopback only. Pages of
/// any loopback origin may call it, such as a frontend's development server.
///
/// Example, with an empty database:
///
///     patch-hive dev --fresh
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Dev {
    /// Loopback address of the gateway
    #[arg(long, default_value = "127.0.0.1:8000")]
    bind: SocketAddr,
    /// Loopback address of the sandbox
    #[arg(long, default_value = "127.0.0.1:8001")]
    sandbox_bind: SocketAddr,
    /// Database; the sandbox's state is kept in a file next to it
    #[arg(long, default_value = "sqlite:patch-hive.db")]
    database_url: String,
    /// Delete the database and the sandbox's state first
    #[arg(long)]
    fresh: bool,
    #[command(flatten)]
    variables: DevelopmentVariables,
}

impl Dev {
    pub(super) async fn run(self, mut problems: Problems) -> Result<(), Failure> {
        let files = Files::of(&self.database_url);
        self.check(&mut problems);
        let variables = self.variables.check(problems)?;
        // Before anything is deleted: files that another `dev` uses must stay.
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
        let mut config = Config::development(self.bind, self.database_url, api_base)
            .map_err(|error| Failure::Settings(error.to_string()))?;
        config.cors_origins = variables.cors_origins;
        config.legal = variables.legal;
        if let Some(stripe) = &mut config.stripe {
            stripe.checkout = variables.checkout;
        }
        let clock = Clock::following(sandbox.clock_offset());
        // The gateway takes the same lock.
        drop(claim);
        let site = Site::embedded();
        // Before the start is reported: a stop signal that follows the report must not be lost.
        let mut signals = Signals::listen()?;
        let gateway = server::start_with(config, clock, Options { migrate: true, demo: Some(DEMO), site }).await?;
        sandbox.set_webhook_urls(vec![format!("http://{}/api/payments/webhook", gateway.address())]);
        if let Some(session) = gateway.demo() {
            let app = gateway.app();
            let operator = accounts::operator(app, DEMO).await?;
            let (admin, _) = app.tokens.issue(&operator, Role::Admin, app.clock.wall(), None)?;
            say(welcome::text([gateway.address(), sandbox.address()], [&session.token, &admin], site.is_there()));
        }
        // The gateway first: it may need its sandbox to finish.
        signals.run_until_stopped(gateway).await;
        sandbox.stop().await;
        Ok(())
    }

    fn check(&self, problems: &mut Problems) {
        for (flag, address) in [("--bind", self.bind), ("--sandbox-bind", self.sandbox_bind)] {
            if !address.ip().is_loopback() {
                let problem = format!("must be a loopback address, not {address}: the secrets of dev are public");
                problems.add(flag, &problem);
            }
        }
        if let Err(problem) = check_url(&self.database_url) {
            problems.add("--database-url", &problem);
        }
    }
}

/// Checks that an address is free.
async fn free(flag: &str, address: SocketAddr) -> Result<(), Failure> {
    TcpListener::bind(address).await.map(drop).map_err(|error| {
        Failure::Runtime(format!("cannot listen on {address}: {error}. Choose another address with {flag}"))
    })
}
