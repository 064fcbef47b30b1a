//! Sets up Stripe: products and prices, the customer portal configuration, and the webhook endpoint. Existing objects are found
//! and kept, missing ones are created, and those that differ are updated, so that a second run changes nothing.

mod endpoint;
mod portal;
mod price;
mod tax;

use std::fmt;

use crate::{
    clock,
    stripe::{Failure, Stripe},
};

pub use portal::warn_of_unsound;
pub use price::warn_of_unknown;

/// The options of a setup.
#[derive(Clone, Debug, Default)]
pub struct SetupOptions {
    /// URL of the webhook endpoint. Without it, the endpoint is skipped.
    pub webhook_url: Option<String>,
    /// Reports changes without making them.
    pub dry_run: bool,
}

/// The result of a setup as lines for `.env`, in which everything but variables is a comment.
#[derive(Clone, Debug, Default)]
pub struct Report(Vec<String>);

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// Sets up Stripe.
///
/// # Errors
/// [`Failure`]. Objects created before it stay, and the next run finds them.
pub async fn run(stripe: &Stripe, wanted: SetupOptions) -> Result<Report, Failure> {
    let mut setup = Setup { stripe, dry_run: wanted.dry_run, steps: Vec::new(), variables: Vec::new() };
    setup.prices().await?;
    setup.portal().await?;
    setup.tax().await?;
    setup.endpoint(wanted.webhook_url.as_deref()).await?;
    setup.steps.append(&mut setup.variables);
    Ok(Report(setup.steps))
}

/// A running setup.
struct Setup<'a> {
    stripe: &'a Stripe,
    dry_run: bool,
    steps: Vec<String>,
    variables: Vec<String>,
}

impl Setup<'_> {
    fn say(&mut self, step: impl fmt::Display) {
        self.steps.push(format!("# {step}"));
    }

    /// Adds a line for `.env`; a dry run does not know the ids of objects that it did not create.
    fn variable(&mut self, name: &str, value: Option<&str>) {
        self.variables.push(match value {
            Some(value) => format!("{name}={value}"),
            None => format!("# {name} is known once it is created"),
        });
    }

    /// Makes a change under a fresh idempotency key, or only reports it in a dry run. `what` and `done` make the report, as in
    /// "price x" and "created".
    async fn change<T>(
        &mut self,
        what: &str,
        done: &str,
        change: impl AsyncFnOnce(&Stripe, &str) -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        if self.dry_run {
            self.say(format_args!("{what}: would be {done}"));
            return Ok(None);
        }
        let changed = change(self.stripe, &clock::random_id()).await?;
        self.say(format_args!("{what}: {done}"));
        Ok(Some(changed))
    }
}
