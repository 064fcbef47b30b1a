//! Stripe Tax, which only the account's owner can set up: they know where the business is registered.

use super::Setup;
use crate::stripe::{Failure, TaxStatus};

impl Setup<'_> {
    /// Reports whether `STRIPE_TAX` can be set.
    pub(super) async fn tax(&mut self) -> Result<(), Failure> {
        let what = "Stripe Tax";
        match self.stripe.tax_status().await {
            Ok(TaxStatus::Active) => {
                self.say(format_args!("{what}: set up; with STRIPE_TAX=true, checkouts compute taxes"));
            }
            Ok(TaxStatus::Pending { missing }) => {
                let missing =
                    if missing.is_empty() { String::new() } else { format!("; missing: {}", missing.join(", ")) };
                self.say(format_args!("{what}: not set up at Stripe, so STRIPE_TAX must be false{missing}"));
            }
            // A restricted key may lack the permission, which the gateway does not need.
            Err(Failure::Refused(refusal)) if [401, 403, 404].contains(&refusal.status) => {
                self.say(format_args!(
                    "{what}: this key cannot read its settings; look at Stripe before you set STRIPE_TAX"
                ));
            }
            Err(failure) => return Err(failure),
        }
        Ok(())
    }
}
