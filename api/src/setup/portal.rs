//! The portal's configuration, found by its metadata.

use super::Setup;
use crate::stripe::{Failure, Stripe};

impl Setup<'_> {
    /// There is a configuration of our own, and it offers just what it should.
    pub(super) async fn portal(&mut self) -> Result<(), Failure> {
        let what = "portal configuration";
        let known = self.stripe.known_portal_configuration().await?;
        let id = match known {
            Some(known) if known.sound => {
                self.say(format_args!("{what}: there already, {}", known.id));
                Some(known.id)
            }
            Some(known) => {
                let mend = async |stripe: &Stripe, key: &str| stripe.update_portal_configuration(key, &known.id).await;
                self.change(what, "mended: it offered something else", mend).await?;
                Some(known.id)
            }
            None => {
                let made = self.change(what, "made", async |stripe, key| stripe.create_portal_configuration(key).await);
                made.await?.map(|made| made.id)
            }
        };
        self.variable("STRIPE_PORTAL_CONFIGURATION", id.as_deref());
        Ok(())
    }
}

/// Warns of a configuration that is set and that Stripe does not know, or that offers something else than it should: where it
/// lets plans be switched, an upgrade costs what is left of the period only. Where Stripe cannot be asked, nothing is said.
pub async fn warn_of_unsound(stripe: &Stripe, id: &str) {
    let variable = "STRIPE_PORTAL_CONFIGURATION";
    match stripe.portal_configuration(id).await {
        Ok(None) => {
            tracing::warn!(variable, configuration = id, "Stripe does not know this configuration of the portal");
        }
        Err(failure) if failure.is_not_found() => {
            tracing::warn!(variable, configuration = id, "Stripe does not know this configuration of the portal");
        }
        Ok(Some(known)) if !known.sound => {
            tracing::warn!(variable, configuration = id, "the portal offers something else than it should");
        }
        Ok(Some(_)) => {}
        Err(error) => tracing::info!(%error, "the portal's configuration could not be looked at"),
    }
}
