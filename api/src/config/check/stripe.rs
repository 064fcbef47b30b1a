//! The settings of Stripe.

use entity::Tier;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::within;
use crate::config::{
    Calls, CheckoutOptions, CheckoutVariables, DEMO, PaymentVariables, PriceIds, Problems, Setting, Stripe,
    StripeVariables, is_loopback,
};

/// Host of Stripe's API. A live key is sent to no other.
const STRIPE_HOST: &str = "api.stripe.com";

impl StripeVariables {
    /// Checks the settings of the calls to Stripe. `problems` holds those found before.
    ///
    /// # Errors
    /// Every problem, with the variable that has it.
    pub fn check(self, mut problems: Problems) -> Result<Calls, Problems> {
        let calls = self.take(&mut problems);
        problems.none_or(calls)
    }

    fn take(self, problems: &mut Problems) -> Calls {
        let secret_key = self.stripe_secret_key.take_if(problems, |key| match key {
            Some(key) => begins_with(&["sk_", "rk_"], key.expose_secret()),
            None => Err("must be set to a key that begins with sk_ or rk_, or STRIPE_ENABLED to false".to_owned()),
        });
        let secret_key = secret_key.unwrap_or_default();
        let base = self.stripe_api_base.take_if(problems, |base| check_base(base, &secret_key));
        let per_second = self.stripe_calls_per_second.take_if(problems, |calls| match calls {
            Some(0) => Err("must be at least 1".to_owned()),
            _ => Ok(()),
        });
        Calls {
            // Normalized: the library appends paths to it.
            api_base: Url::parse(&base).map_or(base, String::from),
            timeout: self.stripe_timeout.take(problems),
            attempts: self.stripe_attempts.take_if(problems, within(1..=100)),
            per_second: per_second.unwrap_or_else(|| usual_pace(&secret_key)),
            secret_key,
        }
    }
}

impl PaymentVariables {
    /// `None` if payments are disabled; the other settings are not looked at then.
    pub(super) fn take(self, problems: &mut Problems) -> Option<Stripe> {
        if !self.stripe_enabled.take(problems) {
            return None;
        }
        let calls = self.stripe.take(problems);
        let webhook_secrets = self.stripe_webhook_secret.take_if(problems, |secrets| check_secrets(secrets, &calls));
        let prices = [
            (Tier::Core, self.stripe_price_id_core),
            (Tier::Pro, self.stripe_price_id_pro),
            (Tier::Studio, self.stripe_price_id_studio),
        ];
        Some(Stripe {
            calls,
            publishable_key: self.stripe_publishable_key.take_if(problems, optional("pk_")),
            webhook_secrets,
            prices: take_prices(prices, problems),
            portal_configuration: self.stripe_portal_configuration.take_if(problems, optional("bpc_")),
            checkout: self.checkout.take(problems),
        })
    }
}

impl CheckoutVariables {
    pub(super) fn take(self, problems: &mut Problems) -> CheckoutOptions {
        CheckoutOptions {
            tax: self.stripe_tax.take(problems),
            promotion_codes: self.stripe_promotion_codes.take(problems),
        }
    }
}

fn take_prices(settings: [(Tier, Setting<Vec<String>>); 3], problems: &mut Problems) -> PriceIds {
    let prices = settings.map(|(tier, setting)| {
        let ids = setting.take_if(problems, |ids| {
            if ids.is_empty() {
                return Err("must be set to the id of the tier's price at Stripe".to_owned());
            }
            ids.iter().try_for_each(|id| genuine(id))
        });
        (tier, ids)
    });
    PriceIds::new(prices.to_vec()).unwrap_or_else(|error| {
        problems.add(&format!("STRIPE_PRICE_ID_{}", error.tier.as_str()), &error.to_string());
        PriceIds::default()
    })
}

fn check_secrets(secrets: &[SecretString], calls: &Calls) -> Result<(), String> {
    if secrets.is_empty() {
        return Err("must be set to the signing secret of the webhook endpoint, which begins with whsec_, or \
                    STRIPE_ENABLED to false"
            .to_owned());
    }
    let sandbox = Url::parse(&calls.api_base).is_ok_and(|base| is_loopback(&base));
    for secret in secrets {
        begins_with(&["whsec_"], secret.expose_secret())?;
        if secret.expose_secret() == DEMO.webhook_secret && !sandbox {
            return Err("must be the endpoint's own: this one is public, and only for a sandbox on loopback".to_owned());
        }
    }
    Ok(())
}

fn optional(prefix: &'static str) -> impl FnOnce(&Option<String>) -> Result<(), String> {
    move |text| text.as_deref().map_or(Ok(()), |text| begins_with(&[prefix], text))
}

/// Checks the form of an id or a key at Stripe, and does not repeat it: it may be a secret in the wrong place.
fn begins_with(prefixes: &[&str], text: &str) -> Result<(), String> {
    if !prefixes.iter().any(|prefix| text.starts_with(prefix)) {
        return Err(format!("must begin with {}", prefixes.join(" or ")));
    }
    genuine(text)
}

/// Refuses what examples show in place of a value, such as `sk_test_...`.
fn genuine(text: &str) -> Result<(), String> {
    if text.contains("...") || text.contains('\u{2026}') || text.contains('<') {
        return Err("must be a value of your own, not the example's".to_owned());
    }
    if text.contains(char::is_whitespace) {
        return Err("must not contain white space".to_owned());
    }
    Ok(())
}

fn check_base(text: &str, key: &SecretString) -> Result<(), String> {
    let wrong = || format!("must be a URL such as https://api.stripe.com/, not {text:?}");
    let base = Url::parse(text).map_err(|_| wrong())?;
    if !["http", "https"].contains(&base.scheme()) {
        return Err(wrong());
    }
    if is_live(key) && (base.scheme() != "https" || base.host_str() != Some(STRIPE_HOST)) {
        return Err("must not be set with a live key, which is only sent to Stripe".to_owned());
    }
    Ok(())
}

fn is_live(key: &SecretString) -> bool {
    ["sk_live_", "rk_live_"].iter().any(|prefix| key.expose_secret().starts_with(prefix))
}

/// The calls per second that leave a fifth of what Stripe allows to users' own calls: it allows 100, and 25 in test mode.
/// Stripe documentation: "Rate limits".
fn usual_pace(key: &SecretString) -> u32 {
    if is_live(key) { 80 } else { 20 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_pace_is_below_what_stripe_allows_for_the_key() {
        for (key, pace) in [("sk_live_1", 80), ("rk_live_1", 80), ("sk_test_1", 20), ("rk_test_live_1", 20)] {
            assert_eq!(usual_pace(&key.into()), pace, "{key}");
        }
    }
}
