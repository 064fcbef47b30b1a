//! The options of Checkout Sessions, which settings decide.

use serde::{Deserialize, Serialize};
use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionAutomaticTax, CreateCheckoutSessionCustomText,
    CreateCheckoutSessionCustomerUpdate, CreateCheckoutSessionCustomerUpdateAddress, CustomTextPositionParam,
};
use stripe_shared::CheckoutSessionBillingAddressCollection;

/// The options of a Checkout Session. They are stored with its request, so that a repeated request is the same one even if
/// a setting has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionOptions {
    /// Computes taxes with Stripe Tax.
    pub tax: bool,
    /// Accepts promotion codes.
    pub promotion_codes: bool,
    /// The URL of the terms of service.
    pub terms_url: Option<String>,
    /// The URL of the privacy policy.
    pub privacy_url: Option<String>,
}

impl SessionOptions {
    /// True where no option is set.
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Adds the options to a request. For the taxes of an existing customer, Stripe requires an address of theirs, or that
    /// the one entered at checkout is saved. Stripe documentation: "Collect taxes" of Checkout.
    pub(super) fn add_to(&self, mut request: CreateCheckoutSession) -> CreateCheckoutSession {
        if self.tax {
            request = save_address(request).automatic_tax(CreateCheckoutSessionAutomaticTax::new(true));
        }
        if self.promotion_codes {
            request = request.allow_promotion_codes(true);
        }
        if let Some(notice) = self.notice() {
            let mut text = CreateCheckoutSessionCustomText::new();
            text.submit = Some(CustomTextPositionParam::new(notice));
            request = request.custom_text(text);
        }
        request
    }

    /// Lets a session that sells nothing save the customer's address, which the taxes of later charges require.
    pub(super) fn add_address_to(&self, request: CreateCheckoutSession) -> CreateCheckoutSession {
        if !self.tax {
            return request;
        }
        save_address(request).billing_address_collection(CheckoutSessionBillingAddressCollection::Required)
    }

    /// The text above the button that pays. A required consent would need the same links in the settings of the Stripe
    /// account, without which Stripe refuses every session. Stripe documentation: "Customize text and policies".
    fn notice(&self) -> Option<String> {
        let terms = self.terms_url.as_deref().map(|url| {
            let url = linked(url);
            format!("By paying, you agree to our [terms of service]({url}).")
        });
        let privacy = self.privacy_url.as_deref().map(|url| {
            let url = linked(url);
            format!("Read our [privacy policy]({url}).")
        });
        let sentences: Vec<_> = [terms, privacy].into_iter().flatten().collect();
        (!sentences.is_empty()).then(|| sentences.join(" "))
    }
}

fn save_address(request: CreateCheckoutSession) -> CreateCheckoutSession {
    let mut update = CreateCheckoutSessionCustomerUpdate::new();
    update.address = Some(CreateCheckoutSessionCustomerUpdateAddress::Auto);
    request.customer_update(update)
}

/// A URL as the target of a link in Markdown, which a parenthesis would end.
fn linked(url: &str) -> String {
    url.replace('(', "%28").replace(')', "%29")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(terms: Option<&str>, privacy: Option<&str>) -> Option<String> {
        let (terms_url, privacy_url) = (terms.map(str::to_owned), privacy.map(str::to_owned));
        SessionOptions { terms_url, privacy_url, ..SessionOptions::default() }.notice()
    }

    #[test]
    fn a_text_links_what_is_set() {
        assert_eq!(notice(None, None), None);
        assert_eq!(
            notice(Some("https://hive.example/terms_(2026)"), None).unwrap(),
            "By paying, you agree to our [terms of service](https://hive.example/terms_%282026%29)."
        );
        assert_eq!(
            notice(Some("https://hive.example/t"), Some("https://hive.example/p")).unwrap(),
            "By paying, you agree to our [terms of service](https://hive.example/t). Read our [privacy \
             policy](https://hive.example/p)."
        );
    }

    #[test]
    fn options_that_were_not_stored_are_unset() {
        assert!(serde_json::from_str::<SessionOptions>("{}").unwrap().is_default());
    }
}
