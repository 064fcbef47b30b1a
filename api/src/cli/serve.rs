//! `patch-hive serve`

use clap::Args;

use super::{failure::Failure, signals::Signals};
use crate::{
    billing,
    clock::Clock,
    config::{Problems, Variables},
    server::{self, Options, Site},
    setup,
};

/// Run the gateway
///
/// Applies pending migrations, then serves until SIGTERM or Ctrl-C. Open requests are completed before it exits. If
/// settings are missing or wrong, it does not start, and reports each of them.
///
/// Example, with secrets in .env:
///
///     patch-hive serve --bind 0.0.0.0:8000 --log-format json
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Serve {
    #[command(flatten)]
    variables: Variables,
    /// Do not apply migrations; fail if any are pending
    #[arg(long)]
    no_migrate: bool,
}

impl Serve {
    pub(super) async fn run(self, problems: Problems) -> Result<(), Failure> {
        let config = self.variables.check(problems)?;
        let options = Options { migrate: !self.no_migrate, demo: None, site: Site::embedded() };
        // Before the start is reported: a stop signal that follows the report must not be lost.
        let mut signals = Signals::listen()?;
        let gateway = server::start_with(config, Clock::default(), options).await?;
        if !options.site.is_there() {
            tracing::warn!("this build contains no web pages: run npm --prefix web run build, then rebuild");
        }
        let app = gateway.app().clone();
        tokio::spawn(async move {
            if let Some(payments) = &app.payments {
                billing::customer::warn_of_other_account(&app).await;
                setup::warn_of_unknown(&payments.stripe, &payments.prices).await;
                let stripe = app.config.stripe.as_ref();
                if let Some(id) = stripe.and_then(|stripe| stripe.portal_configuration.as_deref()) {
                    setup::warn_of_unsound(&payments.stripe, id).await;
                }
            }
        });
        signals.run_until_stopped(gateway).await;
        Ok(())
    }
}
