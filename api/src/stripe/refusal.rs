//! Refusals by Stripe: one table maps its error codes to causes. Stripe documentation: "Error codes".

/// A final refusal by Stripe: nothing happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "Stripe refused the call with status {status}{}{}",
    code.as_deref().map(|code| format!(", code {code}")).unwrap_or_default(),
    param.as_deref().map(|param| format!(", param {param}")).unwrap_or_default()
)]
pub struct Refusal {
    /// The HTTP status, 4xx.
    pub status: u16,
    /// Stripe's error code.
    pub code: Option<String>,
    /// The parameter at fault.
    pub param: Option<String>,
    /// The issuer's reason for declining a card. Stripe documentation: "Decline codes".
    pub decline_code: Option<String>,
    /// Stripe's explanation. It may repeat what we sent, an email address for instance, so it is never logged.
    pub message: String,
}

/// The cause of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The secret key is invalid, expired or lacks a permission, or the Stripe account is restricted or not set up for taxes.
    Access,
    /// The payment has been refunded completely already.
    AlreadyRefunded,
    /// The customer is bound to a currency other than that of the price.
    Currency,
    /// The payment was attempted and failed.
    Declined,
    /// Stripe does not accept the email address.
    Email,
    /// The customer does not exist under this key: it belongs to another account or mode, or was deleted.
    NoSuchCustomer,
    /// Another object does not exist under this key.
    NotFound,
    /// The subscription has no upcoming invoice.
    NoUpcomingInvoice,
    /// The payment method cannot be used for this charge.
    PaymentMethod,
    /// Stripe does not accept a URL.
    Url,
    /// Anything else.
    Other,
}

/// Causes by Stripe's error code, for the codes that our calls can meet.
const CODES: [(&str, Cause); 34] = [
    ("account_closed", Cause::Access),
    ("account_invalid", Cause::Access),
    ("api_key_expired", Cause::Access),
    ("authentication_required", Cause::Declined),
    ("bank_account_unusable", Cause::PaymentMethod),
    ("billing_invalid_mandate", Cause::PaymentMethod),
    ("card_declined", Cause::Declined),
    ("charge_already_refunded", Cause::AlreadyRefunded),
    ("email_invalid", Cause::Email),
    ("expired_card", Cause::Declined),
    ("incorrect_cvc", Cause::Declined),
    ("incorrect_number", Cause::Declined),
    ("insufficient_funds", Cause::Declined),
    ("invoice_payment_intent_requires_action", Cause::Declined),
    ("invoice_upcoming_none", Cause::NoUpcomingInvoice),
    ("livemode_mismatch", Cause::Access),
    ("payment_intent_authentication_failure", Cause::Declined),
    ("payment_intent_payment_attempt_failed", Cause::Declined),
    ("payment_method_currency_mismatch", Cause::Currency),
    ("payment_method_customer_decline", Cause::Declined),
    ("payment_method_not_available", Cause::PaymentMethod),
    ("payment_method_provider_decline", Cause::Declined),
    ("payment_method_provider_timeout", Cause::Declined),
    ("payment_method_unactivated", Cause::PaymentMethod),
    ("payment_method_unexpected_state", Cause::PaymentMethod),
    ("platform_api_key_expired", Cause::Access),
    ("processing_error", Cause::Declined),
    ("resource_missing", Cause::NotFound),
    ("secret_key_required", Cause::Access),
    ("stripe_tax_inactive", Cause::Access),
    ("subscription_payment_intent_requires_action", Cause::Declined),
    ("testmode_charges_only", Cause::Access),
    ("tls_version_unsupported", Cause::Access),
    ("url_invalid", Cause::Url),
];

/// Causes by the parameter at fault, for errors without a code.
const PARAMS: [(&str, Cause); 6] = [
    ("automatic_tax", Cause::Access),
    ("cancel_url", Cause::Url),
    ("email", Cause::Email),
    ("payment_behavior", Cause::PaymentMethod),
    ("return_url", Cause::Url),
    ("success_url", Cause::Url),
];

/// Causes by a part of the message, for errors that have neither a code nor a parameter.
const MESSAGES: [(&str, Cause); 3] = [
    ("cannot combine currencies", Cause::Currency),
    ("does not match the customer currency", Cause::Currency),
    ("pending_if_incomplete", Cause::PaymentMethod),
];

impl Refusal {
    /// An object that does not exist.
    pub(super) fn not_found(message: impl Into<String>) -> Self {
        let code = Some("resource_missing".to_owned());
        Self { status: 404, code, param: Some("id".to_owned()), decline_code: None, message: message.into() }
    }

    /// The cause, by Stripe's code, else by the parameter, the message or the status.
    #[must_use]
    pub fn cause(&self) -> Cause {
        let code = self.code.as_deref().and_then(|code| find(&CODES, |known| known == code));
        let cause = code
            .or_else(|| self.param.as_deref().and_then(|param| find(&PARAMS, |known| known == param)))
            .or_else(|| find(&MESSAGES, |part| self.message.contains(part)))
            .unwrap_or_else(|| self.cause_by_status());
        let names_customer = self.param.as_deref() == Some("customer") || self.message.starts_with("No such customer");
        if cause == Cause::NotFound && names_customer { Cause::NoSuchCustomer } else { cause }
    }

    const fn cause_by_status(&self) -> Cause {
        match self.status {
            401 | 403 => Cause::Access,
            402 => Cause::Declined,
            404 => Cause::NotFound,
            _ => Cause::Other,
        }
    }

    /// True where the payment method that a request names does not exist, or is not the customer's any longer.
    #[must_use]
    pub fn is_about_payment_method(&self) -> bool {
        self.param.as_deref().is_some_and(|param| param.ends_with("payment_method"))
            || self.cause() == Cause::PaymentMethod
    }

    /// The most specific reason Stripe gives for a declined payment.
    #[must_use]
    pub fn decline(&self) -> Option<String> {
        self.decline_code.clone().or_else(|| self.code.clone())
    }
}

fn find(table: &[(&str, Cause)], matches: impl Fn(&str) -> bool) -> Option<Cause> {
    table.iter().find(|(key, _)| matches(key)).map(|(_, cause)| *cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, code: Option<&str>, param: Option<&str>, message: &str) -> Refusal {
        let text = |text: &str| text.to_owned();
        Refusal { status, code: code.map(text), param: param.map(text), decline_code: None, message: text(message) }
    }

    #[test]
    fn a_code_names_the_cause_whatever_the_status() {
        for (code, cause) in CODES.into_iter().filter(|(code, _)| *code != "resource_missing") {
            assert_eq!(refusal(400, Some(code), None, "").cause(), cause, "{code}");
        }
        assert_eq!(refusal(402, Some("a_code_of_tomorrow"), None, "").cause(), Cause::Declined);
        assert_eq!(refusal(400, Some("a_code_of_tomorrow"), None, "").cause(), Cause::Other);
    }

    #[test]
    fn a_missing_customer_is_distinguished_from_other_missing_objects() {
        let missing = Some("resource_missing");
        assert_eq!(refusal(400, missing, Some("customer"), "No such customer: 'cus_1'").cause(), Cause::NoSuchCustomer);
        assert_eq!(refusal(404, missing, Some("id"), "No such customer: 'cus_1'").cause(), Cause::NoSuchCustomer);
        assert_eq!(refusal(404, missing, Some("id"), "No such subscription: 'sub_1'").cause(), Cause::NotFound);
        assert_eq!(refusal(404, None, None, "").cause(), Cause::NotFound);
    }

    #[test]
    fn errors_without_a_code_are_known_by_parameter_or_message() {
        let message = "You cannot combine currencies on a single customer.";
        assert_eq!(refusal(400, None, None, message).cause(), Cause::Currency);
        assert_eq!(refusal(400, None, Some("email"), "Invalid email address").cause(), Cause::Email);
        assert_eq!(refusal(400, None, Some("payment_behavior"), "").cause(), Cause::PaymentMethod);
        assert_eq!(refusal(401, None, None, "Invalid API Key provided").cause(), Cause::Access);
    }

    #[test]
    fn the_displayed_text_repeats_nothing_we_sent() {
        let refusal = refusal(400, Some("email_invalid"), Some("email"), "Invalid email address: ada@example");
        assert_eq!(refusal.to_string(), "Stripe refused the call with status 400, code email_invalid, param email");
    }
}
