//! Reasons that payments are declined (docs.stripe.com/declines/codes).

/// The reason that a payment was declined (docs.stripe.com/declines/codes).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decline {
    pub(crate) code: &'static str,
    pub(crate) reason: Option<&'static str>,
    pub(crate) message: &'static str,
}

impl Decline {
    /// Returns the decline with this message.
    pub(crate) fn of_message(message: &str) -> Decline {
        let known = [INSUFFICIENT, BANK_REFUSED, NO_METHOD, AUTHENTICATION_REQUIRED, AUTHENTICATION_FAILED];
        known.into_iter().find(|decline| decline.message == message).unwrap_or(GENERIC)
    }
}

/// The decline without a particular reason, which is also used for payments that a test makes fail.
pub(crate) const GENERIC: Decline =
    Decline { code: "card_declined", reason: Some("generic_decline"), message: "Your card was declined." };

pub(crate) const INSUFFICIENT: Decline =
    Decline { code: "card_declined", reason: Some("insufficient_funds"), message: "Your card has insufficient funds." };

/// The decline of a payment without a payment method.
pub(crate) const NO_METHOD: Decline = Decline {
    code: "missing",
    reason: None,
    message: "This customer has no attached payment source or default payment method.",
};

/// The decline of a charge that the customer has to authenticate.
pub(crate) const AUTHENTICATION_REQUIRED: Decline = Decline {
    code: "authentication_required",
    reason: Some("authentication_required"),
    message: "Your card was declined. This transaction requires authentication.",
};

/// The error of a request to pay an invoice whose payment the customer has to authenticate.
pub(crate) const ACTION_REQUIRED: Decline = Decline {
    code: "invoice_payment_intent_requires_action",
    reason: None,
    message: "This payment requires additional user action before it can be completed successfully.",
};

/// The decline of a payment whose customer failed 3-D Secure.
pub(crate) const AUTHENTICATION_FAILED: Decline = Decline {
    code: "payment_intent_authentication_failure",
    reason: None,
    message: "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
};

/// The decline of a number that is not a test number.
pub(crate) const INCORRECT_NUMBER: Decline =
    Decline { code: "incorrect_number", reason: None, message: "Your card number is incorrect." };

/// The decline of a delayed payment that fails.
pub(crate) const BANK_REFUSED: Decline = Decline {
    code: "payment_method_provider_decline",
    reason: None,
    message: "The customer's bank refused the payment.",
};
