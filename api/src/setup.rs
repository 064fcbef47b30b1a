//! What has to be there at Stripe before anything can be sold: products and prices, the portal's configuration, and the
//! endpoint of the webhooks. What is there is found again and left as it is, what is missing is made, and what has drifted is
//! mended, so that a second run finds nothing to do.

mod endpoint;
mod portal;
mod price;

use std::fmt;

use crate::{
    clock,
    stripe::{Failure, Stripe},
};

pub use portal::warn_of_unsound;
pub use price::warn_of_unknown;

/// What is to be set up.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Where webhooks are to be sent. Without it nothing is done about them.
    pub webhook_url: Option<String>,
    /// Change nothing, and say what would be changed.
    pub dry_run: bool,
}

/// What was found and done, as lines of `.env`: what is no variable is a comment.
#[derive(Clone, Debug, Default)]
pub struct Report(Vec<String>);

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// Sets up what is missing at Stripe.
///
/// # Errors
/// [`Failure`]. What was made until then stays, and the next run finds it.
pub async fn run(stripe: &Stripe, wanted: Wanted) -> Result<Report, Failure> {
    let mut setup = Setup { stripe, dry_run: wanted.dry_run, steps: Vec::new(), variables: Vec::new() };
    setup.prices().await?;
    setup.portal().await?;
    setup.endpoint(wanted.webhook_url.as_deref()).await?;
    setup.steps.append(&mut setup.variables);
    Ok(Report(setup.steps))
}

/// A run under way.
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

    /// A line for `.env`; nothing is known yet of what a dry run did not make.
    fn variable(&mut self, name: &str, value: Option<&str>) {
        self.variables.push(match value {
            Some(value) => format!("{name}={value}"),
            None => format!("# {name} is known once it is made"),
        });
    }

    /// Makes a change under a fresh idempotency key, unless it is only to be said. `what` is said before `done`, as in
    /// "price x" and "made".
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
