//! The configuration of the customer portal, found by its metadata.

use super::Setup;
use crate::stripe::{Failure, Stripe};

impl Setup<'_> {
    /// Ensures that a configuration of the gateway exists, with the wanted features.
    pub(super) async fn portal(&mut self) -> Result<(), Failure> {
        let what = "portal configuration";
        let known = self.stripe.known_portal_configuration().await?;
        let id = match known {
            Some(known) if known.sound => {
                self.say(format_args!("{what}: exists, {}", known.id));
                Some(known.id)
            }
            Some(known) => {
                let update =
                    async |stripe: &Stripe, key: &str| stripe.update_portal_configuration(key, &known.id).await;
                self.change(what, "updated: its features differed", update).await?;
                Some(known.id)
            }
            None => {
                let made =
                    self.change(what, "created", async |stripe, key| stripe.create_portal_configuration(key).await);
                made.await?.map(|made| made.id)
            }
        };
        self.variable("STRIPE_PORTAL_CONFIGURATION", id.as_deref());
        Ok(())
    }
}

/// Warns of a configured id that does not exist at Stripe, or whose features differ from the wanted ones: if it lets users
/// switch plans, an upgrade costs only the rest of the period. Does nothing if Stripe cannot be reached.
pub async fn warn_of_unsound(stripe: &Stripe, id: &str) {
    let variable = "STRIPE_PORTAL_CONFIGURATION";
    match stripe.portal_configuration(id).await {
        Ok(None) => {
            tracing::warn!(variable, configuration = id, "this portal configuration does not exist at Stripe");
        }
        Err(failure) if failure.is_not_found() => {
            tracing::warn!(variable, configuration = id, "this portal configuration does not exist at Stripe");
        }
        Ok(Some(known)) if !known.sound => {
            tracing::warn!(
                variable,
                configuration = id,
                "the features of this portal configuration differ from the wanted ones"
            );
        }
        Ok(Some(_)) => {}
        Err(error) => tracing::info!(%error, "the portal configuration could not be checked"),
    }
}
