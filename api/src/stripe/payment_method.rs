//! Payment methods that plans are sold for.

use serde_json::{Value, json};
use stripe_checkout::checkout_session::CreateCheckoutSessionExcludedPaymentMethodTypes as Excluded;

use super::{Failure, Stripe, Unreadable, known_id};

/// Payment methods whose payment is confirmed days later. No plan is sold for them: Stripe marks a subscription active while
/// such a payment is still processing, and does not support them for upgrades that wait for their payment. Stripe
/// documentation: "Payment method support", "Delayed notification"; "Pending updates".
const DELAYED: [(&str, Excluded); 12] = [
    ("acss_debit", Excluded::AcssDebit),
    ("au_becs_debit", Excluded::AuBecsDebit),
    ("bacs_debit", Excluded::BacsDebit),
    ("boleto", Excluded::Boleto),
    ("customer_balance", Excluded::CustomerBalance),
    ("konbini", Excluded::Konbini),
    ("multibanco", Excluded::Multibanco),
    ("nz_bank_account", Excluded::NzBankAccount),
    ("oxxo", Excluded::Oxxo),
    ("sepa_debit", Excluded::SepaDebit),
    ("sofort", Excluded::Sofort),
    ("us_bank_account", Excluded::UsBankAccount),
];

/// True for payment methods whose payment is confirmed days later. `kind` is Stripe's type of a payment method.
#[must_use]
pub fn is_delayed(kind: &str) -> bool {
    DELAYED.iter().any(|(delayed, _)| *delayed == kind)
}

/// The payment methods that a checkout of a plan does not offer.
pub(super) fn excluded() -> Vec<Excluded> {
    DELAYED.iter().map(|(_, excluded)| excluded.clone()).collect()
}

const PATH: &str = "/payment_method_configurations";

/// Names the configuration that the gateway creates for its portal.
const NAME: &str = "Patch-Hive plans";

/// The idempotency key under which concurrent requests create one configuration.
const KEY: &str = "patch-hive-payment-methods-1";

impl Stripe {
    /// The configuration (`pmc_...`) that offers in the portal what checkouts of plans offer: created if there is none, and
    /// updated under `key` where it has been changed. Stripe documentation: "Payment Method Configurations".
    ///
    /// # Errors
    /// [`Failure`].
    pub(super) async fn plan_payment_methods(&self, key: &str) -> Result<String, Failure> {
        let known = self.list_all("list payment method configurations", PATH, &json!({})).await?;
        let configuration = match known.into_iter().find(|known| known["name"] == NAME && known["active"] == true) {
            Some(known) if offers_no_delayed(&known) => known,
            Some(known) => {
                let path = format!("{PATH}/{}", known_id(id(&known)?)?);
                self.post("update payment method configuration", &path, key, &form()).await?
            }
            None => self.post("create payment method configuration", PATH, KEY, &form()).await?,
        };
        Ok(id(&configuration)?.to_owned())
    }

    /// True where a configuration offers no payment method that checkouts of plans exclude.
    ///
    /// # Errors
    /// [`Failure`].
    pub(super) async fn are_plan_payment_methods(&self, id: &str) -> Result<bool, Failure> {
        let path = format!("{PATH}/{}", known_id(id)?);
        let found = self.find("retrieve payment method configuration", &path, &json!({})).await?;
        Ok(found.is_some_and(|configuration| offers_no_delayed(&configuration)))
    }
}

fn id(configuration: &Value) -> Result<&str, Unreadable> {
    configuration["id"].as_str().ok_or_else(|| Unreadable::missing("payment method configuration.id"))
}

fn offers_no_delayed(configuration: &Value) -> bool {
    DELAYED.iter().all(|(kind, _)| configuration[kind]["display_preference"]["value"] != "on")
}

fn form() -> Value {
    let mut form = json!({ "name": NAME });
    for (kind, _) in DELAYED {
        form[kind] = json!({ "display_preference": { "preference": "off" } });
    }
    form
}
