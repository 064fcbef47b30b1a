//! `patch-hive serve`

use clap::Args;

use super::{failure::Failure, signals::Signals};
use crate::{
    billing,
    clock::Clock,
    config::Variables,
    server::{self, Options, Site},
    setup,
};

/// Serve the gateway
///
/// Serves the gateway until SIGTERM or Ctrl-C, and then until open requests are answered. Pending migrations are applied
/// first. Whatever is missing or weak among the settings stops the start with one sentence that says what to set.
///
/// Example, with the secrets in .env:
///
///     patch-hive serve --bind 0.0.0.0:8000 --log-format json
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Serve {
    #[command(flatten)]
    variables: Variables,
    /// Apply no migrations, and refuse to start while some are pending
    #[arg(long)]
    no_migrate: bool,
}

impl Serve {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let config = self.variables.check().map_err(Failure::Settings)?;
        let options = Options { migrate: !self.no_migrate, demo: None, site: Site::built() };
        // Before it is known to serve: who asks it to stop then must be heard.
        let mut signals = Signals::listen()?;
        let gateway = server::start_with(config, Clock::default(), options).await?;
        if !options.site.is_there() {
            tracing::warn!("this program serves no pages: npm --prefix web run build, then build it again");
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
        signals.watch_over(gateway).await;
        Ok(())
    }
}
